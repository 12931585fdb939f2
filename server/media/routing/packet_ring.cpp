#include "media/routing/packet_ring.hpp"

#include <algorithm>

namespace confidente::media {

void PacketRing::store(const LayerPacket& packet) {
    if (packet.payload.size() > kMaxRtpBytes || packet.index < 0) return;
    Slot& slot = slots_[static_cast<std::size_t>(packet.index) % slots_.size()];
    // A late packet must not push out a newer one.
    if (slot.used && slot.packet.epoch == packet.epoch && slot.packet.index > packet.index) return;
    slot.packet = packet;
    slot.packet.payload = {};
    slot.used = true;
    slot.size = static_cast<std::uint16_t>(packet.payload.size());
    std::copy(packet.payload.begin(), packet.payload.end(), slot.bytes.begin());
}

std::optional<LayerPacket> PacketRing::find(std::uint32_t epoch, std::int64_t index) const {
    if (index < 0) return {};
    const Slot& slot = slots_[static_cast<std::size_t>(index) % slots_.size()];
    if (!slot.used || slot.packet.epoch != epoch || slot.packet.index != index) return {};
    LayerPacket packet = slot.packet;
    packet.payload = Bytes{slot.bytes}.first(slot.size);
    return packet;
}

}  // namespace confidente::media
