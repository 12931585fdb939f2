#include "media/session/peer.hpp"

#include "media/protocol/rtp/packet.hpp"

namespace confidente::media {

namespace {
// RFC 7983 §7: the first byte tells the protocol.
constexpr bool is_stun(std::uint8_t first) { return first <= 3; }
constexpr bool is_dtls(std::uint8_t first) { return first >= 20 && first <= 63; }
constexpr bool is_media(std::uint8_t first) { return first >= 128 && first <= 191; }
}  // namespace

Peer::Peer(PeerConfig config, const Certificate& certificate, Random& random, Instant now)
    : role_(config.role),
      dtls_(certificate, config.role == PeerRole::server ? DtlsRole::server : DtlsRole::client,
            config.their_certificate),
      half_open_until_(now + kHalfOpenLifetime) {
    if (role_ == PeerRole::server)
        lite_.emplace(std::move(config.ours), std::move(config.theirs.ufrag), now);
    else
        controlling_.emplace(std::move(config.ours), std::move(config.theirs), config.remote, random, now);
}

bool Peer::validated(const SocketAddress& address, Instant now) const {
    if (lite_) return lite_->validated(address, now);
    return controlling_->connected() && address == controlling_->remote();
}

bool Peer::may_send(Instant now) const { return lite_ ? lite_->may_send(now) : controlling_->may_send(now); }

std::optional<SocketAddress> Peer::remote() const {
    if (lite_) return lite_->selected();
    return controlling_->remote();
}

void Peer::restart_ice(IceCredentials ours, IceCredentials theirs, Instant now) {
    if (lite_)
        lite_->restart(std::move(ours), std::move(theirs.ufrag));
    else
        controlling_->restart(ours, std::move(theirs), now);
}

Instant Peer::lost_at() const { return lite_ ? lite_->lost_at() : controlling_->lost_at(); }
Instant Peer::last_heard() const { return lost_at() - kConsentLost; }

void Peer::end(CloseReason reason) {
    if (state_ == PeerState::closed) return;
    state_ = PeerState::closed;
    reason_ = reason;
}

Received Peer::receive(Datagram datagram, Instant now, Outbox& out) {
    if (state_ == PeerState::closed) return {};
    if (datagram.bytes.empty()) {
        ++counters_.malformed;
        return {};
    }
    const auto first = datagram.bytes[0];
    if (is_stun(first)) {
        receive_stun(datagram, now, out);
        return {};
    }
    if (!validated(datagram.from, now)) {
        // A ClientHello that overtakes ICE could come from anybody: whoever proves the address first is the peer.
        ++counters_.stray;
        return {};
    }
    if (is_media(first)) return receive_media(datagram);
    if (is_dtls(first))
        receive_dtls(datagram, now, out);
    else
        ++counters_.malformed;
    return {};
}

void Peer::receive_stun(const Datagram& datagram, Instant now, Outbox& out) {
    const auto message = StunMessage::parse(datagram.bytes);
    if (!message) {
        ++counters_.malformed;
        return;
    }
    if (lite_) {
        Buffer answer;
        const auto verdict = lite_->receive(*message, datagram.from, now, answer);
        if (verdict == IceVerdict::unauthenticated) ++counters_.unauthenticated;
        if (verdict == IceVerdict::answered) out.send(answer, datagram.from);
        return;
    }
    if (!controlling_->receive(*message, datagram.from, now)) {
        ++counters_.unauthenticated;
        return;
    }
    if (dtls_.state() == DtlsState::idle) {
        dtls_.start(now, handshake_);
        after_dtls(controlling_->remote(), out);
    }
}

void Peer::receive_dtls(const Datagram& datagram, Instant now, Outbox& out) {
    if (lite_) lite_->prefer(datagram.from, now);
    dtls_.receive(datagram.bytes, now, handshake_);
    after_dtls(datagram.from, out);
}

void Peer::after_dtls(const SocketAddress& to, Outbox& out) {
    for (const auto& datagram : handshake_) out.send(datagram, to);
    handshake_.clear();
    switch (dtls_.state()) {
        case DtlsState::connected:
            if (state_ != PeerState::connecting) break;
            sealer_.emplace(dtls_.keys()->ours);
            opener_.emplace(dtls_.keys()->theirs);
            state_ = PeerState::connected;
            break;
        case DtlsState::failed:
            end(CloseReason::failed);
            break;
        case DtlsState::closed:
            end(CloseReason::remote);
            break;
        case DtlsState::idle:
        case DtlsState::handshaking:
            break;
    }
}

Received Peer::receive_media(const Datagram& datagram) {
    const bool control = looks_like_rtcp(datagram.bytes);
    if (!opener_ || !(control || looks_like_rtp(datagram.bytes))) {
        ++counters_.malformed;
        return {};
    }
    const auto opened = control ? opener_->open_rtcp(datagram.bytes) : opener_->open_rtp(datagram.bytes);
    switch (opened.verdict) {
        case SrtpVerdict::ok:
            return {control ? ReceivedKind::rtcp : ReceivedKind::rtp, datagram.bytes.first(opened.size)};
        case SrtpVerdict::unauthenticated:
            ++counters_.unauthenticated;
            break;
        case SrtpVerdict::replayed:
            ++counters_.replayed;
            break;
        default:
            ++counters_.malformed;
    }
    return {};
}

void Peer::tick(Instant now, Outbox& out) {
    if (state_ == PeerState::closed) return;
    if (now >= lost_at()) return end(CloseReason::lost);
    if (state_ == PeerState::connecting && now >= half_open_until_) return end(CloseReason::half_open);
    if (controlling_)
        if (const auto check = controlling_->tick(now)) out.send(*check, controlling_->remote());
    if (now >= dtls_.deadline()) {
        dtls_.tick(now, handshake_);
        if (const auto to = remote()) after_dtls(*to, out);
        handshake_.clear();
    }
}

Deadline Peer::deadline() const {
    if (state_ == PeerState::closed) return {};
    Deadline next{lost_at(), DeadlineReason::consent};
    const auto sooner = [&](Instant at, DeadlineReason reason) {
        if (at < next.at) next = {at, reason};
    };
    if (state_ == PeerState::connecting) sooner(half_open_until_, DeadlineReason::half_open);
    sooner(dtls_.deadline(), DeadlineReason::handshake);
    if (controlling_) sooner(controlling_->deadline(), DeadlineReason::check);
    return next;
}

void Peer::prefetch() const {
    __builtin_prefetch(&state_);
    if (lite_) lite_->prefetch();
    for (const auto* at = reinterpret_cast<const char*>(&sealer_); at < reinterpret_cast<const char*>(&sealer_ + 1);
         at += 64)
        __builtin_prefetch(at);
}

void Peer::prefetch_keys() const {
    if (sealer_) sealer_->prefetch();
}

bool Peer::send_sealed(const SrtpResult& sealed, Outbox& out) {
    if (sealed.verdict != SrtpVerdict::ok) {
        ++counters_.not_sent;
        return false;
    }
    out.commit(sealed.size, *remote());
    return true;
}

bool Peer::send_rtp(std::size_t size, Instant now, Outbox& out) {
    if (state_ != PeerState::connected || out.full() || !may_send(now)) {
        ++counters_.not_sent;
        return false;
    }
    return send_sealed(sealer_->seal_rtp(out.room(), size), out);
}

bool Peer::send_rtcp(std::size_t size, Instant now, Outbox& out) {
    if (state_ != PeerState::connected || out.full() || !may_send(now)) {
        ++counters_.not_sent;
        return false;
    }
    return send_sealed(sealer_->seal_rtcp(out.room(), size), out);
}

void Peer::close(Instant now, Outbox& out) {
    if (state_ == PeerState::closed) return;
    dtls_.close(handshake_);
    if (may_send(now))
        for (const auto& datagram : handshake_) out.send(datagram, *remote());
    handshake_.clear();
    end(CloseReason::local);
}

}  // namespace confidente::media
