#include "media/congestion/loss_limit.hpp"

#include <algorithm>

#include "media/congestion/rate_control.hpp"

namespace confidente::media {
namespace {

constexpr double kGrowthPerSecond = 0.08;
constexpr Duration kFallSpacing = 300ms;  // beside the round trip: lets a fall take effect
constexpr Duration kMaxSampleTime = 2s;   // a thin stream is judged by what there is

}  // namespace

void LossLimit::report(std::int64_t packets, std::int64_t lost, const Sent& sent, Instant now) {
    if (packets_ == 0) since_ = now;
    packets_ += packets;
    lost_ += lost;
    const Duration span = now - since_;
    const bool enough =
        (packets_ >= kLossSample && span >= kLossSampleTime) || (packets_ > 0 && span >= kMaxSampleTime);
    if (!enough && lost_ < kLossAlarm) return;
    share_ = static_cast<double>(std::clamp<std::int64_t>(lost_, 0, packets_)) / static_cast<double>(packets_);
    const bool alarmed = lost_ >= std::min(kLossAlarm, kLossSample / 10);
    packets_ = lost_ = 0;
    if (share_ > kHighLossShare) {
        // A handful missing of a thin stream is chance.
        if (!alarmed || now - fell_at_ < kFallSpacing + sent.round_trip) return;
        fell_at_ = now;
        const double from = static_cast<double>(std::min(bps_, sent.estimate_bps));
        auto allowed = static_cast<std::uint64_t>(from * (1 - share_ / 2));
        if (share_ > kFloodShare) allowed = std::min(allowed, sent.acked_bps);
        const auto floor = share_ > kChanceShare ? kMinEstimateBps : std::min(bps_, kChanceFloorBps);
        bps_ = std::max(floor, allowed);
    } else if (share_ < kLowLossShare && bps_ != kNoLimit) {
        const double seconds = std::min(1.0, static_cast<double>(span.count()) / 1e9);
        bps_ += static_cast<std::uint64_t>(static_cast<double>(bps_) * kGrowthPerSecond * seconds);
        if (bps_ >= kMaxEstimateBps) bps_ = kNoLimit;
    }
}

void LossLimit::raise_to(std::uint64_t bps) {
    if (bps_ < bps) bps_ = bps;
}

}  // namespace confidente::media
