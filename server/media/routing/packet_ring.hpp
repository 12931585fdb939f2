// The recent packets of one layer, for viewers who lost some (RtxRing of the design). All memory is taken at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "media/routing/packet.hpp"

namespace confidente::media {

inline constexpr std::size_t kVideoRingPackets = 512;  ///< 2 s at 2.5 Mbit/s, 0.8 MB
inline constexpr std::size_t kAudioRingPackets = 64;   ///< 1.3 s of 20 ms packets

class PacketRing {
public:
    explicit PacketRing(std::size_t packets) : slots_(packets) {}

    void store(const LayerPacket& packet);
    /// Borrowed until the ring has gone round.
    std::optional<LayerPacket> find(std::uint32_t epoch, std::int64_t index) const;

private:
    struct Slot {
        LayerPacket packet;  ///< its payload is replaced by bytes
        bool used = false;
        std::uint16_t size = 0;
        std::array<std::uint8_t, kMaxRtpBytes> bytes;
    };
    std::vector<Slot> slots_;
};

}  // namespace confidente::media
