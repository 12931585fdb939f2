// The recent packets of one layer, for viewers who lost some (RtxRing of the design). As large as
// the layer's rate and its viewers' round trips ask for, within limits; all of its memory is taken at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "media/routing/packet.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kMinVideoRingPackets = 128, kMinAudioRingPackets = 64;
inline constexpr std::size_t kFirstVideoRingPackets = 512;  ///< until the rate is known; 0.9 MB
inline constexpr std::size_t kMaxRingPackets = 4096;        ///< 7 MB; 2 s of 19 Mbit/s
/// Packets are kept for as long as a viewer asks for one: until it is missed, and a few round trips.
inline constexpr Duration kMinRingSpan = 500ms, kMaxRingSpan = 2s, kUsualRoundTrip = 100ms;
inline constexpr int kRoundTripsKept = 4;

/// How long a packet is worth keeping when the slowest viewer's round trip is this (nothing: unknown).
Duration ring_span(std::optional<Duration> round_trip);
/// Packets of that time at this rate, a power of two between `least` and kMaxRingPackets.
std::size_t ring_packets(std::uint64_t packets_per_s, std::optional<Duration> round_trip, std::size_t least);

class PacketRing {
public:
    explicit PacketRing(std::size_t packets) : slots_(packets) {}

    void store(const LayerPacket& packet);
    /// Borrowed until the ring has gone round, or is resized.
    std::optional<LayerPacket> find(std::uint32_t epoch, std::int64_t index) const;

    std::size_t packets() const { return slots_.size(); }
    /// Keeps the newest that fit. Allocates, so it is done between packets and seldom.
    void resize(std::size_t packets);

private:
    struct Slot {
        LayerPacket packet;  ///< its payload and descriptor are replaced by bytes
        bool used = false;
        std::uint16_t payload_size = 0, descriptor_size = 0;
        std::array<std::uint8_t, kMaxRtpBytes> bytes;  ///< the payload, then the descriptor
    };
    static bool newer(const Slot& slot, const LayerPacket& than);
    std::vector<Slot> slots_;
};

}  // namespace confidente::media
