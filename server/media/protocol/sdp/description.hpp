// Session descriptions of WebRTC (RFC 8866, RFC 8829, RID RFC 8851, simulcast RFC 8853) read into values, and the
// trickle fragments of WHIP and WHEP (RFC 8840, RFC 9725). Sans-IO.
//
// Errors: `bad_sdp` (unprocessable), `bad_fragment` for fragments; the detail names the line. Unknown attributes are
// skipped, broken known ones are errors.
// Invariants: every list has its limit below; a description beyond one is an error, never cut.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/protocol/codecs/codec.hpp"
#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/result.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxSdpBytes = 64 * 1024;
inline constexpr std::size_t kMaxSdpLines = 2'000;  ///< a Chromium offer with everything on has some 300
inline constexpr std::size_t kMaxSdpLineBytes = 4'096;
inline constexpr std::size_t kMaxSdpMedia = 16;
inline constexpr std::size_t kMaxSdpPayloads = 64;     ///< per m-line
inline constexpr std::size_t kMaxSdpFeedback = 16;     ///< rtcp-fb lines per payload type
inline constexpr std::size_t kMaxSdpExtensions = 32;   ///< per m-line
inline constexpr std::size_t kMaxSdpRids = 8;          ///< per m-line, before our own limit of layers
inline constexpr std::size_t kMaxSdpSources = 16;      ///< ssrc per m-line
inline constexpr std::size_t kMaxSdpCandidates = 64;   ///< per description and per fragment
inline constexpr std::size_t kMaxSimulcastLayers = 3;  ///< accepted from a publisher

enum class MediaKind : std::uint8_t { audio, video, other };
enum class Direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };
enum class SetupRole : std::uint8_t { actpass, active, passive };
std::string_view to_string(MediaKind kind);
std::string_view to_string(Direction direction);

struct Fingerprint {
    std::string algorithm;  ///< `sha-256`, `sha-384`, `sha-512`, lower case
    std::string hex;        ///< upper case, colons, as SDP writes it
    bool operator==(const Fingerprint&) const = default;
};

/// `a=candidate:` (RFC 8839 section 5.1). `ip` is text: a literal, or an `.local` name of mDNS.
struct IceCandidate {
    std::string foundation, protocol, ip, type;
    std::uint32_t component = 1, priority = 0;
    std::uint16_t port = 0;
};

struct SdpPayload {
    PayloadType type;
    std::string name;  ///< encoding name as written: `H264`, `rtx`, `opus`
    Codec codec = Codec::other;
    std::uint32_t clock_rate = 0;
    std::uint32_t channels = 1;
    std::string fmtp;                   ///< parameters, as written
    std::vector<std::string> feedback;  ///< `nack pli`, `transport-cc`, …
    std::optional<PayloadType> apt;     ///< of an rtx payload: what it repeats
};
/// The value of `name` in an fmtp string, or nothing.
std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name);

struct SdpExtension {
    std::uint8_t id = 0;
    std::string uri;
};
struct SdpRid {
    std::string id;
    bool send = false;
};
struct SdpSource {
    Ssrc ssrc;
    std::string cname;
};

/// What ICE and DTLS need of the other side.
struct RemoteTransport {
    std::string ufrag, password;
    Fingerprint fingerprint;
    SetupRole setup = SetupRole::actpass;
    std::vector<IceCandidate> candidates;
};

struct SdpMedia {
    MediaKind kind = MediaKind::other;
    std::string kind_name;  ///< as written: `audio`, `application`
    std::uint16_t port = 0;
    std::string protocol;  ///< `UDP/TLS/RTP/SAVPF`
    std::string formats;   ///< the rest of the m-line, to refuse it in its own words
    std::string mid;
    Direction direction = Direction::sendrecv;
    bool rtcp_mux = false, rtcp_reduced_size = false;
    bool extmap_allow_mixed = false;  ///< both forms of header extensions in one stream (RFC 8285 section 6)
    bool bundle_only = false;         ///< port 0 is then no refusal (RFC 9143 section 6)
    bool end_of_candidates = false;
    RemoteTransport transport;  ///< session-level values where the media has none of its own
    std::vector<SdpPayload> payloads;
    std::vector<SdpExtension> extensions;
    std::vector<SdpRid> rids;
    std::vector<std::string> simulcast_send, simulcast_receive;  ///< first alternative of each, without `~`
    std::vector<SdpSource> sources;
    std::vector<std::pair<Ssrc, Ssrc>> repair_pairs;  ///< ssrc-group FID: media, rtx
    std::string msid;

    const SdpPayload* payload(PayloadType type) const;
    /// The id of a header extension, 0 = not offered.
    std::uint8_t extension_id(std::string_view uri) const;
};

struct SessionDescription {
    std::string origin;  ///< the o-line's value
    std::vector<std::string> bundle;
    std::vector<SdpMedia> media;

    static Result<SessionDescription> parse(std::string_view text);
};

/// The body of a PATCH, `application/trickle-ice-sdpfrag`.
struct TrickleFragment {
    std::string ufrag, password;  ///< empty when absent
    std::vector<IceCandidate> candidates;
    bool end_of_candidates = false;

    static Result<TrickleFragment> parse(std::string_view text);
};

/// The part of a candidate after `candidate:`; nothing when malformed.
std::optional<IceCandidate> parse_candidate(std::string_view value);

}  // namespace confidente::media
