#include "media/routing/layer_selector.hpp"

#include <algorithm>

namespace confidente::media {

namespace {
/// A keyframe doubles a low layer's second; its average is what the path must carry.
constexpr std::uint64_t kSmoothing = 4;  // choices: two seconds
}  // namespace

LayerSelector::Ladder LayerSelector::smoothed(Ladder ladder) {
    std::array<std::uint64_t, kMaxLayers> rates = {};
    const std::size_t count = std::min(ladder.size(), ladder_.size());
    for (std::size_t i = 0; i < count; ++i) {
        const LayerChoice& one = ladder[i];
        if (one.layer >= kMaxLayers) return ladder;
        const std::uint64_t before = rates_[one.layer];
        rates[one.layer] = before == 0 ? one.bitrate_bps : (before * (kSmoothing - 1) + one.bitrate_bps) / kSmoothing;
        ladder_[i] = {one.layer, rates[one.layer]};
    }
    rates_ = rates;
    return Ladder{ladder_}.first(count);
}

std::size_t LayerSelector::top_of(Ladder ladder) const {
    std::size_t top = std::min<std::size_t>(highest_step_, ladder.size() - 1);
    for (std::size_t i = 0; highest_layer_ && i < top; ++i)
        if (ladder[i].layer == *highest_layer_) top = i;
    return top;
}

std::optional<std::size_t> LayerSelector::fitting(Ladder ladder, std::size_t top, std::uint64_t percent) const {
    if (budget_bps_ == 0) return top;
    for (std::size_t step = top + 1; step-- > 0;)
        if (ladder[step].bitrate_bps * percent / 100 <= budget_bps_) return step;
    return {};
}

std::optional<std::uint8_t> LayerSelector::reachable(Ladder ladder) const {
    if (ladder.empty()) return {};
    const auto step = fitting(ladder, top_of(ladder), kUpMarginPercent);
    return step ? std::optional{ladder[*step].layer} : std::nullopt;
}

void LayerSelector::choose(Ladder on, Instant now) {
    if (on.empty()) return;
    const Ladder ladder = smoothed(on);
    const std::size_t top = top_of(ladder);
    const auto high = fitting(ladder, top, kUpMarginPercent);
    const auto at =
        std::find_if(ladder.begin(), ladder.end(), [&](const LayerChoice& one) { return one.layer == target_; });
    if (at == ladder.end() && !starved_) {
        // The first choice, or the layer shown has gone.
        target_ = ladder[high.value_or(0)].layer;
        could_rise_.reset();
        return;
    }
    if (risen_ && now - rose_ > kAscentHolds) {
        rose_ = now;
        up_after_ = std::max<Duration>(kUpAfter, up_after_ / 2);
    }
    if (!starved_) {
        const auto shown = static_cast<std::size_t>(at - ladder.begin());
        auto fits = fitting(ladder, top, 100);
        const bool enough =
            fits || !measured_ || !may_starve_ || ladder[0].bitrate_bps * kStarvedPercent / 100 <= budget_bps_;
        if (!fits && enough) fits = 0;
        if (!fits || *fits < shown) return descend(ladder, fits, ladder[shown].bitrate_bps, now);
        if (!high || *high <= shown) {
            could_rise_.reset();
            return;
        }
    } else if (!high) {
        could_rise_.reset();
        return;
    }
    ascend(ladder, *high, now);
}

void LayerSelector::descend(Ladder ladder, std::optional<std::size_t> step, std::uint64_t shown_bps, Instant now) {
    if (risen_ && now - rose_ < kAscentHolds) up_after_ = std::min<Duration>(kMaxUpAfter, up_after_ * 2);
    risen_ = false;
    could_rise_.reset();
    starved_ = !step;
    target_ = step ? std::optional{ladder[*step].layer} : std::nullopt;
    // What is far too much would only stand in the way of the sound and of the keyframe that is asked for.
    ends_with_frame_ = !step || (budget_bps_ != 0 && shown_bps * kSteepFallPercent / 100 > budget_bps_);
}

void LayerSelector::ascend(Ladder ladder, std::size_t step, Instant now) {
    if (!could_rise_) could_rise_ = now;
    const Duration patience = starved_ ? std::min<Duration>(up_after_, kMaxDarkAfter) : up_after_;
    if (measured_ && budget_bps_ != 0 && now - *could_rise_ < patience) return;
    could_rise_.reset();
    rose_ = now;
    risen_ = true;
    starved_ = false;
    ends_with_frame_ = false;
    target_ = ladder[step].layer;
}

bool LayerSelector::takes(const LayerPacket& packet) {
    if (packet.layer == current_ && packet.epoch == epoch_) {
        if (ends_with_frame_ && packet.marker && packet.in_order) {
            ends_with_frame_ = false;
            current_.reset();
        }
        return true;
    }
    // A late start of a keyframe is no start: packets behind it have gone by already.
    const bool wanted = packet.layer == target_ || packet.layer == current_;
    if (!wanted || !packet.starts_keyframe || !packet.in_order) return false;
    current_ = packet.layer;
    epoch_ = packet.epoch;
    ends_with_frame_ = false;
    return true;
}

void LayerSelector::restart() {
    current_.reset();
    target_.reset();
    starved_ = false;
    ends_with_frame_ = false;
    could_rise_.reset();
    rates_ = {};
}

}  // namespace confidente::media
