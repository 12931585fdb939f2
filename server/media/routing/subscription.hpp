// One track of a Publication on its way to one viewer: chooses the layer, rewrites numbers, answers NACKs from the
// publication's ring, reports as a sender. Sans-IO; one owner, not thread-safe; nothing allocates per packet.
//
// How the engine drives it:
//
//   forward(packet, publication, now)      for every packet of the track; an OutgoingRtp to seal and send, or nothing
//   write(out, transport_sequence, now, buffer)   the plain RTP bytes; `transport_sequence` counts over all of the
//                                          viewer's packets, so it lives beside the viewer's Peer
//   receive_nack(nack, publication, now, send)    calls send(OutgoingRtp) for each packet that is still there
//   receive_report(block, publication, now)       a viewer's report about ssrc()
//   request_keyframe(publication, now)     for a viewer's PLI or FIR about ssrc()
//   write_report(publication, now, writer) SR + SDES; due once a second: deadline()
//   tick(publication, now)                 at deadline(): chooses the layer again, repeats what is waited for
//   limits_changed(publication, now)       after set_budget_bps() fell or set_highest_layer(): chooses at once
//   probe(publication, bytes)              a packet that carries nothing new, to see whether more goes through
//
// A publisher who reconnects brings a new Publication: source_restarted() lets the same viewer go on with it, with
// continuous numbers. Its codec must be the one negotiated with the viewer (can_carry).
//
// Invariants: the first packet, and the first of each layer, starts a keyframe; sequence numbers are continuous over
// switches, dropped padding and frames left out; a repetition is sent at most once per round trip (about) and within
// kMaxRepeatShare.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "media/routing/layer_selector.hpp"
#include "media/routing/publication.hpp"
#include "media/routing/rtp_rewriter.hpp"
#include "media/routing/svc_selection.hpp"
#include "platform/base/random.hpp"

namespace confidente::media {

inline constexpr std::size_t kRepeatsRemembered = 64;           ///< a power of two
inline constexpr Duration kRepeatSpacing = 40ms;                ///< the same packet is not repeated sooner, or three
inline constexpr Duration kMinRepeatSpacing = 10ms;             ///< quarters of the round trip once it is known,
inline constexpr Duration kMaxRepeatSpacing = 250ms;            ///< within these
inline constexpr Duration kUnknownRoundTrip = 100ms;            ///< taken for it before the first report
inline constexpr std::uint32_t kMaxRepeatShare = 4;             ///< repetitions get at most 1/4 of the bytes sent
inline constexpr std::uint64_t kRepeatCreditBytes = 64 * 1024;  ///< saved up at most, and given to begin with
inline constexpr std::uint64_t kPacketsWithMid = 100;  ///< RFC 9143 section 9.2: enough until one has surely arrived
inline constexpr Duration kSenderReportInterval = 1s;
inline constexpr Duration kFirstReportRetry = 50ms;  ///< doubled while there is nothing to report yet
inline constexpr Duration kLayerChoiceInterval = 500ms;
inline constexpr std::size_t kMinProbeRepeatBytes = 600;  ///< smaller probes are padding
inline constexpr int kProbeLookBack = 16;                 ///< packets among which a large one is looked for

struct SubscriptionCounters {
    std::uint64_t packets = 0, octets = 0;  ///< payload, without repetitions
    std::uint64_t repeated = 0;             ///< sent again
    std::uint64_t nacks_in = 0;             ///< numbers asked for
    std::uint64_t not_stored = 0;           ///< asked for, but gone or never here
    std::uint64_t switches = 0;             ///< of the layer
    std::uint64_t pauses = 0;               ///< the path carried not even the lowest layer
};

class Subscription {
public:
    /// `media` as make_play_answer() gave it (its ssrc and rtx_ssrc are ours); `track` is the publication's.
    Subscription(NegotiatedMedia media, std::uint8_t track, Random& random, Instant now);

    const NegotiatedMedia& media() const { return media_; }
    std::uint8_t track() const { return track_; }
    Ssrc ssrc() const { return *media_.ssrc; }

    std::optional<OutgoingRtp> forward(const LayerPacket& packet, Publication& publication, Instant now);

