// What left towards a viewer lately, by transport-wide number: when, how large, of which probe. All memory is taken at
// once: 8 bytes a packet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kSentPackets = 1024;    ///< 1 s at 10 Mbit/s; what is reported later says nothing new
inline constexpr std::size_t kMaxSentBytes = 2047;   ///< larger ones count as so large
inline constexpr std::uint8_t kMaxProbeNumber = 15;  ///< probes are numbered 1..15; 0 = none

class SentPackets {
public:
    struct Packet {
        Instant at;
        std::uint16_t bytes = 0;
        std::uint8_t probe = 0;
        bool missed = false;  ///< reported as missing before
    };
    void prefetch(SeqNo sequence) const { __builtin_prefetch(&slots_[sequence.value % kSentPackets], 1); }
    void add(SeqNo sequence, std::size_t bytes, std::uint8_t probe, Instant now) {
        const auto size = static_cast<std::uint16_t>(bytes < kMaxSentBytes ? bytes : kMaxSentBytes);
        slot(sequence) = {ticks(now), sequence.value, static_cast<std::uint16_t>(size | probe << 11)};
    }
    /// The packet that arrived; each is given once, however often it is reported.
    std::optional<Packet> take(SeqNo sequence, Instant now) {
        Slot& found = slot(sequence);
        if (found.sequence != sequence.value || (found.bits & kMaxSentBytes) == 0) return {};
        const Packet packet{now - Duration{std::int64_t{ticks(now) - found.sent_us} * 1000},
                            static_cast<std::uint16_t>(found.bits & kMaxSentBytes),
                            static_cast<std::uint8_t>(found.bits >> 11 & kMaxProbeNumber), (found.bits & kMissed) != 0};
        found.bits = 0;
        return packet;
    }
    /// True once for a packet of ours that is reported missing and has not arrived.
    bool miss(SeqNo sequence) {
        Slot& found = slot(sequence);
        if (found.sequence != sequence.value || found.bits == 0 || (found.bits & kMissed) != 0) return false;
        found.bits |= kMissed;
        return true;
    }

private:
    static constexpr std::uint16_t kMissed = 0x8000;
    struct Slot {
        std::uint32_t sent_us = 0;  ///< wraps after 71 minutes, long after the slot is another's
        std::uint16_t sequence = 0;
        std::uint16_t bits = 0;  ///< 11 of size, 4 of probe, 1 = missed; size 0 = empty
    };
    static std::uint32_t ticks(Instant at) { return static_cast<std::uint32_t>(at.ns / 1000); }
    Slot& slot(SeqNo sequence) { return slots_[sequence.value % kSentPackets]; }

    std::array<Slot, kSentPackets> slots_ = {};
};

}  // namespace confidente::media
