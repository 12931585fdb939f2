// The media engine: the only media room with sockets, threads and a clock. It takes publishers (WHIP offers) and
// viewers (WHEP offers), and forwards the packets of the first to the second over one UDP port.
//
// Units: RTP time in its clock rate; everything else in the unit of its name. Errors, by code:
//   bad_offer (unprocessable)      the SDP cannot be answered; detail says why
//   already_publishing (conflict)  another publisher of this stream is connected
//   not_publishing (conflict)      nobody publishes this stream
//   session_not_found (not_found)  no such session, or it is over
//   layer_not_found (not_found)    the live has no such layer, or the session shows no video
//   too_many_sessions (too_many)   a limit of this engine is reached
//   bad_fragment (unprocessable)   the trickled fragment is malformed
//   engine_busy, engine_closed (unavailable)
//
// Invariants: every `done` is called exactly once, from an engine thread (`engine_busy`: from the caller's, at once);
// EngineEvents are called from engine threads,
// in order for one stream, and never after ~Engine; `gone` follows every `connected`, and only those. Sessions that
// never connected end silently.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxSessions = 20'000;         ///< publishers and viewers of one engine
inline constexpr std::size_t kMaxHalfOpen = 10'000;         ///< of them, not connected yet
inline constexpr std::size_t kMaxPendingCommands = 10'000;  ///< further ones are answered `engine_busy`
inline constexpr std::size_t kMaxOfferBytes = 64 * 1024;    ///< a Chromium offer of six codecs has some 12 kB

struct EngineConfig {
    std::string listen_ip = "127.0.0.1";
    std::uint16_t port = 40000;  ///< UDP; 0 = any free one, for tests
    /// Candidates of the answers, as `192.0.2.1`, `2001:db8::1`, or with a port of their own `192.0.2.1:41000`,
    /// `[2001:db8::1]:41000`; empty = listen_ip, and for 0.0.0.0 or :: the machine's addresses.
    std::vector<std::string> announced;
    std::optional<std::uint16_t> tcp_port = {};  ///< of media over TCP; 0 = the number of the UDP port; none = no TCP
    unsigned workers = 0;                        ///< 0 = as many as fit the machine; at present always one
    Duration thumbnail_interval = 10s;           ///< 0 = none
    /// What one publisher may send, all layers. Above twice that packets are dropped, above three times it is closed.
    std::uint64_t max_publish_bps = 12'000'000;
};

struct Answer {
    std::string session_id;  ///< unguessable, 22 or more characters of [A-Za-z0-9_-]
    std::string sdp;
};

/// The layers of a live's video, as one viewer may choose among them.
struct ViewedLayers {
    struct Layer {
        std::string encoding_id;              ///< the publisher's rid
        std::uint32_t width = 0, height = 0;  ///< 0 until the first keyframe
        std::uint64_t bitrate_bps = 0;
    };
    std::vector<Layer> layers;          ///< lowest first; empty when there is nothing to choose among
    std::optional<std::string> chosen;  ///< at most this one; nothing = by what the connection carries
    std::optional<std::string> shown;   ///< nothing: not yet, or the sound alone
};

enum class HangUpReason : std::uint8_t {
    client,      ///< hang_up() was called for this session, or the other side closed its DTLS
    live_ended,  ///< end_stream(), or a viewer's publisher is gone for good
    lost,        ///< 30 s without consent (RFC 7675)
    replaced,    ///< a new publisher of the stream took over with codecs this viewer cannot play
    shutdown,    ///< the engine closes
    abusive,     ///< a publisher far above max_publish_bps
};
/// `client`, `live_ended`, … for logs.
std::string_view to_string(HangUpReason reason);

/// Called from engine threads; must not block, and must not call back into the destructor of the engine.
class EngineEvents {
public:
    virtual ~EngineEvents() = default;
    virtual void publisher_connected(std::string_view stream) = 0;
    virtual void publisher_gone(std::string_view stream, HangUpReason reason) = 0;
    virtual void viewer_connected(std::string_view stream, std::string_view session) = 0;
    virtual void viewer_gone(std::string_view stream, std::string_view session, HangUpReason reason) = 0;
    virtual void thumbnail(std::string_view stream, Buffer jpeg) = 0;
    /// Only these layers of the publisher's `session` are needed now; said when it changes, and again while it sends
    /// others.
    virtual void layers_wanted(std::string_view stream, std::string_view session,
                               const std::vector<std::string>& encoding_ids) = 0;
};

