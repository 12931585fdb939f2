// Offer and answer (RFC 8829, RFC 9725) as this server plays them: a publisher's offer is answered recvonly, a
// viewer's sendonly in the publisher's codec; ICE-lite, DTLS passive, everything in one BUNDLE over one candidate list.
// Also the offers of our own client (demo publisher, load generator). Sans-IO and without randomness: secrets, SSRCs
// and ids come in.
//
// Errors: `bad_offer` (unprocessable) when a well-formed offer cannot be answered; the detail says why.
// Invariants: an m-line that is not wanted (application, a second video, another protocol) is refused with port 0 and
// keeps its place; the answer has exactly the offer's m-lines. Of one offer at most one audio and one video are
// accepted, and at least one of the two. No address of the other side appears in anything written here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "media/protocol/sdp/description.hpp"

namespace confidente::media {

inline constexpr std::string_view kExtensionMid = "urn:ietf:params:rtp-hdrext:sdes:mid";
inline constexpr std::string_view kExtensionRid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
inline constexpr std::string_view kExtensionRepairedRid = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
inline constexpr std::string_view kExtensionTransportCc =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
inline constexpr std::string_view kExtensionAbsSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

inline constexpr std::string_view kExtensionDependency =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// Ids of RTP header extensions in force; 0 = not in use.
struct ExtensionIds {
    std::uint8_t mid = 0, rid = 0, repaired_rid = 0, transport_cc = 0, abs_send_time = 0;
    std::uint8_t dependency = 0;  ///< only for VP9 and AV1, and with extmap-allow-mixed: keyframes' need the long form
};

enum class CandidateProtocol : std::uint8_t { udp, tcp };

/// Where we can be reached. Over TCP we only wait (RFC 6544: `tcptype passive`).
struct HostCandidate {
    std::string ip;
    std::uint16_t port = 0;
    CandidateProtocol protocol = CandidateProtocol::udp;
};

/// Our side of the transport. Every string here is ours and safe to write into SDP.
struct LocalTransport {
    std::string ufrag, password;
    Fingerprint fingerprint;
    std::vector<HostCandidate> candidates;
    std::uint64_t session_id = 0;             ///< of the o-line
    std::uint32_t start_bitrate_kbps = 2500;  ///< `x-google-start-bitrate`: starts every simulcast layer at once
};

/// One accepted m-line: what session, routing and engine need.
struct NegotiatedMedia {
    MediaKind kind = MediaKind::other;
    std::string mid;
    std::size_t m_line = 0;  ///< its place in the SDP
    Codec codec = Codec::other;
    PayloadType payload_type;
    std::optional<PayloadType> rtx_payload_type;
    std::uint32_t clock_rate = 90'000;
    std::uint32_t channels = 1;
    std::string fmtp;  ///< as the offer wrote it
    ExtensionIds extensions;
    bool nack = false, pli = false, fir = false, transport_cc = false;
    std::vector<std::string> rids;  ///< simulcast layers in the offer's order; empty = one stream

    // Who sends: announced by the offer of a publisher (may be empty, SSRCs are then latched), ours towards a viewer.
    std::optional<Ssrc> ssrc, rtx_ssrc;
    std::string cname;
};

/// What an offer and its answer agreed on.
struct Negotiated {
    std::string sdp;  ///< the answer; empty where we were the offerer
    RemoteTransport remote;
    bool reduced_size_rtcp = false;
    std::vector<NegotiatedMedia> media;  ///< accepted ones, in order of their m-lines
};

/// WHIP. H.264 packetization-mode=1 (constrained baseline, baseline, main, high), then VP8, VP9, AV1; Opus.
Result<Negotiated> make_publish_answer(const SessionDescription& offer, const LocalTransport& local);

/// What a viewer can be given.
struct PublishedTrack {
    NegotiatedMedia published;  ///< as make_publish_answer gave it
    Ssrc ssrc, rtx_ssrc;        ///< fresh, for this viewer
};

/// WHEP. Chooses in the viewer's offer the payload type that can carry the publisher's codec. A track that the viewer
/// cannot play or did not ask for is left out; with no track left it is `bad_offer`. `media[i]` is the answer to
/// `tracks[j]` with the same kind.
Result<Negotiated> make_play_answer(const SessionDescription& offer, const LocalTransport& local,
                                    std::span<const PublishedTrack> tracks, std::string_view cname);

/// What answers an ICE restart (RFC 9725 section 4.3.3): our new credentials and candidates, under the m-line that
/// carries the BUNDLE.
std::string make_restart_fragment(const LocalTransport& local, const NegotiatedMedia& bundled);

/// Whether something published as `published` can be sent under `offered` of a viewer.
bool can_carry(const NegotiatedMedia& published, const SdpPayload& offered);

// --- our own client --------------------------------------------------------------------------------------------------

struct PublishOffer {
    std::vector<std::string> rids;  ///< at most three; empty = one stream
    Ssrc video, video_rtx, audio;   ///< announced only without rids (simulcast SSRCs are latched)
    std::string cname;
};
/// H.264 constrained baseline with RTX, and Opus, sendonly; actpass.
std::string make_publish_offer(const LocalTransport& local, const PublishOffer& offer);
/// H.264 and Opus, recvonly.
std::string make_play_offer(const LocalTransport& local);
/// Reads the answer to one of the two. `sdp` stays empty.
Result<Negotiated> read_answer(const SessionDescription& answer);

}  // namespace confidente::media
