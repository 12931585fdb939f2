// What travels between a Publication and its Subscriptions. Units: RTP ticks, Instants.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "media/protocol/codecs/codec.hpp"
#include "media/protocol/codecs/dependency_descriptor.hpp"
#include "media/protocol/rtp/packet.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxTracks = 2;  ///< one audio, one video
inline constexpr std::size_t kMaxLayers = 3;  ///< of a video track

/// Where a packet stands in a stream of several spatial layers (SVC), told by the dependency descriptor or by VP9's
/// own. A step of the ladder is a spatial layer with what it needs of those below.
struct FrameLayers {
    std::uint8_t steps = 1;     ///< of the ladder; 1 = nothing to choose, the rest is then meaningless
    std::uint8_t members = 0;   ///< bit s: step s needs this frame
    std::uint8_t switches = 0;  ///< bit s: who can decode this frame can go on with step s from here
    std::uint8_t spatial = 0;
    bool starts_frame = false, ends_frame = false;
    bool far_references = false;   ///< to more than `references` can say
    std::uint16_t number = 0;      ///< of the frame; wraps
    std::uint64_t references = 0;  ///< bit n: it refers to the frame n + 1 before
    std::uint8_t targets = 0;      ///< decode targets of the dependency descriptor; 0 = there is none
    std::array<std::uint32_t, kMaxLayers> active = {};  ///< those that stay whole at each step, one bit each
};

/// A packet of the publisher, numbered without holes for dropped padding. The payload is borrowed: from the datagram,
/// or from the ring when it is a repetition.
struct LayerPacket {
    std::uint8_t track = 0;  ///< index into Publication::media()
    std::uint8_t layer = 0;
    std::uint32_t epoch = 0;  ///< grows when the layer starts anew (another SSRC, a jump of its numbers)
    std::int64_t index = 0;   ///< dense number inside (layer, epoch); late packets carry their own place
    RtpTimestamp timestamp;   ///< the publisher's
    bool marker = false;
    bool in_order = true;          ///< the newest of its layer
    bool starts_keyframe = false;  ///< a decoder can start here; always true for audio
    PictureNumbers picture;        ///< VP8 and VP9
    FrameLayers frame;
    Bytes payload;     ///< empty for a late padding packet, which only fills its place
    Bytes descriptor;  ///< the dependency descriptor as it came; borrowed likewise
};

/// Bytes of a payload that are others for one viewer.
struct PayloadPatch {
    std::uint8_t at = 0, size = 0;
    std::array<std::uint8_t, 4> bytes = {};
};

/// A packet for one viewer, complete but for what belongs to the viewer's connection (transport-wide number).
struct OutgoingRtp {
    RtpHeader header;
    std::optional<SeqNo> repeats;  ///< set on RTX packets: the original number, written before the payload
    Bytes payload;                 ///< borrowed like LayerPacket's
    PayloadPatch patch = {};
    Bytes descriptor = {};           ///< the publisher's, to be written with the two below; empty = none
    std::uint16_t frame_number = 0;  ///< in the descriptor
    ActiveTargets active = {};
    std::uint8_t padding = 0;  ///< bytes of it after the payload, for a packet that only probes the path
};

}  // namespace confidente::media
