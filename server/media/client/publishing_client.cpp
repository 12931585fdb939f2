#include "media/client/publishing_client.hpp"

#include <algorithm>
#include <variant>

#include "media/protocol/codecs/h264.hpp"

namespace confidente::media {

namespace {
constexpr Duration kReportEvery = 1s;

ClientOffer new_client(const Certificate& certificate, const SocketAddress& local, Random& random,
                       LocalTransport& transport) {
    ClientOffer offer;
    offer.ice = make_ice_credentials(random);
    offer.published = {.rids = {},
                       .video = {random.u32()},
                       .video_rtx = {random.u32()},
                       .audio = {random.u32()},
                       .cname = random.token(16)};
    transport.ufrag = offer.ice.ufrag;
    transport.password = offer.ice.pwd;
    transport.fingerprint = {"sha-256", to_string(certificate.hash())};
    transport.candidates = {{local.ip_text(), local.port}};
    transport.session_id = random.u64() >> 1;
    return offer;
}

/// Any clock that runs evenly will do: receivers only compare our streams with one another.
NtpTime ntp_of(Instant now) {
    const auto ns = static_cast<std::uint64_t>(now.ns);
    return {(ns / 1'000'000'000) << 32 | ((ns % 1'000'000'000) << 32) / 1'000'000'000};
}
}  // namespace

ClientOffer make_client_publish_offer(const Certificate& certificate, const SocketAddress& local, Random& random) {
    LocalTransport transport;
    auto offer = new_client(certificate, local, random, transport);
    offer.sdp = make_publish_offer(transport, offer.published);
    return offer;
}

ClientOffer make_client_play_offer(const Certificate& certificate, const SocketAddress& local, Random& random) {
    LocalTransport transport;
    auto offer = new_client(certificate, local, random, transport);
    offer.sdp = make_play_offer(transport);
    return offer;
}

Result<ClientAnswer> read_client_answer(const std::string& sdp) {
    const auto bad = [](std::string detail) {
        return Error{ErrorKind::unprocessable, "bad_answer", std::move(detail)};
    };
    TRY(const auto description, SessionDescription::parse(sdp));
    ClientAnswer answer;
    TRY(answer.negotiated, read_answer(description));
    const auto& remote = answer.negotiated.remote;
    const auto hash = parse_certificate_hash(remote.fingerprint.hex);
    if (remote.fingerprint.algorithm != "sha-256" || !hash) return bad("The answer needs a sha-256 fingerprint.");
    answer.certificate = *hash;
    for (const auto& candidate : remote.candidates) {
        if (candidate.protocol != "udp" && candidate.protocol != "UDP") continue;
        if (const auto address = SocketAddress::parse(candidate.ip, candidate.port)) {
            answer.remote = *address;
            return answer;
        }
    }
    return bad("The answer has no UDP candidate.");
}

PeerConfig client_peer(const ClientOffer& offer, const ClientAnswer& answer) {
    return {.role = PeerRole::client,
            .ours = offer.ice,
            .theirs = {answer.negotiated.remote.ufrag, answer.negotiated.remote.password},
            .their_certificate = answer.certificate,
            .remote = answer.remote};
}

PublishingClient::PublishingClient(const ClientOffer& offer, ClientAnswer answer, const Certificate& certificate,
                                   Random& random, Instant now)
    : peer_(client_peer(offer, answer), certificate, random, now),
      cname_(offer.published.cname),
      ring_(kClientRepeatRing),
      transport_sequence_{random.u16()},
      next_report_(now + kReportEvery) {
    for (auto& media : answer.negotiated.media) {
        const bool video = media.kind == MediaKind::video;
        auto& sender = video ? video_ : audio_;
        sender.emplace(Sender{.media = std::move(media),
                              .ssrc = video ? offer.published.video : offer.published.audio,
                              .rtx_ssrc = offer.published.video_rtx,
                              .sequence = {static_cast<std::uint16_t>(random.below(0x8000))},
                              .rtx_sequence = {static_cast<std::uint16_t>(random.below(0x8000))},
                              .offset = {random.u32()},
                              .last_timestamp = {},
                              .last_at = now});
    }
}

void PublishingClient::receive(Datagram datagram, Instant now, Outbox& out) {
    const auto received = peer_.receive(datagram, now, out);
    if (received.kind != ReceivedKind::rtcp || !video_) return;
    RtcpReader reader(received.bytes);
    while (const auto packet = reader.next()) {
        if (const auto* nack = std::get_if<Nack>(&*packet)) {
            if (nack->media != video_->ssrc) continue;
            nack->for_each([&](SeqNo lost) { repeat(lost, now, out); });
        } else if (std::holds_alternative<PictureLoss>(*packet) || std::holds_alternative<FullIntraRequest>(*packet)) {
            keyframe_asked_ = true;
            ++counters_.keyframes_asked;
        }
    }
}

void PublishingClient::tick(Instant now, Outbox& out) {
    if (peer_.deadline().at <= now) peer_.tick(now, out);
    if (now < next_report_) return;
    next_report_ = now + kReportEvery;
    if (video_) report(*video_, now, out);
    if (audio_) report(*audio_, now, out);
}

Instant PublishingClient::deadline() const { return std::min(peer_.deadline().at, next_report_); }

bool PublishingClient::take_keyframe_request() { return std::exchange(keyframe_asked_, false); }

void PublishingClient::close(Instant now, Outbox& out) { peer_.close(now, out); }

void PublishingClient::send_video(Bytes annexb, std::uint32_t timestamp, Instant now, Outbox& out) {
    if (!video_) return;
    const auto payloads = packetize_h264(annexb, kClientPayloadBytes);
    for (std::size_t i = 0; i < payloads.size(); ++i)
        send(*video_, timestamp, i + 1 == payloads.size(), payloads[i], now, out);
}

void PublishingClient::send_audio(Bytes opus, std::uint32_t timestamp, Instant now, Outbox& out) {
    if (audio_) send(*audio_, timestamp, false, opus, now, out);
}

void PublishingClient::send(Sender& sender, std::uint32_t timestamp, bool marker, Bytes payload, Instant now,
                            Outbox& out) {
    if (peer_.state() != PeerState::connected) return;
    const RtpHeader header{.payload_type = sender.media.payload_type,
                           .sequence = sender.sequence,
                           .timestamp = sender.offset + timestamp,
                           .ssrc = sender.ssrc,
                           .marker = marker};
    sender.sequence = sender.sequence + 1;
    sender.last_timestamp = header.timestamp;
    sender.last_at = now;
    ++sender.packets;
    sender.octets += static_cast<std::uint32_t>(payload.size());
    if (video_ && &sender == &*video_) {
        auto& slot = ring_[header.sequence.value % kClientRepeatRing];
        slot.sequence = header.sequence;
        slot.timestamp = header.timestamp;
        slot.marker = marker;
        slot.payload.assign(payload.begin(), payload.end());
    }
    if (write(sender, header, std::nullopt, payload, now, out)) ++counters_.packets;
}

bool PublishingClient::write(const Sender& sender, const RtpHeader& header, std::optional<SeqNo> repeats, Bytes payload,
                             Instant now, Outbox& out) {
    const auto room = out.room();
    if (room.empty()) return false;
    std::array<std::uint8_t, 2> transport{};
    store_be16(transport.data(), transport_sequence_.value);
    const auto& ids = sender.media.extensions;
    const std::array<RtpExtension, 2> extensions{RtpExtension{ids.mid, as_bytes(sender.media.mid)},
                                                 RtpExtension{ids.transport_cc, transport}};
    auto size = write_rtp_header(header, extensions, room);
    if (size == 0 || size + payload.size() + 2 + kMaxSrtpOverhead > room.size()) return false;
    if (repeats) {
        store_be16(&room[size], repeats->value);
        size += 2;
    }
    std::copy(payload.begin(), payload.end(), room.begin() + static_cast<std::ptrdiff_t>(size));
    if (!peer_.send_rtp(size + payload.size(), now, out)) return false;
    transport_sequence_ = transport_sequence_ + 1;
    return true;
}

void PublishingClient::repeat(SeqNo lost, Instant now, Outbox& out) {
    ++counters_.nacks_in;
    const auto& sent = ring_[lost.value % kClientRepeatRing];
    if (sent.sequence != lost || sent.payload.empty() || !video_->media.rtx_payload_type) return;
    const RtpHeader header{.payload_type = *video_->media.rtx_payload_type,
                           .sequence = video_->rtx_sequence,
                           .timestamp = sent.timestamp,
                           .ssrc = video_->rtx_ssrc,
                           .marker = sent.marker};
    video_->rtx_sequence = video_->rtx_sequence + 1;
    if (write(*video_, header, sent.sequence, sent.payload, now, out)) ++counters_.repeated;
}

void PublishingClient::report(const Sender& sender, Instant now, Outbox& out) {
    if (peer_.state() != PeerState::connected || sender.packets == 0 || out.full()) return;
    const auto since_us = std::chrono::duration_cast<std::chrono::microseconds>(now - sender.last_at).count();
    RtcpWriter writer(out.room().first(kMaxRtcpBytes));
    writer.sender_report(sender.ssrc, ntp_of(now),
                         sender.last_timestamp + since_us * sender.media.clock_rate / 1'000'000, sender.packets,
                         sender.octets);
    writer.cname(sender.ssrc, cname_);
    peer_.send_rtcp(writer.bytes().size(), now, out);
}

}  // namespace confidente::media
