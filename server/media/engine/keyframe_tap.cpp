#include "media/engine/keyframe_tap.hpp"

#include <algorithm>

namespace confidente::media {

std::optional<Buffer> KeyframeTap::packet(const LayerPacket& packet, Publication& publication, Instant now) {
    if (interval_ == Duration{0} || now < due_) return std::nullopt;
    if (publication.media()[packet.track].codec != Codec::h264) return std::nullopt;
    if (!collecting_) {
        if (!choose_layer(packet, publication, now)) return std::nullopt;
        if (!packet.starts_keyframe || !packet.in_order) {
            if (now - std::max(due_, asked_) >= kKeyframePatience) {
                asked_ = now;
                publication.request_keyframe(packet.track, packet.layer);
            }
            return std::nullopt;
        }
        depacketizer_.reset();
        collecting_ = true;
        layer_ = packet.layer;
    }
    if (packet.layer != layer_) return std::nullopt;
    auto unit = depacketizer_.push(packet.index, packet.timestamp, packet.marker, packet.payload);
    if (packet.marker) collecting_ = false;
    if (!unit || !unit->keyframe) return std::nullopt;
    due_ = now + interval_;
    asked_ = due_;
    return std::move(unit->annexb);
}

/// The middle of three layers is large enough for a thumbnail and cheap to decode; of fewer, the lowest.
bool KeyframeTap::choose_layer(const LayerPacket& packet, const Publication& publication, Instant now) {
    std::array<std::uint8_t, kMaxLayers> ladder{};
    const auto on = publication.ladder(packet.track, now, ladder);
    return on == 0 || packet.layer == ladder[on == kMaxLayers ? 1 : 0];
}

void KeyframeTap::restart() {
    depacketizer_.reset();
    collecting_ = false;
}

}  // namespace confidente::media
