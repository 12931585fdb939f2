// The `a=` lines of a media section, one reader each. Private to this room.
#pragma once

#include <string_view>

#include "media/protocol/sdp/description.hpp"

namespace confidente::media::sdp {

/// What stands above the first m-line and holds for media that do not say otherwise.
struct SessionLevel {
    RemoteTransport transport;
    Direction direction = Direction::sendrecv;
    std::vector<SdpExtension> extensions;
    bool extmap_allow_mixed = false;
};

/// How a reader fared with an attribute; `unknown` when its name is none of those that it reads.
enum class Outcome : std::uint8_t { taken, unknown, malformed };
/// ice-ufrag, ice-pwd, fingerprint, setup, candidate
Outcome read_transport_attribute(std::string_view name, std::string_view value, RemoteTransport& transport);
Outcome read_media_attribute(std::string_view name, std::string_view value, SdpMedia& media);
Outcome read_extension(std::string_view value, std::vector<SdpExtension>& extensions);
std::optional<Direction> read_direction(std::string_view name);

}  // namespace confidente::media::sdp
