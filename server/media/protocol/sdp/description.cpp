#include "media/protocol/sdp/description.hpp"

#include <algorithm>

#include "media/protocol/sdp/attributes.hpp"
#include "media/protocol/sdp/lexer.hpp"

namespace confidente::media {
namespace {

using sdp::number;
using sdp::take;
using sdp::take_line;

constexpr std::size_t kMaxQuoted = 60;  // characters of a bad line that go into the detail

Error bad_sdp(std::size_t line, std::string_view text, std::string_view why) {
    std::string shown;
    for (const char c : text.substr(0, kMaxQuoted)) shown += c >= ' ' && c <= '~' ? c : '?';
    return {.kind = ErrorKind::unprocessable,
            .code = "bad_sdp",
            .detail = "Line " + std::to_string(line) + " (" + shown + "): " + std::string{why} + "."};
}

MediaKind kind_of(std::string_view name) {
    return name == "audio" ? MediaKind::audio : name == "video" ? MediaKind::video : MediaKind::other;
}

/// `video 9 UDP/TLS/RTP/SAVPF 96 97`
bool read_media_line(std::string_view value, SdpMedia& media) {
    media.kind_name = take(value);
    media.kind = kind_of(media.kind_name);
    std::string_view port = take(value);
    const auto port_number = number<std::uint16_t>(take(port, '/'));
    media.protocol = take(value);
    media.formats = value;
    if (!sdp::is_token(media.kind_name, 32) || !port_number || !sdp::is_token(media.protocol, 32) || value.empty())
        return false;
    media.port = *port_number;
    if (media.protocol.find("RTP/") == std::string::npos) return true;  // formats of others are not payload types
    while (!value.empty()) {
        const auto type = number<std::uint8_t>(take(value));
        if (!type || *type > 127 || media.payloads.size() == kMaxSdpPayloads || media.payload({*type})) return false;
        SdpPayload payload;
        payload.type = {*type};
        media.payloads.push_back(std::move(payload));
    }
    return true;
}

/// Reads line by line; session level first, then one section per m-line.
class Parser {
public:
    Result<SessionDescription> run(std::string_view text) {
        while (!text.empty()) {
            const std::string_view line = take_line(text);
            if (line.empty() && text.empty()) break;
            if (++line_ > kMaxSdpLines) return bad_sdp(line_, line, "there are too many lines");
            if (const char* why = read(line)) return bad_sdp(line_, line, why);
        }
        if (line_ == 0) return bad_sdp(1, "", "there is nothing");
        if (description_.media.empty()) return bad_sdp(line_, "", "there is no m-line");
        inherit();
        return std::move(description_);
    }

private:
    /// What is wrong with the line, or null.
    const char* read(std::string_view line) {
        if (line.size() < 2 || line[1] != '=' || line.size() > kMaxSdpLineBytes) return "it is no SDP line";
        for (const char c : line)
            if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) return "it has a control character";
        const std::string_view value = line.substr(2);
        if (line_ == 1) return line == "v=0" ? nullptr : "the first line must be v=0";
        switch (line[0]) {
            case 'o':
                description_.origin = value;
                return nullptr;
            case 'm':
                return read_media(value);
            case 'a':
                return read_attribute(value);
            default:
                return line[0] >= 'a' && line[0] <= 'z' ? nullptr : "its type is unknown";
        }
    }

    const char* read_media(std::string_view value) {
        if (description_.media.size() == kMaxSdpMedia) return "there are too many m-lines";
        SdpMedia media;
        media.direction = session_.direction;
        if (!read_media_line(value, media)) return "the m-line is malformed";
        description_.media.push_back(std::move(media));
        return nullptr;
    }

    const char* read_attribute(std::string_view value) {
        const std::string_view name = take(value, ':');
        SdpMedia* media = description_.media.empty() ? nullptr : &description_.media.back();
        auto outcome = sdp::read_transport_attribute(name, value, media ? media->transport : session_.transport);
        if (outcome == sdp::Outcome::unknown)
            outcome = media ? sdp::read_media_attribute(name, value, *media) : read_session_attribute(name, value);
        return outcome == sdp::Outcome::malformed ? "the attribute is malformed or there are too many of it" : nullptr;
    }

    sdp::Outcome read_session_attribute(std::string_view name, std::string_view value) {
        if (const auto direction = sdp::read_direction(name)) session_.direction = *direction;
        if (name == "extmap") return sdp::read_extension(value, session_.extensions);
        if (name == "extmap-allow-mixed") return session_.extmap_allow_mixed = true, sdp::Outcome::taken;
        if (name != "group" || take(value) != "BUNDLE") return sdp::Outcome::unknown;
        while (!value.empty()) {
            const std::string_view mid = take(value);
            if (!sdp::is_token(mid, 64) || description_.bundle.size() == kMaxSdpMedia) return sdp::Outcome::malformed;
            description_.bundle.emplace_back(mid);
        }
        return sdp::Outcome::taken;
    }

