// Makes one continuous RTP stream for a viewer out of pieces of several: sequence numbers without a hole at a switch,
// timestamps that never go back. Pure.
//
// Invariants: within a piece, out = in + constant, for late packets too; the first packet of a piece follows the
// highest sent before it.
#pragma once

#include <cstdint>
#include <optional>

#include "media/routing/packet.hpp"

namespace confidente::media {

class RtpRewriter {
public:
    RtpRewriter(SeqNo first, RtpTimestamp first_timestamp, std::uint32_t clock_rate);

    struct Numbers {
        ExtendedSeqNo sequence;
        RtpTimestamp timestamp;
    };

    /// Begins a piece at this packet. `shift` is what must be added to its timestamps so that they name the same
    /// moments as those of the piece before (from sender reports), when known; else the time since is used.
    void begin(const LayerPacket& packet, std::optional<std::uint32_t> shift, Instant now);
    /// The packet's numbers; nothing for one from before the piece began.
    std::optional<Numbers> rewrite(const LayerPacket& packet, Instant now);

    /// The numbers of a late packet of the piece before this one, if it falls into a hole of it. The caller knows that
    /// the packet is of that piece's layer.
    std::optional<Numbers> rewrite_previous(const LayerPacket& packet) const;

    std::uint32_t timestamp_shift() const { return piece_.timestamp_shift; }  ///< out = in + shift, modulo 2^32
    bool started() const { return started_; }
    ExtendedSeqNo highest() const { return highest_; }

private:
    std::uint32_t clock_rate_;
    bool started_ = false, sent_ = false;
    struct Piece {
        std::int64_t first_index = 0, last_index = -1;
        std::int64_t sequence_shift = 0;
        std::uint32_t timestamp_shift = 0;
    };
    Piece piece_, previous_;
    ExtendedSeqNo highest_;
    RtpTimestamp newest_timestamp_;
    Instant newest_at_;
};

}  // namespace confidente::media
