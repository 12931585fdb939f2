#include "media/routing/svc_selection.hpp"

namespace confidente::media {

void SvcSelection::note_frame(std::uint16_t number) {
    const auto ahead = static_cast<std::int16_t>(number - newest_);
    if (ahead <= 0) return;
    given_ = ahead < 64 ? given_ << ahead : 0;
    newest_ = number;
}

/// Of the newest frame: everything that it refers to was given.
bool SvcSelection::can_decode(const FrameLayers& frame) const {
    return !frame.far_references && (frame.references & ~(given_ >> 1)) == 0;
}

bool SvcSelection::takes(const LayerPacket& packet, std::uint8_t wanted) {
    const FrameLayers& frame = packet.frame;
    const bool begins = frame.starts_frame && packet.in_order;
    const bool may_switch = begins && (frame.switches >> wanted & 1);
    if (!step_ || packet.epoch != epoch_) {
        if (!packet.starts_keyframe || !may_switch) return false;
        step_ = wanted;
        epoch_ = packet.epoch;
        newest_ = frame.number;
        given_ = 0;
    } else if (begins) {
        note_frame(frame.number);
        // Upwards only where a picture begins: in the middle, its end has been marked already.
        const bool in_time = wanted < *step_ || frame.spatial == 0;
        if (may_switch && wanted != *step_ && in_time && can_decode(frame)) step_ = wanted;
    }
    const bool taken = frame.members >> *step_ & 1;
    if (taken && frame.starts_frame) {
        const auto behind = static_cast<std::int16_t>(newest_ - frame.number);
        if (behind >= 0 && behind < 64) given_ |= std::uint64_t{1} << behind;
    }
    return taken;
}

}  // namespace confidente::media
