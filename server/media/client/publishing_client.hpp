// The publisher's side of a session, for our own clients: a client-role Peer, H.264 and Opus as RTP, repetitions on
// NACK by RTX, sender reports. Sans-IO; one owner, not thread-safe.
//
// Units: RTP timestamps in their clocks (90 kHz, 48 kHz). Errors: `bad_answer` (unprocessable).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "media/protocol/rtcp/rtcp.hpp"
#include "media/protocol/rtp/packet.hpp"
#include "media/protocol/sdp/negotiate.hpp"
#include "media/session/peer.hpp"

namespace confidente::media {

inline constexpr std::size_t kClientPayloadBytes = 1100;  ///< of one RTP packet: room for headers below the MTU
inline constexpr std::size_t kClientRepeatRing = 1024;    ///< video packets kept for NACK, some 10 s

/// Our side of an offer that is being made: secrets and numbers, fresh for each connection.
struct ClientOffer {
    IceCredentials ice;
    PublishOffer published;  ///< SSRCs and cname
    std::string sdp;
};
ClientOffer make_client_publish_offer(const Certificate& certificate, const SocketAddress& local, Random& random);
ClientOffer make_client_play_offer(const Certificate& certificate, const SocketAddress& local, Random& random);

/// What the client takes from the server's answer.
struct ClientAnswer {
    Negotiated negotiated;
    SocketAddress remote;  ///< the first UDP candidate that is a literal address
    CertificateHash certificate;
};
Result<ClientAnswer> read_client_answer(const std::string& sdp);
PeerConfig client_peer(const ClientOffer& offer, const ClientAnswer& answer);

struct PublishingCounters {
    std::uint64_t packets = 0, nacks_in = 0, repeated = 0, keyframes_asked = 0;
};

class PublishingClient {
public:
    PublishingClient(const ClientOffer& offer, ClientAnswer answer, const Certificate& certificate, Random& random,
                     Instant now);

    void receive(Datagram datagram, Instant now, Outbox& out);
    void tick(Instant now, Outbox& out);
    Instant deadline() const;

    /// One access unit; nothing is sent before the connection stands.
    void send_video(Bytes annexb, std::uint32_t timestamp, Instant now, Outbox& out);
    void send_audio(Bytes opus, std::uint32_t timestamp, Instant now, Outbox& out);
    /// True once after each PLI or FIR.
    bool take_keyframe_request();
    void close(Instant now, Outbox& out);

    /// Over the same path, with the credentials that a restart gave both sides.
    void restart_ice(IceCredentials ours, IceCredentials theirs, Instant now) {
        peer_.restart_ice(std::move(ours), std::move(theirs), now);
    }

    const Peer& peer() const { return peer_; }
    const PublishingCounters& counters() const { return counters_; }

private:
    struct Sender {
        NegotiatedMedia media;
        Ssrc ssrc, rtx_ssrc;
        SeqNo sequence, rtx_sequence;
        RtpTimestamp offset, last_timestamp;
        Instant last_at;
        std::uint32_t packets = 0, octets = 0;
    };
    struct Sent {
        SeqNo sequence;
        RtpTimestamp timestamp;
        bool marker = false;
        Buffer payload;
    };
    void send(Sender& sender, std::uint32_t timestamp, bool marker, Bytes payload, Instant now, Outbox& out);
    bool write(const Sender& sender, const RtpHeader& header, std::optional<SeqNo> repeats, Bytes payload, Instant now,
               Outbox& out);
    void repeat(SeqNo lost, Instant now, Outbox& out);
    void report(const Sender& sender, Instant now, Outbox& out);

    Peer peer_;
    std::string cname_;
    std::optional<Sender> video_, audio_;
    std::vector<Sent> ring_;
    SeqNo transport_sequence_;
    Instant next_report_;
    bool keyframe_asked_ = false;
    PublishingCounters counters_;
};

}  // namespace confidente::media
