// Which codecs we forward, and where a decoder can start in each. Only H.264 is looked into any further (h264.hpp):
// the rest needs no more to be forwarded.
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

/// The size written in the packet that starts a keyframe (H.264 SPS, VP8 frame header); nothing elsewhere.
std::optional<PictureSize> keyframe_size(Codec codec, Bytes payload);

/// VP8 payload descriptor (RFC 7741 section 4.2).
struct Vp8Descriptor {
    std::size_t size = 0;  ///< bytes before the VP8 payload
    bool starts_partition = false;
    std::uint8_t partition = 0;
    std::optional<std::uint16_t> picture_id;
};
std::optional<Vp8Descriptor> parse_vp8_descriptor(Bytes payload);

}  // namespace confidente::media
