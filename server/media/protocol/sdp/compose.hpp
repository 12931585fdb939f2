// Writing of descriptions, line by line. Private to this room.
#pragma once

#include <string>

#include "media/protocol/sdp/negotiate.hpp"

namespace confidente::media::sdp {

/// What a written m-line says beside what NegotiatedMedia holds.
struct WrittenMedia {
    Direction direction = Direction::inactive;
    SetupRole setup = SetupRole::passive;
    std::string extra_fmtp;  ///< appended to the format's parameters
    bool candidates = false;
    bool reduced_size_rtcp = true;  ///< RFC 5506 section 5: an answer says so only if the offer did
};

std::string session_lines(const LocalTransport& local, std::span<const NegotiatedMedia> media, bool lite);
std::string media_lines(const LocalTransport& local, const NegotiatedMedia& media, const WrittenMedia& written);
std::string refused_lines(const SdpMedia& offered);
std::string fragment_lines(const LocalTransport& local, const NegotiatedMedia& bundled);

}  // namespace confidente::media::sdp
