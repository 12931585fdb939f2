// Which layer a viewer sees: the best that is on, not above the wanted one and within the budget. It changes only
// where the new layer starts a keyframe; until then the old one goes on. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "media/routing/packet.hpp"

namespace confidente::media {

/// One layer that is on, as the selector sees it.
struct LayerChoice {
    std::uint8_t layer = 0;
    std::uint64_t bitrate_bps = 0;
};

class LayerSelector {
public:
    /// At most this step of the ladder, 0 = the lowest; the default is the best there is.
    void set_highest_step(std::uint8_t step) { highest_step_ = step; }
    /// What the viewer's connection carries; 0 = unknown, everything fits.
    void set_budget_bps(std::uint64_t budget) { budget_bps_ = budget; }

    /// Chooses again. `ladder` is what is on, best last.
    void choose(std::span<const LayerChoice> ladder);
    /// Whether this packet goes to the viewer; true and a changed current() when the switch happens at it.
    bool takes(const LayerPacket& packet);

    std::optional<std::uint8_t> current() const { return current_; }
    std::optional<std::uint8_t> target() const { return target_; }
    bool waits_for_keyframe() const { return target_ && target_ != current_; }
    /// Forgets everything but the limits: the next packet must start a keyframe.
    void restart() {
        current_.reset();
        target_.reset();
    }

private:
    std::uint8_t highest_step_ = 0xFF;
    std::uint64_t budget_bps_ = 0;
    std::optional<std::uint8_t> current_, target_;
    std::uint32_t epoch_ = 0;
};

}  // namespace confidente::media
