// Which codecs we forward, where a decoder can start in each, and the numbers that forwarding must keep continuous.
// H.264 is looked into further in h264.hpp, layers of one stream in dependency_descriptor.hpp and vp9.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/base/bytes.hpp"

namespace confidente::media {

enum class Codec : std::uint8_t { opus, h264, vp8, vp9, av1, other };

/// `H264`, `VP8`, `opus`, … as SDP writes them; `other` has no name.
std::string_view to_string(Codec codec);
/// By SDP's encoding name, without regard to case.
Codec codec_from_name(std::string_view name);

struct PictureSize {
    std::uint32_t width = 0, height = 0;
    auto operator<=>(const PictureSize&) const = default;
};

/// True when a decoder that has seen nothing can start with this RTP payload: the first packet of a keyframe, for
/// H.264 the one with the SPS. Always true for audio, never for `other`.
bool starts_keyframe(Codec codec, Bytes payload);

/// The size written in the packet that starts a keyframe (H.264 SPS, VP8 frame header, VP9 scalability structure);
/// nothing elsewhere.
std::optional<PictureSize> keyframe_size(Codec codec, Bytes payload);

/// The numbers that VP8 and VP9 write into the descriptor before each payload, and where. A stream put together of
/// several must go on counting in them (RFC 7741 section 4.2, RFC 9628 section 4.2).
struct PictureNumbers {
    std::uint8_t id_at = 0, id_bytes = 0;  ///< PictureID: its place in the payload; 0, 1 or 2 bytes
    std::uint8_t tl0_at = 0;               ///< TL0PICIDX; 0 = there is none
    std::uint8_t tl0 = 0;
    std::uint16_t id = 0;  ///< seven or fifteen bits
};
/// All zero for other codecs and for what is malformed.
PictureNumbers picture_numbers(Codec codec, Bytes payload);

/// VP8 payload descriptor (RFC 7741 section 4.2).
struct Vp8Descriptor {
    std::size_t size = 0;  ///< bytes before the VP8 payload
    bool starts_partition = false;
    std::uint8_t partition = 0;
    PictureNumbers numbers;
    std::uint8_t temporal = 0;  ///< TID
};
std::optional<Vp8Descriptor> parse_vp8_descriptor(Bytes payload);

}  // namespace confidente::media
