// Which frames of a stream of several spatial layers a viewer gets. A change of layer happens at a frame that says so
// and that the viewer can decode with what it was given before. Pure; one per viewer and track.
#pragma once

#include <cstdint>
#include <optional>

#include "media/routing/packet.hpp"

namespace confidente::media {

class SvcSelection {
public:
    /// Whether the viewer gets this packet when it wants `wanted`. step() may change by it.
    bool takes(const LayerPacket& packet, std::uint8_t wanted);
    std::optional<std::uint8_t> step() const { return step_; }
    void restart() { step_.reset(); }

private:
    void note_frame(std::uint16_t number);
    bool can_decode(const FrameLayers& frame) const;

    std::optional<std::uint8_t> step_;
    std::uint32_t epoch_ = 0;
    std::uint16_t newest_ = 0;
    std::uint64_t given_ = 0;  ///< bit n: the frame n before the newest went to the viewer
};

}  // namespace confidente::media
