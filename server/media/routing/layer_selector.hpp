// Which layer a viewer sees: the best that is on, not above the wanted one and within the budget; none when not even
// the lowest fits, so that the sound goes on. It changes only where the new layer starts a keyframe; until then the old
// one goes on. Pure.
//
// Hysteresis: down at once; up only to what fits with a margin, for a while, and that while doubles each time an ascent
// did not last. A viewer whose path was never full (a fresh one) rises at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "media/routing/packet.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::uint64_t kUpMarginPercent = 115;  ///< of a layer's rate: what an ascent needs
inline constexpr std::uint64_t kStarvedPercent = 75;    ///< of the lowest layer's rate: with less there is no video
inline constexpr std::uint64_t kSteepFallPercent = 50;  ///< of the rate shown: the old layer is not waited for
inline constexpr Duration kUpAfter = 2s;                ///< the budget must allow it for so long
inline constexpr Duration kMaxUpAfter = 64s;            ///< after many ascents that did not last
inline constexpr Duration kMaxDarkAfter = 3s;           ///< the same for the first picture after none
inline constexpr Duration kAscentHolds = 15s;           ///< an ascent that lasts so long was right

/// One layer that is on, as the selector sees it.
struct LayerChoice {
    std::uint8_t layer = 0;
    std::uint64_t bitrate_bps = 0;
};

class LayerSelector {
public:
    using Ladder = std::span<const LayerChoice>;
    /// At most this step of the ladder, 0 = the lowest; the default is the best there is.
    void set_highest_step(std::uint8_t step) { highest_step_ = step; }
    /// At most this layer, while it is on; nothing = the best there is.
    void set_highest_layer(std::optional<std::uint8_t> layer) { highest_layer_ = layer; }
    /// What the viewer's connection carries; 0 = unknown, everything fits. `measured`: the path was full before.
    /// `may_starve`: the path is full, so that even the lowest layer may be too much.
    void set_budget_bps(std::uint64_t budget, bool measured = true, bool may_starve = true) {
        may_starve_ = may_starve;
        budget_bps_ = budget;
        measured_ = measured;
    }

    /// Chooses again. `ladder` is what is on, best last.
    void choose(Ladder ladder, Instant now);
    /// The step of a ladder (not empty) that is the best allowed, whatever the budget.
    std::size_t top_of(Ladder ladder) const;
    /// What choose() would come to in the end, of a ladder that need not be on.
    std::optional<std::uint8_t> reachable(Ladder ladder) const;
    /// Whether this packet goes to the viewer; true and a changed current() when the switch happens at it.
    bool takes(const LayerPacket& packet);

    std::optional<std::uint8_t> current() const { return current_; }
    std::optional<std::uint8_t> target() const { return target_; }
    bool waits_for_keyframe() const { return target_ && target_ != current_; }
    /// Not even the lowest layer fits: nothing is shown until more goes through.
    bool starved() const { return starved_; }
    /// Nothing is shown any more: what comes next must start a keyframe.
    void stop() {
        current_.reset();
        ends_with_frame_ = false;
    }
    /// Forgets everything but the limits: the next packet must start a keyframe.
    void restart();

private:
    Ladder smoothed(Ladder ladder);
    /// The best step up to `top` whose rate, times `percent`, is within the budget.
    std::optional<std::size_t> fitting(Ladder ladder, std::size_t top, std::uint64_t percent) const;
    void descend(Ladder ladder, std::optional<std::size_t> step, std::uint64_t shown_bps, Instant now);
    void ascend(Ladder ladder, std::size_t step, Instant now);

    std::uint8_t highest_step_ = 0xFF;
    std::optional<std::uint8_t> highest_layer_;
    std::uint64_t budget_bps_ = 0;
    bool measured_ = true, may_starve_ = true;
    std::optional<std::uint8_t> current_, target_;
    std::uint32_t epoch_ = 0;
    bool starved_ = false;
    bool ends_with_frame_ = false;  ///< the current layer goes on to the end of its frame, then nothing

    std::array<std::uint64_t, kMaxLayers> rates_ = {};  ///< smoothed, by layer; 0 = not known
    std::array<LayerChoice, kMaxLayers> ladder_ = {};
    std::optional<Instant> could_rise_;  ///< since when more fits
    Instant rose_{INT64_MIN / 2};
    bool risen_ = false;  ///< and has not fallen since
    Duration up_after_ = kUpAfter;
};

}  // namespace confidente::media
