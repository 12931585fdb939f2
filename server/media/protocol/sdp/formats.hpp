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
    bool level_asymmetry = false;               ///< each side may name a level of its own
};
/// H.264 level 5.2, 2160p60: what we say that we receive. Nothing here decodes, so a higher one passes as well.
inline constexpr std::uint32_t kH264ReceivedLevel = 52;
H264Format read_h264_format(std::string_view fmtp);

/// The payload that we like best of a publisher's video or audio; null when none will do.
const SdpPayload* choose_published(const SdpMedia& media);
/// The payload of a viewer's m-line that carries what is published; null when none does.
const SdpPayload* choose_played(const SdpMedia& media, const NegotiatedMedia& published);
/// The rtx payload that repeats `type`.
std::optional<PayloadType> rtx_of(const SdpMedia& media, PayloadType type);
/// The fmtp value of our description, built from parameters that we have understood. Where we receive, H.264's level is
/// ours, so that a publisher's hardware encoder is not held to the level of its offer (often 3.1, 720p).
std::string answer_fmtp(Codec codec, std::string_view offered, Direction direction);

}  // namespace confidente::media::sdp
