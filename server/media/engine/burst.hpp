// Packets of a live that wait a moment for their neighbours, so that each viewer gets them together: one visit to the
// viewer's memory and one call for several packets. One per live; the only copy of a packet that is not a viewer's.
//
// Browsers cut a picture into packets that differ by a byte, the larger ones last (Chromium: 846, 847, 847), but the
// kernel takes for one call only equal ones and a shorter last. So the smaller ones get RTP padding (RFC 3550 §5.1).
//
// Invariants: at most kBurstPackets packets, in the order they came; a packet waits at most kBurstHold, and not at all
// when it ends a picture; memory is taken with the first packet, then never again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "media/routing/packet.hpp"
#include "media/session/outbox.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kBurstPackets = 32;
/// Chromium's packets of a picture come 0.2 ms apart, its bursts 5 ms and more. Waiting for the end of a picture costs
/// the viewer nothing: it is shown when its last packet is there.
inline constexpr Duration kBurstHold = 2ms;
inline constexpr std::size_t kMaxPadding = 4;  ///< bytes that make a packet as large as the next

class Burst {
public:
    bool empty() const { return packets_.empty(); }
    bool full() const { return packets_.size() == kBurstPackets; }
    /// When it has to leave; never while it is empty.
    Instant due() const { return due_; }
    std::span<const LayerPacket> packets() const { return packets_; }

    /// How many bytes of padding make packets()[at] as large as the next of its layer; mostly 0.
    std::uint8_t padding(std::size_t at) const { return padding_[at]; }

    /// Copies payload and descriptor. Not when full; a packet that no datagram could hold is left out.
    void add(const LayerPacket& packet, Instant now);
    void clear();

private:
    Bytes keep(Bytes bytes);
    void level(std::size_t at);

    std::vector<LayerPacket> packets_;
    std::array<std::uint8_t, kBurstPackets> padding_ = {};
    Buffer bytes_;
    std::size_t end_ = 0;
    Instant due_ = Instant::never();
};

}  // namespace confidente::media
