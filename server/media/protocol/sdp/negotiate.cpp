#include "media/protocol/sdp/negotiate.hpp"

#include <algorithm>

#include "media/protocol/sdp/compose.hpp"
#include "media/protocol/sdp/formats.hpp"

namespace confidente::media {
namespace {

Error bad_offer(std::string why) {
    return {.kind = ErrorKind::unprocessable, .code = "bad_offer", .detail = std::move(why)};
}

bool has_feedback(const SdpPayload& payload, std::string_view what) {
    return std::find(payload.feedback.begin(), payload.feedback.end(), what) != payload.feedback.end();
}

/// What both sides have in common in this m-line, in the payload chosen.
NegotiatedMedia describe(const SdpMedia& media, const SdpPayload& payload, std::size_t m_line) {
    NegotiatedMedia result;
    result.kind = media.kind;
    result.mid = media.mid;
    result.m_line = m_line;
    result.codec = payload.codec;
    result.payload_type = payload.type;
    result.rtx_payload_type = sdp::rtx_of(media, payload.type);
    result.clock_rate = payload.clock_rate;
    result.channels = payload.channels;
    result.fmtp = payload.fmtp;
    result.extensions = {.mid = media.extension_id(kExtensionMid),
                         .rid = 0,
                         .repaired_rid = 0,
                         .transport_cc = media.extension_id(kExtensionTransportCc),
                         .abs_send_time = media.extension_id(kExtensionAbsSendTime),
                         .dependency = 0};
    if (media.extmap_allow_mixed && (payload.codec == Codec::vp9 || payload.codec == Codec::av1))
        result.extensions.dependency = media.extension_id(kExtensionDependency);
    result.nack = has_feedback(payload, "nack");
    result.pli = has_feedback(payload, "nack pli");
    result.fir = has_feedback(payload, "ccm fir");
    result.transport_cc = has_feedback(payload, "transport-cc") && result.extensions.transport_cc != 0;
    if (!result.transport_cc) result.extensions.transport_cc = 0;
    if (!result.nack) result.rtx_payload_type.reset();
    return result;
}

/// Whether this m-line is one that can be answered at all, whatever its codecs.
bool is_answerable(const SdpMedia& media, bool they_send) {
    if (media.kind == MediaKind::other || media.protocol != "UDP/TLS/RTP/SAVPF") return false;
    if ((media.port == 0 && !media.bundle_only) || media.mid.empty() || !media.rtcp_mux) return false;
    const Direction wanted = they_send ? Direction::sendonly : Direction::recvonly;
    return media.direction == wanted || media.direction == Direction::sendrecv;
}

/// The SSRCs that a publisher without simulcast announces.
void read_sources(const SdpMedia& media, NegotiatedMedia& result) {
    if (!media.sources.empty()) {
        result.ssrc = media.sources.front().ssrc;
        result.cname = media.sources.front().cname;
    }
    if (!media.repair_pairs.empty()) {
        result.ssrc = media.repair_pairs.front().first;
        result.rtx_ssrc = media.repair_pairs.front().second;
    }
}

/// The layers of a video m-line that both the simulcast line and rid lines name, the first three.
void read_layers(const SdpMedia& media, NegotiatedMedia& result) {
    const std::uint8_t rid = media.extension_id(kExtensionRid);
    if (media.kind != MediaKind::video || media.simulcast_send.empty() || rid == 0 || result.extensions.mid == 0)
        return;
    for (const std::string& id : media.simulcast_send) {
        const bool sent = std::any_of(media.rids.begin(), media.rids.end(),
                                      [&](const SdpRid& known) { return known.send && known.id == id; });
        const bool twice = std::find(result.rids.begin(), result.rids.end(), id) != result.rids.end();
        // RFC 8851 asks for alphanumerics, `-` and `_`; the length fits a one-byte header extension.
        if (sent && !twice && id.size() <= 16 && result.rids.size() < kMaxSimulcastLayers) result.rids.push_back(id);
    }
    if (result.rids.empty()) return;
    result.extensions.rid = rid;
    result.extensions.repaired_rid = media.extension_id(kExtensionRepairedRid);
}

/// The transport of the BUNDLE: the tagged m-line's, which must have everything (RFC 9143 section 7.2).
Result<RemoteTransport> bundle_transport(const SessionDescription& offer, std::span<const NegotiatedMedia> accepted) {
    for (const NegotiatedMedia& media : accepted)
        if (std::find(offer.bundle.begin(), offer.bundle.end(), media.mid) == offer.bundle.end())
            return bad_offer("All media must be in one BUNDLE group.");
    const auto tagged = std::find_if(offer.media.begin(), offer.media.end(),
                                     [&](const SdpMedia& media) { return media.mid == offer.bundle.front(); });
    const SdpMedia& media = tagged != offer.media.end() && !tagged->transport.fingerprint.hex.empty()
                                ? *tagged
                                : offer.media[accepted.front().m_line];
    const RemoteTransport& transport = media.transport;
    if (transport.ufrag.empty() || transport.password.empty()) return bad_offer("There are no ICE credentials.");
    if (transport.fingerprint.hex.empty()) return bad_offer("There is no fingerprint in SHA-256, SHA-384 or SHA-512.");
    return transport;
}

bool has_duplicate_mids(const SessionDescription& offer) {
    for (std::size_t i = 0; i < offer.media.size(); ++i)
        for (std::size_t j = i + 1; j < offer.media.size(); ++j)
            if (!offer.media[i].mid.empty() && offer.media[i].mid == offer.media[j].mid) return true;
    return false;
}

/// Checks what `accepted` shares and writes the answer.
Result<Negotiated> finish(const SessionDescription& offer, const LocalTransport& local,
                          std::vector<NegotiatedMedia> accepted, Direction direction) {
    if (has_duplicate_mids(offer)) return bad_offer("Two m-lines have the same mid.");
    TRY(auto remote, bundle_transport(offer, accepted));
    if (remote.setup == SetupRole::passive) return bad_offer("The DTLS setup must be actpass or active.");
    Negotiated result;
    result.remote = std::move(remote);
    result.sdp = sdp::session_lines(local, accepted, true);
    result.reduced_size_rtcp = true;
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const auto own = std::find_if(accepted.begin(), accepted.end(),
                                      [&](const NegotiatedMedia& media) { return media.m_line == i; });
        if (own == accepted.end()) {
            result.sdp += sdp::refused_lines(offer.media[i]);
            continue;
        }
        sdp::WrittenMedia written{
            .direction = direction, .setup = SetupRole::passive, .extra_fmtp = {}, .candidates = {}};
        written.candidates = own == accepted.begin();
        written.reduced_size_rtcp = offer.media[i].rtcp_reduced_size;
        if (direction == Direction::recvonly && own->kind == MediaKind::video)
            written.extra_fmtp = "x-google-start-bitrate=" + std::to_string(local.start_bitrate_kbps);
        result.sdp += sdp::media_lines(local, *own, written);
        result.reduced_size_rtcp = result.reduced_size_rtcp && offer.media[i].rtcp_reduced_size;
    }
    result.media = std::move(accepted);
    return result;
}

bool has_kind(std::span<const NegotiatedMedia> accepted, MediaKind kind) {
    return std::any_of(accepted.begin(), accepted.end(),
                       [&](const NegotiatedMedia& media) { return media.kind == kind; });
}

}  // namespace

