#include "media/protocol/sdp/attributes.hpp"

#include <algorithm>

#include "media/protocol/sdp/lexer.hpp"

namespace confidente::media::sdp {
namespace {

constexpr std::size_t kMaxToken = 64;  // of names and ids; RFC 8851 asks for less
constexpr std::size_t kMaxUri = 255;
constexpr std::size_t kMaxCname = 255;    // RFC 3550 section 6.5
constexpr std::size_t kMaxIceText = 256;  // RFC 8839 section 5.4

std::string lower(std::string_view text) {
    std::string copy{text};
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return copy;
}

std::size_t digest_bytes(std::string_view algorithm) {
    return algorithm == "sha-256" ? 32 : algorithm == "sha-384" ? 48 : algorithm == "sha-512" ? 64 : 0;
}

/// `AB:CD:…` of the right length, in upper case; empty when it is not.
std::string read_hex(std::string_view text, std::size_t bytes) {
    std::string hex{text};
    if (hex.size() != bytes * 3 - 1) return {};
    for (std::size_t i = 0; i < hex.size(); ++i) {
        char& c = hex[i];
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 32);
        const bool digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
        if (i % 3 == 2 ? c != ':' : !digit) return {};
    }
    return hex;
}

Outcome outcome(bool fine) { return fine ? Outcome::taken : Outcome::malformed; }

bool read_fingerprint(std::string_view value, Fingerprint& fingerprint) {
    const std::string algorithm = lower(take(value));
    const std::size_t bytes = digest_bytes(algorithm);
    // A second fingerprint may use a digest that we do not check; the first of ours is kept.
    if (bytes == 0 || !fingerprint.hex.empty()) return !algorithm.empty();
    fingerprint = {algorithm, read_hex(value, bytes)};
    return !fingerprint.hex.empty();
}

bool read_setup(std::string_view value, SetupRole& setup) {
    if (value == "actpass")
        setup = SetupRole::actpass;
    else if (value == "active")
        setup = SetupRole::active;
    else if (value == "passive")
        setup = SetupRole::passive;
    else
        return false;
    return true;
}

/// `96 VP8/90000`, `111 opus/48000/2`
bool read_rtpmap(std::string_view value, SdpMedia& media) {
    const auto type = number<std::uint8_t>(take(value));
    if (!type) return false;
    const auto known = std::find_if(media.payloads.begin(), media.payloads.end(),
                                    [&](const SdpPayload& payload) { return payload.type.value == *type; });
    if (known == media.payloads.end()) return true;  // not in the m-line: of no use, but no harm
    const std::string_view name = take(value, '/');
    const auto clock = number<std::uint32_t>(take(value, '/'));
    const auto channels = value.empty() ? std::optional<std::uint32_t>{1} : number<std::uint32_t>(value);
    if (!is_token(name, kMaxToken) || !clock || *clock == 0 || !channels || *channels == 0) return false;
    known->name = name;
    known->codec = codec_from_name(name);
    known->clock_rate = *clock;
    known->channels = *channels;
    return true;
}

SdpPayload* payload_of(std::string_view& value, SdpMedia& media) {
    const auto type = number<std::uint8_t>(take(value));
    if (!type) return nullptr;
    return const_cast<SdpPayload*>(media.payload({*type}));
}

bool read_fmtp(std::string_view value, SdpMedia& media) {
    SdpPayload* payload = payload_of(value, media);
    if (!payload) return true;
    payload->fmtp = value;
    if (const auto apt = fmtp_parameter(value, "apt")) {
        const auto type = number<std::uint8_t>(*apt);
        if (!type || *type > 127) return false;
        payload->apt = PayloadType{*type};
    }
    return true;
}

bool read_feedback(std::string_view value, SdpMedia& media) {
    if (value.starts_with("* ")) {
        for (SdpPayload& payload : media.payloads) {
            if (payload.feedback.size() == kMaxSdpFeedback) return false;
            payload.feedback.emplace_back(value.substr(2));
        }
        return true;
    }
    SdpPayload* payload = payload_of(value, media);
    if (!payload) return true;
    if (payload->feedback.size() == kMaxSdpFeedback) return false;
    payload->feedback.emplace_back(value);
    return true;
}

/// `l send` or `h send pt=96;max-width=1280`
bool read_rid(std::string_view value, SdpMedia& media) {
    const std::string_view id = take(value), direction = take(value);
    if (!is_token(id, kMaxToken) || (direction != "send" && direction != "recv")) return false;
    if (media.rids.size() == kMaxSdpRids) return false;
    media.rids.push_back({std::string{id}, direction == "send"});
    return true;
}

/// `l;m;~h,h2`: of alternatives the first, paused ones too.
bool read_simulcast_list(std::string_view list, std::vector<std::string>& out) {
    while (!list.empty()) {
        std::string_view alternatives = take(list, ';');
        std::string_view id = take(alternatives, ',');
        if (id.starts_with('~')) id.remove_prefix(1);
        if (!is_token(id, kMaxToken) || out.size() == kMaxSdpRids) return false;
        out.emplace_back(id);
    }
    return !out.empty();
}

bool read_simulcast(std::string_view value, SdpMedia& media) {
    while (!value.empty()) {
        const std::string_view direction = take(value), list = take(value);
        if (direction != "send" && direction != "recv") return false;
        auto& out = direction == "send" ? media.simulcast_send : media.simulcast_receive;
        if (!out.empty() || !read_simulcast_list(list, out)) return false;
    }
    return true;
}

/// `3745167228 cname:…`; other source attributes only make the SSRC known.
bool read_source(std::string_view value, SdpMedia& media) {
    const auto ssrc = number<std::uint32_t>(take(value));
    if (!ssrc) return false;
    auto known = std::find_if(media.sources.begin(), media.sources.end(),
                              [&](const SdpSource& source) { return source.ssrc.value == *ssrc; });
    if (known == media.sources.end()) {
        if (media.sources.size() == kMaxSdpSources) return false;
        known = media.sources.insert(known, SdpSource{{*ssrc}, {}});
    }
    if (value.starts_with("cname:")) known->cname = value.substr(6, kMaxCname);
    return true;
}

bool read_source_group(std::string_view value, SdpMedia& media) {
    if (take(value) != "FID") return true;
    const auto first = number<std::uint32_t>(take(value)), second = number<std::uint32_t>(take(value));
    if (!first || !second || media.repair_pairs.size() == kMaxSdpSources) return false;
    media.repair_pairs.push_back({Ssrc{*first}, Ssrc{*second}});
    return true;
}

}  // namespace

