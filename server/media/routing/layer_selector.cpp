#include "media/routing/layer_selector.hpp"

#include <algorithm>

namespace confidente::media {

void LayerSelector::choose(std::span<const LayerChoice> ladder) {
    if (ladder.empty()) return;
    std::size_t step = std::min<std::size_t>(highest_step_, ladder.size() - 1);
    while (step > 0 && budget_bps_ != 0 && ladder[step].bitrate_bps > budget_bps_) --step;
    target_ = ladder[step].layer;
}

bool LayerSelector::takes(const LayerPacket& packet) {
    if (packet.layer == current_ && packet.epoch == epoch_) return true;
    // A late start of a keyframe is no start: packets behind it have gone by already.
    const bool wanted = packet.layer == target_ || packet.layer == current_;
    if (!wanted || !packet.starts_keyframe || !packet.in_order) return false;
    current_ = packet.layer;
    epoch_ = packet.epoch;
    return true;
}

}  // namespace confidente::media
