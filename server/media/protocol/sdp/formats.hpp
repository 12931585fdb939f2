// Which payload formats of two descriptions mean the same stream. Private to this room.
#pragma once

#include <optional>

#include "media/protocol/sdp/negotiate.hpp"

namespace confidente::media::sdp {

/// H.264 profiles in the order in which a decoder of one understands those before it.
enum class H264Profile : std::uint8_t { constrained_baseline, baseline, main, high, other };
struct H264Format {
    H264Profile profile = H264Profile::baseline;
    std::uint32_t profile_level_id = 0x42000A;  ///< RFC 6184 section 8.1: the default
    bool interleaves_nothing = false;           ///< packetization-mode=1; false = 0
    bool readable = true;                       ///< false: the parameters are malformed or mode 2
};
H264Format read_h264_format(std::string_view fmtp);

/// The payload that we like best of a publisher's video or audio; null when none will do.
const SdpPayload* choose_published(const SdpMedia& media);
/// The payload of a viewer's m-line that carries what is published; null when none does.
const SdpPayload* choose_played(const SdpMedia& media, const NegotiatedMedia& published);
/// The rtx payload that repeats `type`.
std::optional<PayloadType> rtx_of(const SdpMedia& media, PayloadType type);
/// The fmtp value for an answer, built from parameters that we have understood.
std::string answer_fmtp(Codec codec, std::string_view offered);

}  // namespace confidente::media::sdp
