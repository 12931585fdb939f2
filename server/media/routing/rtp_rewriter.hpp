// Makes one continuous RTP stream for a viewer out of pieces of several: sequence numbers without a hole at a switch or
// where the viewer's layer leaves packets out, timestamps that never go back, pictures that go on counting. Knows for
// each number given out where it came from, so that nothing has to be remembered per packet. Pure.
//
// Invariants: within a piece, out = in + constant, for late packets too, less the packets left out before; the first
// packet of a piece follows the highest sent before it. A number is one packet's, and never another's. Timestamps are
// in + constant as well, but for the first frames of a piece when they are older than the last of the piece before.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "media/routing/packet.hpp"

namespace confidente::media {

inline constexpr std::size_t kPiecesKept = 8;  ///< of which late packets and repetitions are still told
inline constexpr std::size_t kSkipWindow =
    1024;  ///< packets; in a piece with packets left out, older ones are forgotten

class RtpRewriter {
public:
    RtpRewriter(SeqNo first, RtpTimestamp first_timestamp, std::uint32_t clock_rate);

    /// What is added to the numbers of a packet's picture, modulo their widths.
    struct PictureShift {
        std::uint16_t id = 0, frame = 0;
        std::uint8_t tl0 = 0;
    };
    struct Numbers {
        ExtendedSeqNo sequence;
        RtpTimestamp timestamp;
        PictureShift picture;
        bool left_out = false;  ///< the viewer does not want this late packet, but it has a number to fill
    };

    /// Begins a piece at this packet. `shift` is what must be added to its timestamps so that they name the same
    /// moments as those of the piece before (from sender reports), when known; else the time since is used.
    void begin(const LayerPacket& packet, std::optional<std::uint32_t> shift, Instant now);
    /// Whether the piece that is being written is of this packet's layer and epoch.
    bool continues(const LayerPacket& packet) const;
    /// The packet's numbers; nothing for one of no piece.
    std::optional<Numbers> rewrite(const LayerPacket& packet, Instant now);
    /// The packet, of the layer of the current piece, is not for this viewer: numbers close up behind it. When it is
    /// late its number is taken already, and returned to be filled.
    std::optional<Numbers> leave_out(const LayerPacket& packet);

private:
    struct Piece;

public:
    /// Where a number came from; valid until the next piece begins.
    struct Origin {
        const Piece* piece = nullptr;
        std::uint8_t layer = 0;
        std::uint32_t epoch = 0;
        std::int64_t index = 0;
    };
    std::optional<Origin> origin(ExtendedSeqNo sequence) const;
    /// The numbers of a packet that was sent before.
    Numbers again(ExtendedSeqNo sequence, const Origin& origin, const LayerPacket& packet) const;

    std::uint32_t timestamp_shift() const { return piece_.timestamp_shift; }  ///< out = in + shift, modulo 2^32
    bool started() const { return started_; }
    RtpTimestamp newest_timestamp() const { return newest_timestamp_; }
    ExtendedSeqNo highest() const { return highest_; }
    /// Everything sent so far came from a source that is gone.
    void forget_origins();

private:
    struct Piece {
        bool used = false;
        std::uint8_t layer = 0;
        std::uint32_t epoch = 0;
        std::int64_t first_index = 0, last_index = -1;
        std::int64_t sequence_shift = 0;
        std::uint32_t timestamp_shift = 0;
        std::optional<RtpTimestamp> floor;  ///< what would be before this is pressed together just below it
        PictureShift picture;
        bool exact = true;  ///< nothing was left out, or it is the current piece
    };
    /// For each recent packet of a piece, how many before it were left out.
    struct Skips {
        std::array<std::uint32_t, kSkipWindow> before = {};
        std::int64_t newest = -1;  ///< index up to which `before` is filled
        std::int64_t first = 0;    ///< index from which on
        std::uint32_t total = 0;
    };
    static RtpTimestamp time_of(const Piece& piece, RtpTimestamp timestamp);
    const Piece* piece_of(const LayerPacket& packet) const;
    std::optional<std::int64_t> out_of(const Piece& piece, std::int64_t index) const;
    std::uint32_t& before(std::int64_t index) { return skips_->before[static_cast<std::size_t>(index) % kSkipWindow]; }
    void advance(std::int64_t index);
    void note_picture(const LayerPacket& packet);

    std::uint32_t clock_rate_;
    bool started_ = false, sent_ = false;
    Piece piece_;
    std::array<Piece, kPiecesKept> older_;
    std::size_t next_older_ = 0;
    std::unique_ptr<Skips> skips_;  ///< of the current piece; taken when the first packet is left out
    bool skipping_ = false;
    ExtendedSeqNo highest_;
    RtpTimestamp newest_timestamp_;
    Instant newest_at_;
    PictureShift newest_picture_;  ///< as sent
};

}  // namespace confidente::media
