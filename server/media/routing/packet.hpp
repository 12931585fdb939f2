// What travels between a Publication and its Subscriptions. Units: RTP ticks, Instants.
#pragma once

#include <cstdint>
#include <optional>

#include "media/protocol/rtp/packet.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxTracks = 2;  ///< one audio, one video
inline constexpr std::size_t kMaxLayers = 3;  ///< of a video track

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
    Bytes payload;                 ///< empty for a late padding packet, which only fills its place
};

/// A packet for one viewer, complete but for what belongs to the viewer's connection (transport-wide number).
struct OutgoingRtp {
    RtpHeader header;
    std::optional<SeqNo> repeats;  ///< set on RTX packets: the original number, written before the payload
    Bytes payload;                 ///< borrowed like LayerPacket's
};

}  // namespace confidente::media
