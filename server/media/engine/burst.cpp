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
    padding_[packets_.size() - 1] = 0;
    level(packets_.size() - 1);
}

/// Makes those before packets_[at], which is new, as large as it is, where a few bytes are enough.
void Burst::level(std::size_t at) {
    const auto& newest = packets_[at];
    for (auto i = at; i-- > 0;) {
        const auto& before = packets_[i];
        if (before.track != newest.track || before.layer != newest.layer) continue;
        if (before.payload.empty() || before.payload.size() + padding_[i] >= newest.payload.size()) return;
        const auto missing = newest.payload.size() - before.payload.size();
        if (missing > kMaxPadding) return;
        padding_[i] = static_cast<std::uint8_t>(missing);
    }
}

void Burst::clear() {
    packets_.clear();
    end_ = 0;
    due_ = Instant::never();
}

}  // namespace confidente::media
