#include "media/routing/rtp_rewriter.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

// Sender reports that put a piece further than this from where the clock says it is are not believed.
constexpr std::int64_t kMaxTimestampErrorS = 5;
// A new layer that is less than a fifth of a second behind keeps its time, so that lips stay in sync; its frames that
// are in the past take 1/256 of their time, within the millisecond behind the last frame sent.
constexpr std::uint32_t kMaxPressed = 5;  // of a second
constexpr int kPressedShift = 8;

std::int64_t ticks(Duration time, std::uint32_t clock_rate) {
    // Bounded, so that the product stays within 64 bits however long nothing was sent.
    const Duration bounded = std::clamp<Duration>(time, 0s, 3600s);
    return bounded.count() / 1000 * clock_rate / 1'000'000;
}

}  // namespace

RtpRewriter::RtpRewriter(SeqNo first, RtpTimestamp first_timestamp, std::uint32_t clock_rate)
    : clock_rate_(clock_rate), highest_{65536 + std::int64_t{first.value} - 1}, newest_timestamp_(first_timestamp) {
    check(clock_rate > 0);
}

void RtpRewriter::begin(const LayerPacket& packet, std::optional<std::uint32_t> shift, Instant now) {
    if (piece_.used) {
        piece_.exact = !skipping_;
        older_[next_older_] = piece_;
        next_older_ = (next_older_ + 1) % older_.size();
    }
    skipping_ = false;
    RtpTimestamp first = newest_timestamp_;
    std::optional<RtpTimestamp> floor;
    PictureShift picture;
    if (sent_) {
        const RtpTimestamp by_clock =
            newest_timestamp_ + std::max<std::int64_t>(1, ticks(now - newest_at_, clock_rate_));
        first = by_clock;
        if (shift) {
            const RtpTimestamp by_report = packet.timestamp + *shift;
            const std::int64_t error = std::abs(std::int64_t{by_report.since(by_clock)});
            if (error <= kMaxTimestampErrorS * clock_rate_) first = by_report;
        }
        // The new layer may be a frame behind; a millisecond on keeps time from standing still or going back.
        const RtpTimestamp soonest = newest_timestamp_ + std::max<std::uint32_t>(1, clock_rate_ / 1000);
        if (soonest.newer_than(first)) {
            const bool little = soonest.since(first) < static_cast<std::int32_t>(clock_rate_ / kMaxPressed);
            if (shift && little && clock_rate_ >= 90'000)
                floor = soonest;
            else
                first = soonest;
        }
        picture.id = static_cast<std::uint16_t>(newest_picture_.id + 1 - packet.picture.id);
        picture.tl0 = static_cast<std::uint8_t>(newest_picture_.tl0 + 1 - packet.picture.tl0);
        picture.frame = static_cast<std::uint16_t>(newest_picture_.frame + 1 - packet.frame.number);
    }
    piece_ = {.used = true,
              .layer = packet.layer,
              .epoch = packet.epoch,
              .first_index = packet.index,
              .last_index = packet.index,
              .sequence_shift = highest_.value + 1 - packet.index,
              .timestamp_shift = first.value - packet.timestamp.value,
              .floor = floor,
              .picture = picture,
              .exact = true};
    started_ = true;
}

bool RtpRewriter::continues(const LayerPacket& packet) const {
    return piece_.used && piece_.layer == packet.layer && piece_.epoch == packet.epoch;
}

RtpTimestamp RtpRewriter::time_of(const Piece& piece, RtpTimestamp timestamp) {
    const RtpTimestamp exact = timestamp + piece.timestamp_shift;
    if (!piece.floor || !piece.floor->newer_than(exact)) return exact;
    return *piece.floor + (exact.since(*piece.floor) >> kPressedShift);
}

const RtpRewriter::Piece* RtpRewriter::piece_of(const LayerPacket& packet) const {
    if (continues(packet) && packet.index >= piece_.first_index) return &piece_;
    for (const Piece& piece : older_)
        if (piece.used && piece.exact && piece.layer == packet.layer && piece.epoch == packet.epoch &&
            packet.index >= piece.first_index && packet.index <= piece.last_index)
            return &piece;
    return nullptr;
}

/// Fills the table up to this packet: those that did not come yet have their numbers too.
void RtpRewriter::advance(std::int64_t index) {
    if (!skipping_) return;
    const auto window = static_cast<std::int64_t>(kSkipWindow);
    for (std::int64_t at = std::max(skips_->newest + 1, index - window + 1); at <= index; ++at)
        before(at) = skips_->total;
    skips_->newest = std::max(skips_->newest, index);
    skips_->first = std::max(skips_->first, skips_->newest - window + 1);
}

std::optional<std::int64_t> RtpRewriter::out_of(const Piece& piece, std::int64_t index) const {
    if (&piece != &piece_ || !skipping_) return index + piece.sequence_shift;
    if (index < skips_->first) return {};
    return index + piece.sequence_shift - skips_->before[static_cast<std::size_t>(index) % kSkipWindow];
}

void RtpRewriter::note_picture(const LayerPacket& packet) {
    newest_picture_.id = static_cast<std::uint16_t>(packet.picture.id + piece_.picture.id);
    newest_picture_.tl0 = static_cast<std::uint8_t>(packet.picture.tl0 + piece_.picture.tl0);
    newest_picture_.frame = static_cast<std::uint16_t>(packet.frame.number + piece_.picture.frame);
}

std::optional<RtpRewriter::Numbers> RtpRewriter::rewrite(const LayerPacket& packet, Instant now) {
    check(started_);
    const Piece* piece = piece_of(packet);
    if (!piece) return {};
    if (piece == &piece_ && packet.index > piece_.last_index) {
        advance(packet.index);
        piece_.last_index = packet.index;
    }
    const auto out = out_of(*piece, packet.index);
    if (!out) return {};
    const Numbers numbers{{*out}, time_of(*piece, packet.timestamp), piece->picture};
    if (numbers.sequence > highest_) highest_ = numbers.sequence;
    if (piece == &piece_ && (!sent_ || numbers.timestamp.newer_than(newest_timestamp_))) {
        newest_timestamp_ = numbers.timestamp;
        newest_at_ = now;
    }
    if (piece == &piece_ && packet.in_order) note_picture(packet);
    sent_ = true;
    return numbers;
}

std::optional<RtpRewriter::Numbers> RtpRewriter::leave_out(const LayerPacket& packet) {
    if (!continues(packet) || packet.index < piece_.first_index) return {};
    if (packet.index <= piece_.last_index) {
        const auto out = out_of(piece_, packet.index);
        if (!out) return {};
        return Numbers{{*out}, time_of(piece_, packet.timestamp), piece_.picture, true};
    }
    if (!skipping_) {
        if (!skips_) skips_ = std::make_unique<Skips>();
        skipping_ = true;
        skips_->newest = piece_.last_index;
        skips_->first = std::max(piece_.first_index, piece_.last_index - static_cast<std::int64_t>(kSkipWindow) + 1);
        skips_->total = 0;
        for (std::int64_t at = skips_->first; at <= skips_->newest; ++at) before(at) = 0;
    }
    advance(packet.index);
    ++skips_->total;
    // Numbers of packets lost before this one are given out with it.
    piece_.last_index = packet.index;
    const std::int64_t last_taken = packet.index - 1 + piece_.sequence_shift - before(packet.index);
    if (last_taken > highest_.value) highest_ = {last_taken};
    return {};
}

std::optional<RtpRewriter::Origin> RtpRewriter::origin(ExtendedSeqNo sequence) const {
    if (sequence > highest_) return {};
    const auto found = [](const Piece& piece, std::int64_t index) {
        return Origin{&piece, piece.layer, piece.epoch, index};
    };
    if (piece_.used && skipping_) {
        // Out numbers grow with the index, one by one or not at all: of those with the same, the last was sent.
        std::int64_t low = skips_->first, high = skips_->newest;
        while (low < high) {
            const std::int64_t middle = low + (high - low + 1) / 2;
            if (*out_of(piece_, middle) <= sequence.value)
                low = middle;
            else
                high = middle - 1;
        }
        if (low <= skips_->newest && *out_of(piece_, low) == sequence.value) return found(piece_, low);
    } else if (piece_.used) {
        const std::int64_t index = sequence.value - piece_.sequence_shift;
        if (index >= piece_.first_index) return found(piece_, index);
    }
    for (const Piece& piece : older_) {
        const std::int64_t index = sequence.value - piece.sequence_shift;
        if (piece.used && piece.exact && index >= piece.first_index && index <= piece.last_index)
            return found(piece, index);
    }
    return {};
}

RtpRewriter::Numbers RtpRewriter::again(ExtendedSeqNo sequence, const Origin& origin, const LayerPacket& packet) const {
    return {sequence, time_of(*origin.piece, packet.timestamp), origin.piece->picture};
}

void RtpRewriter::forget_origins() {
    piece_.used = false;
    for (Piece& piece : older_) piece.used = false;
}

}  // namespace confidente::media
