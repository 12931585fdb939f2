// How much goes through to one receiver, by what it reports of the packets that we numbered
// (draft-holmer-rmcat-transport-wide-cc-extensions-01): delay-based and loss-based as in draft-ietf-rmcat-gcc-02, with
// probes, so that the estimate can rise beyond what is sent. Rates count the packets as on the wire, IPv4 and UDP
// headers included. Pure.
//
// How it is driven:
//   sent(number, bytes, now)    for every numbered packet, media, repetition or probe
//   receive(feedback, now)      for every transport-wide feedback of the receiver
//   tick(now)                   at deadline(); then, while probe_due(now) > 0: send a packet of about that size
//                               that carries nothing new, which comes back by sent(); give up when it does not
//
// Invariants: nothing allocates after construction; a feedback costs at most kMaxFeedbackEntries steps, whatever it
// says; the estimate stays within kMinEstimateBps..kMaxEstimateBps; a receiver's times are compared with themselves
// only.
#pragma once

#include <cstdint>
#include <optional>

#include "media/congestion/acked_rate.hpp"
#include "media/congestion/arrival_groups.hpp"
#include "media/congestion/loss_limit.hpp"
#include "media/congestion/prober.hpp"
#include "media/congestion/queue_delay.hpp"
#include "media/congestion/rate_control.hpp"
#include "media/congestion/sent_packets.hpp"
#include "media/congestion/trendline.hpp"
#include "media/protocol/rtcp/transport_feedback.hpp"

namespace confidente::media {

inline constexpr std::uint64_t kStartEstimateBps = 1'000'000;  ///< then probes find out
inline constexpr std::size_t kMaxFeedbackEntries = kSentPackets;
inline constexpr std::size_t kWireOverhead = 28;  ///< IPv4 and UDP headers
inline constexpr Duration kFeedbackSilence = 1s;  ///< the path may be dead: half the rate, and again
inline constexpr std::uint64_t kWantsEverything = UINT64_MAX;

inline constexpr Duration kForgiven = 500ms;  ///< beside the round trip: losses of an outage are told late
inline constexpr Duration kFullPath = 200ms;  ///< of standing queue

class BandwidthEstimator {
public:
    enum class Probing : std::uint8_t { allowed, impossible };  ///< impossible: there is nothing to probe with
    BandwidthEstimator(Probing probing, Instant now, std::uint64_t start_bps = kStartEstimateBps);

    /// Fetches what sent() will touch.
    void prefetch(SeqNo number) const {
        __builtin_prefetch(&prober_);
        __builtin_prefetch(&first_unheard_);
        sent_.prefetch(number);
    }
    /// `bytes` of UDP payload.
    void sent(SeqNo number, std::size_t bytes, Instant now);
    void receive(const TransportFeedback& feedback, Instant now);
    void tick(Instant now);
    Instant deadline() const;
    /// Bytes of UDP payload.
    std::size_t probe_due(Instant now) const;

    /// More than this would not be used: then nothing is probed for.
    void want(std::uint64_t bps) { wanted_bps_ = bps; }

    std::uint64_t bps() const;
    /// The receiver reports at all.
    bool heard() const { return heard_; }
    /// The path was full at least once: the estimate is a measure, not a beginning.
    bool measured() const { return measured_; }
    /// Something waits before the path, or more is lost than by chance: only then is a low estimate reason enough to go
    /// without a picture. Jitter and loss make the estimate lower than what a bad radio link carries.
    bool is_full() const { return queue_.waiting() >= kFullPath || loss_.share() > kChanceShare; }
    std::optional<std::uint64_t> acked_bps() const { return acked_.bps(); }
    Duration round_trip() const { return round_trip_; }
    double loss_share() const { return loss_.share(); }
    std::uint64_t probes() const { return prober_.clusters(); }

private:
    void arrived(const SentPackets::Packet& packet, std::int64_t at_us);
    void judge(Instant now);
    void take_probe(const Prober::Result& probe);
    bool may_probe(Instant now) const;

    Probing probing_;
    SentPackets sent_;
    ArrivalGroups groups_;
    Trendline trend_;
    QueueDelay queue_;
    AckedRate acked_;
    RateControl control_;
    LossLimit loss_;
    Prober prober_;
    std::uint64_t wanted_bps_ = kWantsEverything;
    Duration round_trip_ = 100ms;  ///< with the receiver's wait for its feedback
    Instant heard_at_;
    std::optional<Instant> first_unheard_;  ///< when the first packet after the last feedback left
    bool heard_ = false, measured_ = false;
    bool was_silent_ = false;
    Instant forgives_until_{INT64_MIN / 2};  ///< losses
};

}  // namespace confidente::media
