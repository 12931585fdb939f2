// The control side of the switchboard: offers answered, sessions made, trickled and hung up.
#include "media/engine/switchboard.hpp"

#include <algorithm>
#include <utility>

namespace confidente::media {

namespace {
constexpr std::size_t kSessionIdLength = 24;  // 144 bits
constexpr std::size_t kCnameLength = 16;      // RFC 7022 §4.2: 96 bits

Error conflict(std::string code, std::string detail) {
    return Error{ErrorKind::conflict, std::move(code), std::move(detail)};
}
Error unknown_session() { return Error{ErrorKind::not_found, "session_not_found", "No such media session."}; }

Result<CertificateHash> hash_of(const RemoteTransport& remote) {
    if (remote.fingerprint.algorithm == "sha-256")
        if (const auto hash = parse_certificate_hash(remote.fingerprint.hex)) return *hash;
    return Error{ErrorKind::unprocessable, "bad_offer", "The offer needs an a=fingerprint with sha-256."};
}
}  // namespace

struct Switchboard::Joining {
    LocalTransport local;
    CertificateHash their_certificate;
    std::string cname;
};

Result<Switchboard::Joining> Switchboard::begin_joining(const SessionDescription& offer) {
    const auto half_open = sessions_.size() - stats_.publishers - stats_.viewers;
    if (sessions_.size() >= kMaxSessions || half_open >= config_.max_half_open)
        return Error{ErrorKind::too_many, "too_many_sessions", "This server carries no more media sessions."};
    if (offer.media.empty()) return Error{ErrorKind::unprocessable, "bad_offer", "The offer has no media."};
    return Joining{.local = local_transport(), .their_certificate = {}, .cname = ports_.random.token(kCnameLength)};
}

LocalTransport Switchboard::local_transport() {
    auto ice = make_ice_credentials(ports_.random);
    LocalTransport local;
    local.ufrag = std::move(ice.ufrag);
    local.password = std::move(ice.pwd);
    local.fingerprint = {"sha-256", to_string(ports_.certificate.hash())};
    local.candidates = config_.candidates;
    local.session_id = ports_.random.u64() >> 1;
    return local;
}

Stream* Switchboard::find_stream(const std::string& name) {
    const auto found = streams_.find(name);
    return found == streams_.end() ? nullptr : found->second.get();
}

Stream& Switchboard::stream_named(const std::string& name) {
    auto& stream = streams_[name];
    if (!stream)
        stream = std::make_unique<Stream>(Stream{.name = name,
                                                 .publisher = nullptr,
                                                 .source = nullptr,
                                                 .viewers = {},
                                                 .watching = 0,
                                                 .orphaned = {},
                                                 .tap = KeyframeTap{config_.thumbnail_interval},
                                                 .burst = {},
                                                 .demand = {}});
    return *stream;
}

Session& Switchboard::add_session(SessionRole role, Stream& stream, Joining joining, const RemoteTransport& remote,
                                  Instant now) {
    PeerConfig peer{.role = PeerRole::server,
                    .ours = {joining.local.ufrag, joining.local.password},
                    .theirs = {remote.ufrag, {}},
                    .their_certificate = joining.their_certificate,
                    .remote = {}};
    auto made =
        std::unique_ptr<Session>(new Session{.number = ++last_number_,
                                             .role = role,
                                             .id = ports_.random.token(kSessionIdLength),
                                             .ufrag = joining.local.ufrag,
                                             .their_ufrag = remote.ufrag,
                                             .ufrag_before = {},
                                             .their_ufrag_before = {},
                                             .stream = &stream,
                                             .peer = Peer(std::move(peer), ports_.certificate, ports_.random, now),
                                             .addresses = {},
                                             .scheduled = Instant::never(),
                                             .heard = now,
                                             .announced = false,
                                             .doomed = false,
                                             .publication = {},
                                             .policer = BitratePolicer{config_.max_publish_bps},
                                             .touched = false,
                                             .nacks_told = 0,
                                             .plis_told = 0,
                                             .tracks = {},
                                             .transport_sequence = {ports_.random.u16()},
                                             .estimator = {},
                                             .connected_at = {},
                                             .chosen_encoding = {},
                                             .budget_bps = 0,
                                             .audio_bps = 0,
                                             .repeats_paid_until = {},
                                             .switches_told = 0,
                                             .pauses_told = 0});
    auto& session = *made;
    by_id_[session.id] = &session;
    by_ufrag_[session.ufrag] = &session;
    sessions_[session.number] = std::move(made);
    return session;
}

Result<Answer> Switchboard::publish(const std::string& name, const SessionDescription& offer, Instant now) {
    if (const auto* stream = find_stream(name); stream && stream->publisher) {
        auto& first = *stream->publisher;
        if (first.announced && now - first.heard < kPublisherSilence)
            return conflict("already_publishing", "Somebody publishes this stream already.");
    }
    TRY(auto joining, begin_joining(offer));
    TRY(auto negotiated, make_publish_answer(offer, joining.local));
    TRY(joining.their_certificate, hash_of(negotiated.remote));
    auto& stream = stream_named(name);
    if (stream.publisher) close(*stream.publisher, HangUpReason::replaced, now);
    auto cname = joining.cname;
    auto& session = add_session(SessionRole::publisher, stream, std::move(joining), negotiated.remote, now);
    session.publication.emplace(std::move(negotiated.media), Ssrc{ports_.random.u32()}, std::move(cname), now);
    stream.publisher = &session;
    schedule(session);
    return Answer{session.id, std::move(negotiated.sdp)};
}

Result<Answer> Switchboard::play(const std::string& name, const SessionDescription& offer, Instant now) {
    auto* stream = find_stream(name);
    if (!stream || !stream->publisher) return conflict("not_publishing", "Nobody publishes this stream now.");
    TRY(auto joining, begin_joining(offer));
    const auto& publication = *stream->publisher->publication;
    std::vector<PublishedTrack> published;
    for (const auto& media : publication.media())
        published.push_back({media, Ssrc{ports_.random.u32()}, Ssrc{ports_.random.u32()}});
    TRY(auto negotiated, make_play_answer(offer, joining.local, published, joining.cname));
    TRY(joining.their_certificate, hash_of(negotiated.remote));
    auto& session = add_session(SessionRole::viewer, *stream, std::move(joining), negotiated.remote, now);
    for (auto& media : negotiated.media) {
        const auto track = publication.track(media.kind);
        if (!track || !media.ssrc) continue;
        session.tracks.push_back({.subscription = Subscription(std::move(media), *track, ports_.random, now),
                                  .budget = {},
                                  .octets_reported = 0,
                                  .reported_at = now});
    }
    std::stable_partition(session.tracks.begin(), session.tracks.end(),
                          [](const ViewedTrack& one) { return one.subscription.media().kind == MediaKind::video; });
    stream->viewers.push_back(&session);
    schedule(session);
    return Answer{session.id, std::move(negotiated.sdp)};
}

Result<std::string> Switchboard::trickle(const std::string& session_id, const TrickleFragment& fragment, Instant now) {
    const auto found = by_id_.find(session_id);
    if (found == by_id_.end()) return unknown_session();
    auto& session = *found->second;
    // New credentials are a restart (RFC 9725 §4.3.3). A candidate from before the last one may come late.
    if (fragment.ufrag.empty() || fragment.ufrag == session.their_ufrag || fragment.ufrag == session.their_ufrag_before)
        return std::string{};
    if (fragment.password.empty())
        return Error{ErrorKind::unprocessable, "bad_fragment", "An ICE restart needs a=ice-pwd beside a=ice-ufrag."};
    return restart_ice(session, fragment, now);
}

std::string Switchboard::restart_ice(Session& session, const TrickleFragment& fragment, Instant now) {
    auto local = local_transport();
    // Of two restarts in a row the first, which nobody took up, is forgotten; what came before both stays good.
    if (session.peer.restarting())
        by_ufrag_.erase(session.ufrag);
    else
        session.ufrag_before = session.ufrag;
    session.their_ufrag_before = std::exchange(session.their_ufrag, fragment.ufrag);
    session.ufrag = local.ufrag;
    by_ufrag_[session.ufrag] = &session;
    session.peer.restart_ice({local.ufrag, local.password}, {fragment.ufrag, {}}, now);
    const auto& media =
        session.publication ? session.publication->media().front() : session.tracks.front().subscription.media();
    return make_restart_fragment(local, media);
}

Status Switchboard::hang_up(const std::string& session_id, Instant now) {
    const auto found = by_id_.find(session_id);
    if (found == by_id_.end()) return unknown_session();
    close(*found->second, HangUpReason::client, now);
    return {};
}

void Switchboard::end_stream(const std::string& name, Instant now) {
    auto* stream = find_stream(name);
    if (!stream) return;
    while (!stream->viewers.empty()) close(*stream->viewers.back(), HangUpReason::live_ended, now);
    if (stream->publisher) close(*stream->publisher, HangUpReason::live_ended, now);
    std::erase(bursting_, stream);
    streams_.erase(name);
}

void Switchboard::close_all(Instant now) {
    std::vector<Session*> all;
    for (auto& [number, session] : sessions_)
        if (!session->doomed) all.push_back(session.get());
    for (auto* session : all) close(*session, HangUpReason::shutdown, now);
    settle(now);
}

}  // namespace confidente::media