/// What viewers' paths are believed to carry: one observation for each viewer and second.
struct EstimateHistogram {
    static constexpr std::array<std::uint64_t, 10> kBoundsBps = {
        150'000, 300'000, 600'000, 1'000'000, 2'000'000, 3'000'000, 5'000'000, 8'000'000, 15'000'000, 30'000'000};
    std::array<std::uint64_t, kBoundsBps.size() + 1> counts = {};  ///< the last is what is above every bound
    std::uint64_t sum_bps = 0;
    void observe(std::uint64_t bps) {
        ++counts[static_cast<std::size_t>(std::lower_bound(kBoundsBps.begin(), kBoundsBps.end(), bps) -
                                          kBoundsBps.begin())];
        sum_bps += bps;
    }
};

/// Counters since the engine opened, for /metrics. Read at any time from any thread; each is exact by itself.
struct EngineStats {
    std::uint64_t packets_in = 0, packets_out = 0;  ///< datagrams
    std::uint64_t bytes_in = 0, bytes_out = 0;      ///< UDP payload
    std::uint64_t dropped_stray = 0;                ///< from an address no session has validated
    std::uint64_t dropped_malformed = 0;            ///< not STUN, DTLS, RTP or RTCP, or broken
    std::uint64_t dropped_unauthenticated = 0;      ///< STUN integrity or SRTP tag wrong
    std::uint64_t dropped_replayed = 0;             ///< SRTP index seen before
    std::uint64_t dropped_policed = 0;              ///< above max_publish_bps
    std::uint64_t seconds_policed = 0;              ///< in which a publisher sent more than 1.5 times max_publish_bps
    std::uint64_t dropped_send = 0;                 ///< the socket refused
    std::uint64_t nacks_in = 0, nacks_out = 0;      ///< packets asked for again by viewers; by us
    std::uint64_t retransmitted = 0;                ///< packets sent again
    std::uint64_t plis_in = 0, plis_out = 0;        ///< from viewers; to publishers
    std::uint64_t probes_out = 0;                   ///< packets that only asked whether more goes through
    std::uint64_t layer_switches = 0;               ///< of viewers, up or down
    std::uint64_t video_pauses = 0;                 ///< viewers left with the sound alone
    EstimateHistogram estimates;
    std::array<std::uint64_t, 3> viewers_by_step = {};  ///< watching now, by step of the ladder, lowest first
    std::uint64_t viewers_starved = 0;                  ///< of the connected, with the sound alone now
    std::uint64_t thumbnails = 0, thumbnails_failed = 0;
    std::uint64_t tcp_open = 0;                 ///< connections of media over TCP now
    std::uint64_t tcp_refused = 0;              ///< beyond a limit
    std::uint64_t tcp_closed = 0;               ///< silent, stalled, unproven or broken
    std::uint64_t tcp_dropped = 0;              ///< datagrams for which a slow reader's queue had no room
    std::uint64_t publishers = 0, viewers = 0;  ///< connected now
    std::uint64_t sessions = 0;                 ///< connected or connecting now
};

struct StreamStats {
    std::string stream;
    bool publishing = false;        ///< its publisher is connected
    std::uint64_t viewers = 0;      ///< connected now
    std::uint64_t bitrate_bps = 0;  ///< received from the publisher over the last second, all layers
};

class Engine {
public:
    /// `events` and `random` outlive the engine; `random` must be fit for keys and thread-safe.
    static Result<std::unique_ptr<Engine>> open(EngineConfig config, EngineEvents& events, Random& random);
    /// Closes every session (DTLS close_notify, RTCP BYE; reason `shutdown`), then stops its threads.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// The UDP port in force.
    std::uint16_t port() const;
    /// The port of media over TCP; 0 = none.
    std::uint16_t tcp_port() const;

    // All of these are thread-safe and return at once; `done` is called exactly once, as said above.

    /// A second publisher is a conflict unless the first is gone or its network was silent for some seconds.
    void publish(std::string stream, std::string offer_sdp, std::function<void(Result<Answer>)> done);
    /// `not_publishing` when the stream has no publisher.
    void play(std::string stream, std::string offer_sdp, std::function<void(Result<Answer>)> done);
    /// An `application/trickle-ice-sdpfrag` (RFC 8840) of the client. We are ICE-lite: candidates are checked and not
    /// tried. New credentials restart ICE (RFC 9725 section 4.3.3): `done` gets the fragment with ours, else an empty
    /// one.
    void trickle(std::string session_id, std::string fragment, std::function<void(Result<std::string>)> done);
    void hang_up(std::string session_id, std::function<void(Status)> done);
    /// Of a viewer's session.
    void layers(std::string session_id, std::function<void(Result<ViewedLayers>)> done);
    void choose_layer(std::string session_id, std::optional<std::string> encoding_id,
                      std::function<void(Result<ViewedLayers>)> done);
    /// Closes publisher and viewers at once (RTCP BYE, DTLS close_notify); reason `live_ended`.
    void end_stream(std::string stream);

    EngineStats stats() const;
    /// At most kMaxSessions entries, at most a second old.
    std::vector<StreamStats> streams() const;

private:
    struct Parts;  // sockets and threads stay out of the door
    explicit Engine(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace confidente::media
