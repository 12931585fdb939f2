// One WebRTC connection without sockets, threads or clocks: ICE (RFC 8445; lite as server, controlling as client),
// DTLS-SRTP (RFC 5764), SRTP and SRTCP, told apart by RFC 7983. Every call drains completely: what must leave is in
// `out` when it returns. Not thread-safe; one owner.
//
// Errors: none; bad bytes are counted and dropped, a connection that cannot be ends in PeerState::closed.
// Invariants: DTLS and SRTP are heard only from addresses that ICE validated, and nothing is sent elsewhere; nothing
// is sent without consent (RFC 7675); no allocation per RTP or RTCP packet; a session that is not connected after
// kHalfOpenLifetime is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "media/protocol/dtls/dtls.hpp"
#include "media/protocol/ice/controlling_agent.hpp"
#include "media/protocol/ice/lite_agent.hpp"
#include "media/protocol/srtp/srtp.hpp"
#include "media/session/outbox.hpp"

namespace confidente::media {

inline constexpr Duration kHalfOpenLifetime = 15s;

enum class PeerRole : std::uint8_t { server, client };

struct PeerConfig {
    PeerRole role = PeerRole::server;
    IceCredentials ours;
    IceCredentials theirs;              ///< a server needs the ufrag only
    CertificateHash their_certificate;  ///< from their SDP
    SocketAddress remote;               ///< client only: the server's candidate
};

struct Datagram {
    MutableBytes bytes;  ///< opened in place
    SocketAddress from;
};

enum class ReceivedKind : std::uint8_t { nothing, rtp, rtcp };
struct Received {
    ReceivedKind kind = ReceivedKind::nothing;
    Bytes bytes;  ///< the opened packet, inside the datagram
};

enum class PeerState : std::uint8_t { connecting, connected, closed };
enum class CloseReason : std::uint8_t {
    none,
    local,      ///< close() was called
    remote,     ///< close_notify came
    lost,       ///< no consent for 30 s
    failed,     ///< the handshake cannot succeed: wrong certificate, no common profile
    half_open,  ///< not connected in time
};

enum class DeadlineReason : std::uint8_t { none, handshake, half_open, check, consent };
struct Deadline {
    Instant at = Instant::never();
    DeadlineReason reason = DeadlineReason::none;
};

struct PeerCounters {
    std::uint64_t stray = 0;            ///< from an address that is not validated
    std::uint64_t malformed = 0;        ///< no protocol of ours, too short, or before its keys exist
    std::uint64_t unauthenticated = 0;  ///< STUN integrity or SRTP tag wrong
    std::uint64_t replayed = 0;
    std::uint64_t not_sent = 0;  ///< no consent, no keys, or no room
};

class Peer {
public:
    /// `certificate` and `random` outlive the peer.
    Peer(PeerConfig config, const Certificate& certificate, Random& random, Instant now);

    /// Never fails: bad bytes are counted and dropped. At most one media packet comes out of a datagram.
    Received receive(Datagram datagram, Instant now, Outbox& out);
    void tick(Instant now, Outbox& out);  ///< call when deadline().at is reached; a client's first one is at once
    Deadline deadline() const;

    /// Seals the first `size` bytes of out.room() and sends them; false (and nothing sent) without consent or keys.
    bool send_rtp(std::size_t size, Instant now, Outbox& out);
    bool send_rtcp(std::size_t size, Instant now, Outbox& out);

    /// Asks the processor to fetch what send_rtp() will read: first the peer's own lines, then what those point to.
    void prefetch() const;
    void prefetch_keys() const;

    /// ICE restart (RFC 8445 section 9): new credentials of both sides; a server needs their ufrag only. DTLS, SRTP and
    /// the media's way stay as they are until checks with the new credentials say otherwise.
    void restart_ice(IceCredentials ours, IceCredentials theirs, Instant now);
    /// A server that was restarted and has not been asked with the new credentials yet.
    bool restarting() const { return lite_ && lite_->restarting(); }

    /// close_notify, if connected. RTCP BYE is the caller's.
    void close(Instant now, Outbox& out);

    PeerState state() const { return state_; }
    CloseReason close_reason() const { return reason_; }
    /// Whether ICE has authenticated this address: only then do its packets belong to this peer.
    bool validated(const SocketAddress& address, Instant now) const;
    bool may_send(Instant now) const;
    /// Where packets go now.
    std::optional<SocketAddress> remote() const;
    /// The last moment at which the other side proved to be there.
    Instant last_heard() const;
    const PeerCounters& counters() const { return counters_; }

private:
    void receive_stun(const Datagram& datagram, Instant now, Outbox& out);
    void receive_dtls(const Datagram& datagram, Instant now, Outbox& out);
    Received receive_media(const Datagram& datagram);
    void after_dtls(const SocketAddress& to, Outbox& out);
    bool send_sealed(const SrtpResult& sealed, Outbox& out);
    void end(CloseReason reason);
    Instant lost_at() const;

    PeerRole role_;
    std::optional<LiteAgent> lite_;
    std::optional<ControllingAgent> controlling_;
    Dtls dtls_;
    DtlsOutput handshake_;  ///< empty between calls
    std::optional<SrtpSealer> sealer_;
    std::optional<SrtpOpener> opener_;
    Instant half_open_until_;
    PeerState state_ = PeerState::connecting;
    CloseReason reason_ = CloseReason::none;
    PeerCounters counters_;
};

}  // namespace confidente::media