    /// Header with mid, abs-send-time and transport-wide number as negotiated, then the payload (copied once).
    /// Returns the size; 0 when `out` is too small.
    std::size_t write(const OutgoingRtp& packet, SeqNo transport_sequence, Instant now, MutableBytes out) const;

    template <class Send>
    void receive_nack(const Nack& nack, const Publication& publication, Instant now, Send&& send) {
        nack.for_each([&](SeqNo lost) {
            if (auto again = repeat(lost, publication, now)) send(*again);
        });
    }
    void receive_report(const ReportBlock& block, Publication& publication, Instant now);
    /// Not passed on when a keyframe went out after the viewer can have asked.
    void request_keyframe(Publication& publication, Instant now);
    /// False when there is nothing to report yet, or no room.
    bool write_report(const Publication& publication, Instant now, RtcpWriter& out);
    void tick(Publication& publication, Instant now);
    Instant deadline() const;

    /// See LayerSelector.
    void set_highest_step(std::uint8_t step) { selector_.set_highest_step(step); }
    void set_highest_layer(std::optional<std::uint8_t> layer) { selector_.set_highest_layer(layer); }
    void set_budget_bps(std::uint64_t budget, bool measured = true, bool may_starve = true) {
        selector_.set_budget_bps(budget, measured, may_starve);
    }
    void limits_changed(Publication& publication, Instant now) { choose(publication, now); }
    std::optional<std::uint8_t> layer() const { return selector_.current(); }
    bool starved() const { return selector_.starved(); }
    /// The layer that the budget would allow if every known one arrived.
    std::optional<std::uint8_t> reachable_layer(const Publication& publication, Instant now) const;
    /// The rate of the best layer that the viewer may see, whatever the budget.
    std::uint64_t wished_bps(const Publication& publication, Instant now) const;

    bool can_probe() const { return media_.rtx_payload_type && media_.rtx_ssrc; }
    /// A recent packet again, or padding: by RTX, so that the receiver's media stays untouched. About `bytes` long.
    std::optional<OutgoingRtp> probe(const Publication& publication, std::size_t bytes);

    void source_restarted(std::uint8_t track);

    std::optional<Duration> round_trip() const { return round_trip_; }
    std::uint8_t fraction_lost() const { return fraction_lost_; }  ///< of 256, as the viewer reported last
    const SubscriptionCounters& counters() const { return counters_; }

private:
    struct Repeated {
        std::int64_t sequence = -1;  ///< extended, ours
        Instant at;
    };
    std::optional<OutgoingRtp> repeat(SeqNo lost, const Publication& publication, Instant now);
    void choose(Publication& publication, Instant now);
    bool takes(const LayerPacket& packet);
    bool takes_scalable(const LayerPacket& packet);
    std::optional<OutgoingRtp> leave_out(const LayerPacket& packet);
    void begin_piece(const LayerPacket& packet, const Publication& publication, Instant now);
    OutgoingRtp outgoing(const LayerPacket& packet, const RtpRewriter::Numbers& numbers) const;
    OutgoingRtp number(const LayerPacket& packet, const RtpRewriter::Numbers& numbers);
    std::optional<std::uint32_t> shift_between(const LayerPacket& packet, const Publication& publication) const;
    Duration repeat_spacing() const;

    NegotiatedMedia media_;
    std::uint8_t track_;
    LayerSelector selector_;
    SvcSelection svc_;  ///< of a track whose layers come in one stream; the selector then only says what is wanted
    RtpRewriter rewriter_;
    std::array<Repeated, kRepeatsRemembered> repeated_ = {};  ///< by sequence
    std::optional<std::uint8_t> piece_layer_;
    std::uint32_t piece_epoch_ = 0;
    std::optional<Instant> keyframe_sent_;
    SeqNo rtx_sequence_;
    std::uint64_t repeat_credit_bytes_ = 0;
    Instant next_choice_, next_report_;
    Duration report_retry_ = kFirstReportRetry;
    std::uint32_t reported_middle_ = 0;  ///< NTP of the last sender report, as viewers repeat it
    Instant reported_at_;
    std::optional<Duration> round_trip_;
    std::uint8_t fraction_lost_ = 0;
    SubscriptionCounters counters_;
};

}  // namespace confidente::media
