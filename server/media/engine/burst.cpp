#include "media/engine/burst.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {

void Burst::add(const LayerPacket& packet, Instant now) {
    if (bytes_.empty()) {
        bytes_.resize(kBurstPackets * kMaxRtpBytes);
        packets_.reserve(kBurstPackets);
    }
    check(!full() && packet.payload.size() <= kMaxRtpBytes);
    const auto room = MutableBytes{bytes_}.subspan(end_, packet.payload.size());
    std::copy(packet.payload.begin(), packet.payload.end(), room.begin());
    end_ += room.size();
    if (empty()) due_ = now + kBurstHold;
    if (packet.marker) due_ = now;
    packets_.push_back(packet);
    packets_.back().payload = room;
}

void Burst::clear() {
    packets_.clear();
    end_ = 0;
    due_ = Instant::never();
}

}  // namespace confidente::media