Result<Negotiated> make_publish_answer(const SessionDescription& offer, const LocalTransport& local) {
    std::vector<NegotiatedMedia> accepted;
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const SdpMedia& media = offer.media[i];
        if (!is_answerable(media, true) || has_kind(accepted, media.kind)) continue;
        const SdpPayload* payload = sdp::choose_published(media);
        if (!payload) continue;
        NegotiatedMedia negotiated = describe(media, *payload, i);
        read_layers(media, negotiated);
        if (negotiated.rids.empty()) read_sources(media, negotiated);
        accepted.push_back(std::move(negotiated));
    }
    if (accepted.empty())
        return bad_offer(
            "Nothing here can be received: it takes UDP/TLS/RTP/SAVPF with rtcp-mux and a mid, sendonly, "
            "in H.264, VP8, VP9, AV1 or Opus.");
    return finish(offer, local, std::move(accepted), Direction::recvonly);
}

Result<Negotiated> make_play_answer(const SessionDescription& offer, const LocalTransport& local,
                                    std::span<const PublishedTrack> tracks, std::string_view cname) {
    std::vector<NegotiatedMedia> accepted;
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        const SdpMedia& media = offer.media[i];
        if (!is_answerable(media, false) || has_kind(accepted, media.kind)) continue;
        const auto track = std::find_if(tracks.begin(), tracks.end(),
                                        [&](const PublishedTrack& one) { return one.published.kind == media.kind; });
        const SdpPayload* payload = track == tracks.end() ? nullptr : sdp::choose_played(media, track->published);
        if (!payload) continue;
        NegotiatedMedia negotiated = describe(media, *payload, i);
        negotiated.ssrc = track->ssrc;
        if (negotiated.rtx_payload_type) negotiated.rtx_ssrc = track->rtx_ssrc;
        negotiated.cname = cname;
        if (track->published.extensions.dependency == 0) negotiated.extensions.dependency = 0;
        accepted.push_back(std::move(negotiated));
    }
    if (accepted.empty()) return bad_offer("Nothing that is published can be played with this offer.");
    return finish(offer, local, std::move(accepted), Direction::sendonly);
}

