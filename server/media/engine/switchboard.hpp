// The engine without its socket, threads and clock: sessions found by address and ICE user fragment, packets taken
// from publishers to viewers, feedback taken back. Time and datagrams are arguments, so a whole live runs in a test.
//
// Units and errors are those of engine.hpp. Not thread-safe; one owner (a Worker).
// Packets of a publisher gather in their stream's burst; settle() takes bursts that are due to the viewers, viewer by
// viewer, so that one viewer's packets lie together in the outbox.
//
// Invariants: a session leaves its stream at once when it closes, and memory at the end of the batch (settle());
// nothing allocates, locks or logs per RTP packet; every list has its limit here, in engine.hpp or in a door below.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "media/engine/session.hpp"
#include "media/engine/timers.hpp"
#include "media/protocol/dtls/certificate.hpp"
#include "media/protocol/sdp/negotiate.hpp"

namespace confidente::media {

/// A publisher unheard for so long may be replaced: browsers prove themselves every 2.5 s and send media all the time.
inline constexpr Duration kPublisherSilence = 7s;
/// A viewer unheard for so long has missed pictures, and gets a keyframe when heard again: its own request may have
/// been lost, and Chromium repeats it only after 3 s. Chromium reports every 100 ms or so, others at least every second
/// or two.
inline constexpr Duration kViewerSilence = 2500ms;
/// How long viewers wait for a publisher who lost the connection.
inline constexpr Duration kReconnectGrace = 60s;
inline constexpr Duration kLayerUnneeded = 10s;  ///< then the publisher may stop sending the layer
inline constexpr Duration kDemandRepeat = 5s;    ///< it is told again while it does something else

struct SwitchboardConfig {
    std::vector<HostCandidate> candidates;
    Duration thumbnail_interval = 10s;
    std::uint64_t max_publish_bps = 12'000'000;
    std::size_t max_half_open = kMaxHalfOpen;
};

/// What a switchboard needs of its surroundings.
struct SwitchboardPorts {
    EngineEvents& events;
    Random& random;
    const Certificate& certificate;
    std::function<void(const std::string& stream, Buffer annexb)> keyframe;  ///< for a thumbnail
    std::function<void(Outbox&)> flush;                                      ///< sends and clears
};

class Switchboard {
public:
    Switchboard(SwitchboardConfig config, SwitchboardPorts ports, Instant now);
    ~Switchboard();

    Result<Answer> publish(const std::string& stream, const SessionDescription& offer, Instant now);
    Result<Answer> play(const std::string& stream, const SessionDescription& offer, Instant now);
    /// The fragment that answers an ICE restart; empty when this was none.
    Result<std::string> trickle(const std::string& session_id, const TrickleFragment& fragment, Instant now);
    Status hang_up(const std::string& session_id, Instant now);
    Result<ViewedLayers> layers(const std::string& session_id, Instant now) const;
    Result<ViewedLayers> choose_layer(const std::string& session_id, const std::optional<std::string>& encoding_id,
                                      Instant now);
    void end_stream(const std::string& stream, Instant now);
    void close_all(Instant now);

    void receive(Datagram datagram, Instant now);
    void tick(Instant now);
    /// After every batch, tick or command: feedback to publishers, closed sessions out of memory, everything flushed.
    void settle(Instant now);
    Instant deadline() const;

    /// Without the counts of thumbnails and refused datagrams, which are others'.
    EngineStats stats() const;
    std::vector<StreamStats> streams(Instant now) const;

private:
    struct Joining;  // what publish() and play() have in common
    Result<Joining> begin_joining(const SessionDescription& offer);
    LocalTransport local_transport();
    std::string restart_ice(Session& session, const TrickleFragment& fragment, Instant now);
    Session& add_session(SessionRole role, Stream& stream, Joining joining, const RemoteTransport& remote, Instant now);
    Stream& stream_named(const std::string& name);
    Stream* find_stream(const std::string& name);

    void receive_stun(const Datagram& datagram, Instant now);
    void take(Session& session, Datagram datagram, Instant now);
    void take_rtp(Session& publisher, Bytes packet, Instant now);
    void take_publisher_rtcp(Session& publisher, Bytes compound, Instant now);
    void take_viewer_rtcp(Session& viewer, Bytes compound, Instant now);
    void take_report(Session& viewer, const ReportBlock& block, Instant now);
    void gather(Stream& stream, const LayerPacket& packet, Instant now);
    void fan_out(Stream& stream, Instant now);
    void fan_out_due(Instant now);
    bool send(Session& viewer, const Subscription& subscription, const OutgoingRtp& packet, Instant now,
              std::uint8_t padding = 0);
    void begin_quality(Session& viewer, Instant now);
    void apply_choice(Session& viewer, Instant now);
    bool follows_estimate(const Session& viewer, Instant now) const;
    void set_budget(Session& viewer, Instant now);
    void tell_wish(Session& viewer, Instant now);
    void take_feedback(Session& viewer, const TransportFeedback& feedback, Instant now);
    bool may_repeat(Session& viewer, std::size_t bytes, Instant now) const;
    void tend_estimate(Session& viewer, Instant now);
    std::uint8_t needed_layers(const Session& viewer, Instant now) const;
    void weigh_demand(Stream& stream, Instant now);
    void count_quality(Session& viewer);
    void take_census(Instant now);
    void send_feedback(Session& publisher, Instant now);
    void send_goodbye(Session& session, Instant now);
    void tick_session(Session& session, Instant now);
    void remember_address(Session& session, const SocketAddress& address, Instant now);
    void notice_state(Session& session, Instant now);
    void hear(Session& session, Instant now);
    void connected(Session& session, Instant now);
    void connect_viewers(Stream& stream, Instant now);
    void close(Session& session, HangUpReason reason, Instant now);
    void leave_stream(Session& session, Instant now);
    void schedule(Session& session);
    void housekeep(Instant now);
    void make_room(std::size_t datagrams = 1);
    void flush();

    SwitchboardConfig config_;
    SwitchboardPorts ports_;
    Outbox out_;
    Timers timers_;
    Instant next_housekeeping_;
    SessionNumber last_number_ = 0;
    std::unordered_map<SessionNumber, std::unique_ptr<Session>> sessions_;
    std::unordered_map<std::string, Session*> by_id_;
    std::unordered_map<std::string, Session*> by_ufrag_;
    std::unordered_map<SocketAddress, Session*> by_address_;
    std::unordered_map<std::string, std::unique_ptr<Stream>> streams_;
    std::vector<Stream*> bursting_;  ///< those whose burst is not empty
    std::vector<SessionNumber> touched_;
    std::vector<SessionNumber> doomed_;
    EngineStats stats_;
    PeerCounters closed_peers_;  ///< counters of sessions that are gone
};

}  // namespace confidente::media
