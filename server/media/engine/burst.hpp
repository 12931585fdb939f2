// Packets of a live that wait a moment for their neighbours, so that each viewer gets them together: one visit to the
// viewer's memory and one call for several packets. One per live; the only copy of a packet that is not a viewer's.
//
// Invariants: at most kBurstPackets packets, in the order they came; a packet waits at most kBurstHold, and not at all
// when it ends a picture; memory is taken with the first packet, then never again.
#pragma once

#include <span>
#include <vector>

#include "media/routing/packet.hpp"
#include "media/session/outbox.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kBurstPackets = 32;
/// Browsers pace packets in bursts some 5 ms apart: what belongs together comes within a fraction of that.
inline constexpr Duration kBurstHold = 1ms;

class Burst {
public:
    bool empty() const { return packets_.empty(); }
    bool full() const { return packets_.size() == kBurstPackets; }
    /// When it has to leave; never while it is empty.
    Instant due() const { return due_; }
    std::span<const LayerPacket> packets() const { return packets_; }

    /// Copies payload and descriptor. Not when full; a packet that no datagram could hold is left out.
    void add(const LayerPacket& packet, Instant now);
    void clear();

private:
    Bytes keep(Bytes bytes);
    std::vector<LayerPacket> packets_;
    Buffer bytes_;
    std::size_t end_ = 0;
    Instant due_ = Instant::never();
};

}  // namespace confidente::media