std::string make_restart_fragment(const LocalTransport& local, const NegotiatedMedia& bundled) {
    return sdp::fragment_lines(local, bundled);
}

namespace {

// The offers of our own client: numbers of our choice.
NegotiatedMedia own_video() {
    NegotiatedMedia video;
    video.kind = MediaKind::video;
    video.mid = "0";
    video.codec = Codec::h264;
    video.payload_type = {108};
    video.rtx_payload_type = PayloadType{109};
    video.fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    video.extensions = {.mid = 1, .rid = 0, .repaired_rid = 0, .transport_cc = 4, .abs_send_time = 5, .dependency = 0};
    video.nack = video.pli = video.fir = video.transport_cc = true;
    return video;
}

NegotiatedMedia own_audio() {
    NegotiatedMedia audio;
    audio.kind = MediaKind::audio;
    audio.mid = "1";
    audio.m_line = 1;
    audio.codec = Codec::opus;
    audio.payload_type = {111};
    audio.clock_rate = 48'000;
    audio.channels = 2;
    audio.extensions = {.mid = 1, .rid = 0, .repaired_rid = 0, .transport_cc = 4, .abs_send_time = 5, .dependency = 0};
    audio.transport_cc = true;
    return audio;
}

std::string write_offer(const LocalTransport& local, const NegotiatedMedia& video, const NegotiatedMedia& audio,
                        Direction direction) {
    const NegotiatedMedia media[] = {video, audio};
    sdp::WrittenMedia written{
        .direction = direction, .setup = SetupRole::actpass, .extra_fmtp = {}, .candidates = true};
    std::string lines = sdp::session_lines(local, media, false) + sdp::media_lines(local, video, written);
    written.candidates = false;
    return lines + sdp::media_lines(local, audio, written);
}

}  // namespace

std::string make_publish_offer(const LocalTransport& local, const PublishOffer& offer) {
    NegotiatedMedia video = own_video(), audio = own_audio();
    audio.ssrc = offer.audio;
    video.cname = audio.cname = offer.cname;
    video.rids = offer.rids;
    if (offer.rids.empty()) {
        video.ssrc = offer.video;
        video.rtx_ssrc = offer.video_rtx;
    } else {
        video.extensions.rid = 2;
        video.extensions.repaired_rid = 3;
    }
    return write_offer(local, video, audio, Direction::sendonly);
}

std::string make_play_offer(const LocalTransport& local) {
    return write_offer(local, own_video(), own_audio(), Direction::recvonly);
}

Result<Negotiated> read_answer(const SessionDescription& answer) {
    Negotiated result;
    result.reduced_size_rtcp = true;
    for (std::size_t i = 0; i < answer.media.size(); ++i) {
        const SdpMedia& media = answer.media[i];
        if (media.port == 0 || media.kind == MediaKind::other) continue;
        const auto payload = std::find_if(media.payloads.begin(), media.payloads.end(),
                                          [](const SdpPayload& one) { return one.codec != Codec::other; });
        if (payload == media.payloads.end()) continue;
        NegotiatedMedia negotiated = describe(media, *payload, i);
        negotiated.extensions.rid = media.extension_id(kExtensionRid);
        negotiated.extensions.repaired_rid = media.extension_id(kExtensionRepairedRid);
        negotiated.rids = media.simulcast_receive;
        read_sources(media, negotiated);
        result.reduced_size_rtcp = result.reduced_size_rtcp && media.rtcp_reduced_size;
        result.media.push_back(std::move(negotiated));
    }
    if (result.media.empty()) return bad_offer("The answer accepts nothing.");
    TRY(auto remote, bundle_transport(answer, result.media));
    result.remote = std::move(remote);
    return result;
}

}  // namespace confidente::media
