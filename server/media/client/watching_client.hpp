// The viewer's side of a session, for tests and the load generator: a client-role Peer that receives, asks for what is
// lost, and gives back whole pictures. It hears with the same Publication the server hears its publishers with.
// Sans-IO; one owner, not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "media/client/publishing_client.hpp"
#include "media/protocol/codecs/h264.hpp"
#include "media/routing/publication.hpp"

namespace confidente::media {

inline constexpr std::size_t kWatchReorder = 256;  ///< packets waited for behind a hole, then it is given up

struct WatchingCounters {
    std::uint64_t frames = 0, keyframes = 0;  ///< whole pictures
    std::uint64_t broken = 0;                 ///< holes given up
    std::uint64_t audio = 0;                  ///< packets
    std::uint64_t goodbyes = 0;
};

class WatchingClient {
public:
    WatchingClient(const ClientOffer& offer, ClientAnswer answer, const Certificate& certificate, Random& random,
                   Instant now);

    void receive(Datagram datagram, Instant now, Outbox& out);
    void tick(Instant now, Outbox& out);
    Instant deadline() const;
    void close(Instant now, Outbox& out) { peer_.close(now, out); }
    void request_keyframe();

    /// Over the same path, with the credentials that a restart gave both sides.
    void restart_ice(IceCredentials ours, IceCredentials theirs, Instant now) {
        peer_.restart_ice(std::move(ours), std::move(theirs), now);
    }

    const Peer& peer() const { return peer_; }
    const Publication& heard() const { return publication_; }
    const WatchingCounters& counters() const { return counters_; }
    /// The first whole picture, in Annex B form; a decoder can start with it.
    const Buffer& first_picture() const { return first_picture_; }
    bool began_with_keyframe() const { return began_with_keyframe_; }

private:
    struct Waiting {
        RtpTimestamp timestamp;
        bool marker = false;
        Buffer payload;
    };
    void take(const LayerPacket& packet);
    void depacketize();
    void feedback(Instant now, Outbox& out);

    Peer peer_;
    Publication publication_;
    H264Depacketizer depacketizer_;
    std::map<std::int64_t, Waiting> waiting_;
    std::optional<std::int64_t> next_;
    std::uint32_t epoch_ = 0;
    Buffer first_picture_;
    bool began_with_keyframe_ = false;
    WatchingCounters counters_;
};

}  // namespace confidente::media
