#include "media/engine/burst.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {

Bytes Burst::keep(Bytes bytes) {
    const auto room = MutableBytes{bytes_}.subspan(end_, bytes.size());
    std::copy(bytes.begin(), bytes.end(), room.begin());
    end_ += room.size();
    return room;
}

void Burst::add(const LayerPacket& packet, Instant now) {
    if (bytes_.empty()) {
        bytes_.resize(kBurstPackets * kMaxDatagram);
        packets_.reserve(kBurstPackets);
    }
    check(!full());
    if (packet.payload.size() + packet.descriptor.size() > kMaxDatagram) return;
    if (empty()) due_ = now + kBurstHold;
    if (packet.marker) due_ = now;
    packets_.push_back(packet);
    packets_.back().payload = keep(packet.payload);
    packets_.back().descriptor = keep(packet.descriptor);
}

void Burst::clear() {
    packets_.clear();
    end_ = 0;
    due_ = Instant::never();
}

}  // namespace confidente::media
