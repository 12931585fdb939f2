// Reads where each packet of an encoding stands among its spatial layers (FrameLayers), from the dependency descriptor
// or, for VP9 without one, from the payload descriptor. Private to this room; one per encoding of VP9 or AV1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "media/protocol/codecs/vp9.hpp"
#include "media/protocol/rtp/packet.hpp"
#include "media/routing/packet.hpp"

namespace confidente::media {

class FrameLayersReader {
public:
    /// `descriptor_id`: the header extension's, 0 = none. `choose`: whether viewers may get fewer layers; of an
    /// encoding that is one of several, each is whole.
    FrameLayersReader(Codec codec, std::uint8_t descriptor_id, bool choose)
        : codec_(codec), descriptor_id_(descriptor_id), choose_(choose) {}

    /// Fills `made.frame` and `made.descriptor`; the rest of it is set already.
    void read(const RtpPacketView& packet, LayerPacket& made);
    void restart();

    std::uint8_t steps() const { return choose_ ? steps_ : std::uint8_t{1}; }
    /// Steps that the last keyframe, or a word about active targets since, promised.
    std::uint8_t promised() const { return choose_ ? promised_ : std::uint8_t{1}; }
    /// Zero when not said.
    PictureSize size(std::uint8_t step) const { return step < kMaxLayers ? sizes_[step] : PictureSize{}; }

private:
    void read_descriptor(Bytes extension, LayerPacket& made);
    void adopt(const DependencyStructure& structure, std::uint16_t frame_number);
    void choose_targets(std::uint32_t active);
    void read_vp9(LayerPacket& made);

    Codec codec_;
    std::uint8_t descriptor_id_;
    bool choose_;
    std::uint8_t steps_ = 1, promised_ = 1;
    std::array<PictureSize, kMaxLayers> sizes_ = {};

    bool known_ = false;  ///< the structure
    DependencyStructure structure_, fresh_;
    std::uint16_t structure_frame_ = 0;
    std::uint32_t active_ = 0;
    std::array<std::uint8_t, kMaxLayers> target_ = {};  ///< the decode target of each step
    std::array<std::uint32_t, kMaxLayers> served_ = {};

    bool counting_ = false;  ///< VP9 without descriptor: pictures are counted by their timestamps
    std::uint16_t picture_ = 0;
    RtpTimestamp picture_timestamp_;
};

}  // namespace confidente::media
