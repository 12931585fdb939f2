#include "media/routing/packet_ring.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace confidente::media {

Duration ring_span(std::optional<Duration> round_trip) {
    const Duration trips = kRoundTripsKept * round_trip.value_or(kUsualRoundTrip);
    return std::clamp<Duration>(trips + 200ms, kMinRingSpan, kMaxRingSpan);
}

std::size_t ring_packets(std::uint64_t packets_per_s, std::optional<Duration> round_trip, std::size_t least) {
    const auto span_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(ring_span(round_trip)).count());
    // A quarter more than the average second has, for keyframes and bursts.
    const std::uint64_t wanted = std::min<std::uint64_t>(packets_per_s, 1'000'000) * span_ms * 5 / 4 / 1000;
    return std::bit_ceil(std::clamp<std::size_t>(wanted, least, kMaxRingPackets));
}

bool PacketRing::newer(const Slot& slot, const LayerPacket& than) {
    return slot.used && std::pair{slot.packet.epoch, slot.packet.index} > std::pair{than.epoch, than.index};
}

void PacketRing::store(const LayerPacket& packet) {
    if (packet.payload.size() + packet.descriptor.size() > kMaxRtpBytes || packet.index < 0) return;
    Slot& slot = slots_[static_cast<std::size_t>(packet.index) % slots_.size()];
    if (newer(slot, packet)) return;  // a late packet must not push out a newer one
    slot.packet = packet;
    slot.packet.payload = slot.packet.descriptor = {};
    slot.used = true;
    slot.payload_size = static_cast<std::uint16_t>(packet.payload.size());
    slot.descriptor_size = static_cast<std::uint16_t>(packet.descriptor.size());
    const auto behind = std::copy(packet.payload.begin(), packet.payload.end(), slot.bytes.begin());
    std::copy(packet.descriptor.begin(), packet.descriptor.end(), behind);
}

std::optional<LayerPacket> PacketRing::find(std::uint32_t epoch, std::int64_t index) const {
    if (index < 0) return {};
    const Slot& slot = slots_[static_cast<std::size_t>(index) % slots_.size()];
    if (!slot.used || slot.packet.epoch != epoch || slot.packet.index != index) return {};
    LayerPacket packet = slot.packet;
    packet.payload = Bytes{slot.bytes}.first(slot.payload_size);
    packet.descriptor = Bytes{slot.bytes}.subspan(slot.payload_size, slot.descriptor_size);
    return packet;
}

void PacketRing::resize(std::size_t packets) {
    if (packets == slots_.size()) return;
    std::vector<Slot> old(packets);
    old.swap(slots_);
    for (const Slot& slot : old) {
        if (!slot.used) continue;
        Slot& place = slots_[static_cast<std::size_t>(slot.packet.index) % slots_.size()];
        if (!newer(place, slot.packet)) place = slot;
    }
}

}  // namespace confidente::media
