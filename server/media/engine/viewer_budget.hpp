// How many bits a second a viewer's connection is taken to carry, where it reports no transport-wide feedback: from the
// loss of its receiver reports and from its own estimate (REMB). Falls at once under heavy loss, rises slowly without,
// and is forgotten when it no longer binds. Pure.
#pragma once

#include <cstdint>

#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::uint8_t kHeavyLoss = 26;           ///< of 256: 10 %, where GCC's loss-based controller falls too
inline constexpr std::uint8_t kLightLoss = 5;            ///< of 256: 2 %
inline constexpr Duration kBudgetFallSpacing = 2s;       ///< lets a fall take effect before the next
inline constexpr Duration kBudgetRiseAfter = 5s;         ///< of light loss; the hysteresis against flapping
inline constexpr std::uint64_t kMinBudgetBps = 100'000;  ///< below the lowest layer there is nothing to choose

class ViewerBudget {
public:
    /// A receiver report: `fraction_lost` of 256 while `sending_bps` was sent and the best layer would take `top_bps`.
    void report(std::uint8_t fraction_lost, std::uint64_t sending_bps, std::uint64_t top_bps, Instant now);
    /// What the receiver believes of all that is sent to it.
    void receiver_estimate(std::uint64_t bps) { told_bps_ = bps < kMinBudgetBps ? kMinBudgetBps : bps; }
    /// 0 = unknown, everything fits.
    std::uint64_t bps() const { return bps_ == 0 || (told_bps_ != 0 && told_bps_ < bps_) ? told_bps_ : bps_; }

private:
    std::uint64_t bps_ = 0, told_bps_ = 0;
    Instant fell_{INT64_MIN / 2};
    Instant calm_since_{INT64_MAX};
};

}  // namespace confidente::media
