// The switchboard's two nouns: a Session is one publisher's or viewer's connection, a Stream is one live: its
// publisher's Publication and the viewers it goes to. Plain records; the Switchboard owns and moves them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/congestion/bandwidth_estimator.hpp"
#include "media/engine/bitrate_policer.hpp"
#include "media/engine/burst.hpp"
#include "media/engine/engine.hpp"
#include "media/engine/keyframe_tap.hpp"
#include "media/engine/timers.hpp"
#include "media/engine/viewer_budget.hpp"
#include "media/routing/publication.hpp"
#include "media/routing/subscription.hpp"
#include "media/session/peer.hpp"

namespace confidente::media {

struct Stream;

enum class SessionRole : std::uint8_t { publisher, viewer };

/// One kind of media on its way to a viewer, as offered and answered.
struct ViewedTrack {
    Subscription subscription;
    ViewerBudget budget;
    std::uint64_t octets_reported = 0;  ///< counters().octets when the last report came
    Instant reported_at;
};

struct Session {
    SessionNumber number = 0;
    SessionRole role = SessionRole::viewer;
    std::string id;     ///< the secret in WHIP's and WHEP's Location
    std::string ufrag;  ///< ours; the key under which STUN finds this session
    std::string their_ufrag;
    std::string ufrag_before, their_ufrag_before;  ///< those before an ICE restart that is not taken up yet
    Stream* stream = nullptr;
    Peer peer;
    std::vector<SocketAddress> addresses;  ///< registered for it, at most kMaxIcePairs
    Instant scheduled = Instant::never();  ///< its valid entry in Timers
    Instant heard;                         ///< the last packet that was authentic
    bool announced = false;                ///< `connected` was told
    bool doomed = false;                   ///< closed; erased when the batch is over

    // Publisher
    std::optional<Publication> publication;
    BitratePolicer policer;
    bool touched = false;  ///< got packets in this batch
    std::uint64_t nacks_told = 0, plis_told = 0;

    // Viewer
    std::vector<ViewedTrack> tracks;  ///< at most kMaxTracks, video first
    SeqNo transport_sequence;
    /// Of a viewer with whom transport-wide numbers were agreed on; heard() only once it reports.
    std::unique_ptr<BandwidthEstimator> estimator;
    Instant connected_at;
    std::optional<std::string> chosen_encoding;  ///< the viewer's own limit, by rid: it outlives a publisher
    std::uint64_t budget_bps = 0;                ///< as the tracks were told last
    std::uint64_t audio_bps = 0;                 ///< on the wire, kept free for the sound
    Instant repeats_paid_until;                  ///< by their share of the estimate
    std::uint64_t switches_told = 0, pauses_told = 0;
};

/// Which layers the publisher should send.
struct LayerDemand {
    std::array<Instant, kMaxLayers> needed_at = {};  ///< by layer, when somebody last needed it
    Instant since;                                   ///< of this publisher: at first everything is needed
    std::optional<std::uint8_t> asked;               ///< one bit a layer
    Instant told_at;
};

struct Stream {
    std::string name;
    Session* publisher = nullptr;   ///< answered; perhaps not connected yet
    Publication* source = nullptr;  ///< the connected publisher's, what viewers get
    std::vector<Session*> viewers;  ///< answered, connected or not
    std::uint64_t watching = 0;     ///< of them, connected
    Instant orphaned;               ///< since when there is no publisher
    KeyframeTap tap;
    Burst burst;  ///< on its way to the viewers
    LayerDemand demand;
};

}  // namespace confidente::media
