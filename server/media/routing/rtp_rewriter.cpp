#include "media/routing/rtp_rewriter.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

// Sender reports that put a piece further than this from where the clock says it is are not believed.
constexpr std::int64_t kMaxTimestampErrorS = 5;

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
    previous_ = piece_;
    RtpTimestamp first = newest_timestamp_;
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
        if (soonest.newer_than(first)) first = soonest;
    }
    piece_ = {.first_index = packet.index,
              .last_index = packet.index,
              .sequence_shift = highest_.value + 1 - packet.index,
              .timestamp_shift = first.value - packet.timestamp.value};
    started_ = true;
}

std::optional<RtpRewriter::Numbers> RtpRewriter::rewrite(const LayerPacket& packet, Instant now) {
    check(started_);
    if (packet.index < piece_.first_index) return {};
    piece_.last_index = std::max(piece_.last_index, packet.index);
    const Numbers numbers{{packet.index + piece_.sequence_shift}, packet.timestamp + piece_.timestamp_shift};
    if (numbers.sequence > highest_) highest_ = numbers.sequence;
    if (!sent_ || numbers.timestamp.newer_than(newest_timestamp_)) {
        newest_timestamp_ = numbers.timestamp;
        newest_at_ = now;
    }
    sent_ = true;
    return numbers;
}

std::optional<RtpRewriter::Numbers> RtpRewriter::rewrite_previous(const LayerPacket& packet) const {
    if (packet.index < previous_.first_index || packet.index > previous_.last_index) return {};
    return Numbers{{packet.index + previous_.sequence_shift}, packet.timestamp + previous_.timestamp_shift};
}

}  // namespace confidente::media
