#include "media/congestion/rate_control.hpp"

#include <algorithm>
#include <cmath>

namespace confidente::media {
namespace {

constexpr double kFall = 0.85;             // GCC section 5.5: beta
constexpr double kGrowthPerSecond = 0.08;  // GCC section 5.5: eta
// GCC lets the estimate be 1.5 times what arrives; here probes tell, and what they did not tell is not believed.
// GCC lets the estimate be 1.5 times what arrives; here probes tell, and what they did not tell is not believed.
constexpr double kAheadOfArrivals = 1.25;
constexpr double kAheadBps = 10'000;
constexpr double kPacketBits = 1200 * 8;        // near the limit: one packet more in each response time
constexpr double kNearGrowthPerSecond = 0.03;   // but not slower than this
constexpr Duration kResponseBesideRtt = 100ms;  // the detector's own time
constexpr double kShortQueueS = 0.05, kMaxDeeperFall = 0.35;
constexpr Duration kMinFallSpacing = 50ms, kMaxFallSpacing = 300ms;
constexpr double kLimitWeight = 0.05, kMinSpread = 0.4, kMaxSpread = 2.5;

std::uint64_t bounded(double bps) {
    return static_cast<std::uint64_t>(
        std::clamp(bps, static_cast<double>(kMinEstimateBps), static_cast<double>(kMaxEstimateBps)));
}

}  // namespace

double RateControl::Limit::reach() const { return 3 * std::sqrt(spread * bps * 1000); }

void RateControl::Limit::met_at(double acked_bps) {
    if (known() && std::abs(acked_bps - bps) > reach()) bps = 0;
    if (!known()) {
        bps = acked_bps;
        return;
    }
    bps += kLimitWeight * (acked_bps - bps);
    const double error = acked_bps - bps;
    spread += kLimitWeight * (error * error / std::max(bps, 1.0) / 1000 - spread);
    spread = std::clamp(spread, kMinSpread, kMaxSpread);
}

void RateControl::update(const Path& path, Instant now) {
    switch (path.usage) {
        case Usage::over:
            decrease(path, now);
            break;
        case Usage::under:
            // The queue empties: nothing is learnt until it is empty.
            state_ = State::hold;
            break;
        case Usage::normal:
            if (state_ == State::increase) increase(path, now);
            state_ = State::increase;
            break;
    }
    updated_at_ = now;
}

void RateControl::increase(const Path& path, Instant now) {
    const double seconds = updated_at_ ? std::min(1.0, static_cast<double>((now - *updated_at_).count()) / 1e9) : 0.0;
    const double bps = static_cast<double>(bps_);
    double ceiling = static_cast<double>(kMaxEstimateBps);
    if (path.acked_bps) {
        const double acked = static_cast<double>(*path.acked_bps);
        if (limit_.known() && acked > limit_.bps + limit_.reach()) limit_.bps = 0;
        if (growth_ == Growth::with_arrivals) ceiling = kAheadOfArrivals * acked + kAheadBps;
    }
    if (bps >= ceiling) return;
    const double response = static_cast<double>((path.round_trip + kResponseBesideRtt).count()) / 1e9;
    const double step = limit_.known()
                            ? std::max(std::min(kPacketBits, bps / 50) / response, kNearGrowthPerSecond * bps)
                            : kGrowthPerSecond * bps;
    bps_ = bounded(std::min(ceiling, bps + step * seconds));
}

void RateControl::decrease(const Path& path, Instant now) {
    const double acked = path.acked_bps ? static_cast<double>(*path.acked_bps) : static_cast<double>(bps_);
    const Duration spacing = std::clamp(path.round_trip, kMinFallSpacing, kMaxFallSpacing);
    state_ = State::hold;
    if (fell_at_ && now - *fell_at_ < spacing && 2 * acked >= static_cast<double>(bps_)) return;
    fell_at_ = now;
    limit_.met_at(acked);
    // So much less as empties the queue in about a second.
    const double waiting_s = static_cast<double>(path.waiting.count()) / 1e9;
    const double deeper = std::clamp(waiting_s - kShortQueueS, 0.0, kMaxDeeperFall);
    bps_ = std::min(bps_, bounded((kFall - deeper) * acked));
}

void RateControl::raise_to(std::uint64_t bps) {
    if (bps <= bps_) return;
    bps_ = bounded(static_cast<double>(bps));
    if (limit_.known() && static_cast<double>(bps_) > limit_.bps + limit_.reach()) limit_.bps = 0;
}

void RateControl::lower_to(std::uint64_t bps) { bps_ = std::min(bps_, bounded(static_cast<double>(bps))); }

}  // namespace confidente::media
