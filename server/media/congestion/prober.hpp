// Finds out whether more goes through than is sent: clusters of packets, 20 ms long, at up to twice what is known to
// go through, and the rate at which they arrive. Pure.
//
// Invariants: one cluster at a time, of at most kMaxProbePackets; a cluster ends by its result or by kProbeTimeout.
#pragma once

#include <cstdint>
#include <optional>

#include "media/congestion/sent_packets.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr Duration kProbeLength = 20ms;
inline constexpr int kMinProbePackets = 5;
inline constexpr int kMaxProbePackets = 100;       ///< 50 Mbit/s of full packets
inline constexpr Duration kProbeTimeout = 1500ms;  ///< for the last of it to be reported
inline constexpr Duration kProbeInterval = 3s;     ///< while more is wanted and nothing else tells
inline constexpr Duration kMaxProbeInterval = 5s;
inline constexpr Duration kProbeAfterFall = 2s;  ///< the path is left alone after it was full

class Prober {
public:
    /// Begins a cluster if one is due: more is wanted than the estimate, and nothing forbids it.
    void consider(std::uint64_t estimate_bps, std::uint64_t wanted_bps, Instant now);
    /// When consider() may begin one, or the running one goes on.
    Instant deadline() const;
    /// Bytes that the running cluster lacks to keep its rate, 0 = none now.
    std::size_t due(Instant now) const;
    /// The number to remember the packet by; 0 when no cluster is being sent.
    std::uint8_t sent(std::size_t bytes, Instant now);
    void arrived(const SentPackets::Packet& packet, std::int64_t arrived_us);
    struct Result {
        std::uint64_t bps = 0;
        bool saturated = false;  ///< it arrived slower than it was sent: this is all there is
    };
    /// After each feedback: what the cluster carried, once.
    std::optional<Result> take_result(Instant now);
    /// The result raised the estimate: more may soon be there.
    void raised() { interval_ = kProbeInterval; }
    /// The queue grows: the cluster ends without result, the next one waits.
    void fell(Instant now);
    /// No cluster begins before `until`.
    void postpone(Instant until, Instant now);

    bool sending() const { return phase_ == Phase::sending; }
    std::uint64_t clusters() const { return clusters_; }

private:
    enum class Phase : std::uint8_t { idle, sending, waiting };
    struct Side {  ///< what left, or what arrived
        std::int64_t first_us = 0, last_us = 0;
        std::uint64_t bytes = 0;
        std::uint64_t edge_bytes = 0;  ///< of the packet whose own time is outside: the last sent, the first arrived
        int packets = 0;
        std::optional<double> bps() const;
    };
    Instant next_packet() const;
    void expire(Instant now);
    bool complete(Instant now) const;
    void finish(bool succeeded, Instant now);

    Phase phase_ = Phase::idle;
    std::uint8_t number_ = 0;
    std::uint64_t rate_bps_ = 0;
    Instant started_, ends_;
    Side out_, in_;
    Instant next_;
    Duration interval_ = kProbeInterval;
    std::uint64_t clusters_ = 0;
};

}  // namespace confidente::media
