#include "media/engine/viewer_budget.hpp"

#include <algorithm>

namespace confidente::media {

void ViewerBudget::report(std::uint8_t fraction_lost, std::uint64_t sending_bps, std::uint64_t top_bps, Instant now) {
    if (fraction_lost > kLightLoss) calm_since_ = Instant::never();
    if (fraction_lost >= kHeavyLoss) {
        if (sending_bps == 0 || now - fell_ < kBudgetFallSpacing) return;
        fell_ = now;
        const auto carried = sending_bps * (256 - fraction_lost) / 256 * 9 / 10;
        bps_ = std::max(kMinBudgetBps, bps_ == 0 ? carried : std::min(bps_, carried));
        return;
    }
    if (bps_ == 0 || fraction_lost > kLightLoss) return;
    calm_since_ = std::min(calm_since_, now);
    if (now - calm_since_ < kBudgetRiseAfter) return;
    calm_since_ = now;
    bps_ += bps_ / 4;
    if (bps_ > top_bps + top_bps / 4) bps_ = 0;
}

}  // namespace confidente::media