std::optional<Direction> read_direction(std::string_view name) {
    if (name == "sendrecv") return Direction::sendrecv;
    if (name == "sendonly") return Direction::sendonly;
    if (name == "recvonly") return Direction::recvonly;
    if (name == "inactive") return Direction::inactive;
    return {};
}

Outcome read_extension(std::string_view value, std::vector<SdpExtension>& extensions) {
    std::string_view id_text = take(value);
    const auto id = number<std::uint16_t>(take(id_text, '/'));
    const std::string_view uri = take(value);
    if (!id || *id == 0) return Outcome::malformed;
    // RFC 8285 sections 4.2 and 5: 15 is reserved, and those from 4096 on only ask to be renumbered, which we do not.
    if (*id == 15 || *id > 255) return Outcome::taken;
    if (uri.empty() || uri.size() > kMaxUri || extensions.size() == kMaxSdpExtensions) return Outcome::malformed;
    extensions.push_back({static_cast<std::uint8_t>(*id), std::string{uri}});
    return Outcome::taken;
}

Outcome read_transport_attribute(std::string_view name, std::string_view value, RemoteTransport& transport) {
    if (name == "ice-ufrag") {
        transport.ufrag = value;
        return outcome(is_ice_text(value, 4, kMaxIceText));
    }
    if (name == "ice-pwd") {
        transport.password = value;
        return outcome(is_ice_text(value, 22, kMaxIceText));
    }
    if (name == "fingerprint") return outcome(read_fingerprint(value, transport.fingerprint));
    if (name == "setup") return outcome(read_setup(value, transport.setup));
    if (name == "candidate") {
        auto candidate = parse_candidate(value);
        if (!candidate || transport.candidates.size() == kMaxSdpCandidates) return Outcome::malformed;
        transport.candidates.push_back(std::move(*candidate));
        return Outcome::taken;
    }
    return Outcome::unknown;
}

Outcome read_media_attribute(std::string_view name, std::string_view value, SdpMedia& media) {
    if (const auto direction = read_direction(name)) {
        media.direction = *direction;
        return Outcome::taken;
    }
    if (name == "mid") {
        media.mid = value;
        return outcome(is_token(value, kMaxToken));
    }
    if (name == "rtcp-mux") return media.rtcp_mux = true, Outcome::taken;
    if (name == "bundle-only") return media.bundle_only = true, Outcome::taken;
    if (name == "rtcp-rsize") return media.rtcp_reduced_size = true, Outcome::taken;
    if (name == "end-of-candidates") return media.end_of_candidates = true, Outcome::taken;
    if (name == "rtpmap") return outcome(read_rtpmap(value, media));
    if (name == "fmtp") return outcome(read_fmtp(value, media));
    if (name == "rtcp-fb") return outcome(read_feedback(value, media));
    if (name == "extmap") return read_extension(value, media.extensions);
    if (name == "extmap-allow-mixed") return media.extmap_allow_mixed = true, Outcome::taken;
    if (name == "rid") return outcome(read_rid(value, media));
    if (name == "simulcast") return outcome(read_simulcast(value, media));
    if (name == "ssrc") return outcome(read_source(value, media));
    if (name == "ssrc-group") return outcome(read_source_group(value, media));
    if (name == "msid") return media.msid = value, Outcome::taken;
    return Outcome::unknown;
}

}  // namespace confidente::media::sdp