    void inherit() {
        for (SdpMedia& media : description_.media) {
            RemoteTransport& own = media.transport;
            const RemoteTransport& above = session_.transport;
            if (own.ufrag.empty()) own.ufrag = above.ufrag;
            if (own.password.empty()) own.password = above.password;
            if (own.fingerprint.hex.empty()) own.fingerprint = above.fingerprint;
            if (own.setup == SetupRole::actpass) own.setup = above.setup;
            if (own.candidates.empty()) own.candidates = above.candidates;
            media.extmap_allow_mixed = media.extmap_allow_mixed || session_.extmap_allow_mixed;
            for (const SdpExtension& extension : session_.extensions)
                if (media.extensions.size() < kMaxSdpExtensions) media.extensions.push_back(extension);
        }
    }

    SessionDescription description_;
    sdp::SessionLevel session_;
    std::size_t line_ = 0;
};

}  // namespace

std::string_view to_string(MediaKind kind) {
    return kind == MediaKind::audio ? "audio" : kind == MediaKind::video ? "video" : "other";
}

std::string_view to_string(Direction direction) {
    switch (direction) {
        case Direction::sendrecv:
            return "sendrecv";
        case Direction::sendonly:
            return "sendonly";
        case Direction::recvonly:
            return "recvonly";
        case Direction::inactive:
            break;
    }
    return "inactive";
}

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        std::string_view value = take(fmtp, ';');
        while (value.starts_with(' ')) value.remove_prefix(1);
        if (take(value, '=') == name) return value;
    }
    return {};
}

const SdpPayload* SdpMedia::payload(PayloadType type) const {
    const auto found =
        std::find_if(payloads.begin(), payloads.end(), [&](const SdpPayload& payload) { return payload.type == type; });
    return found == payloads.end() ? nullptr : &*found;
}

std::uint8_t SdpMedia::extension_id(std::string_view uri) const {
    for (const SdpExtension& extension : extensions)
        if (extension.uri == uri) return extension.id;
    return 0;
}

Result<SessionDescription> SessionDescription::parse(std::string_view text) {
    if (text.size() > kMaxSdpBytes)
        return Error{
            .kind = ErrorKind::too_large, .code = "bad_sdp", .detail = "The description is longer than 64 KiB."};
    return Parser{}.run(text);
}

std::optional<IceCandidate> parse_candidate(std::string_view value) {
    IceCandidate candidate;
    candidate.foundation = take(value);
    const auto component = number<std::uint32_t>(take(value));
    candidate.protocol = take(value);
    const auto priority = number<std::uint32_t>(take(value));
    candidate.ip = take(value);
    const auto port = number<std::uint16_t>(take(value));
    const bool typed = take(value) == "typ";
    candidate.type = take(value);
    const bool address = !candidate.ip.empty() && candidate.ip.size() <= 253 &&
                         candidate.ip.find_first_not_of(
                             "0123456789abcdefABCDEF:.-ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
    if (!sdp::is_token(candidate.foundation, 32) || !component || *component == 0 || *component > 256 || !priority ||
        !port || !typed || !address || !sdp::is_token(candidate.protocol, 32) || !sdp::is_token(candidate.type, 32))
        return {};
    candidate.component = *component;
    candidate.priority = *priority;
    candidate.port = *port;
    return candidate;
}

Result<TrickleFragment> TrickleFragment::parse(std::string_view text) {
    const auto bad = [](std::size_t line, std::string_view why) {
        return Error{.kind = ErrorKind::unprocessable,
                     .code = "bad_fragment",
                     .detail = "Line " + std::to_string(line) + ": " + std::string{why} + "."};
    };
    constexpr std::size_t kMaxFragmentLines = 4 * kMaxSdpCandidates;
    if (text.size() > kMaxSdpBytes) return bad(1, "the fragment is too long");
    TrickleFragment fragment;
    RemoteTransport transport;
    std::size_t line_number = 0;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty() && text.empty()) break;
        if (++line_number > kMaxFragmentLines) return bad(line_number, "there are too many lines");
        if (line.size() < 2 || line[1] != '=' || line.size() > kMaxSdpLineBytes)
            return bad(line_number, "it is no SDP line");
        if (line[0] != 'a') continue;
        std::string_view value = line.substr(2);
        const std::string_view name = take(value, ':');
        if (name == "end-of-candidates") fragment.end_of_candidates = true;
        if (sdp::read_transport_attribute(name, value, transport) == sdp::Outcome::malformed)
            return bad(line_number, "the attribute is malformed");
    }
    if (line_number == 0) return bad(1, "there is nothing");
    fragment.ufrag = std::move(transport.ufrag);
    fragment.password = std::move(transport.password);
    fragment.candidates = std::move(transport.candidates);
    return fragment;
}

}  // namespace confidente::media
