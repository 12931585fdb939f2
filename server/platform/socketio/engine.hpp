// One Engine.IO v4 session as a state machine without sockets, threads or clocks: both transports, the upgrade from
// one to the other, heartbeats. Every call drains completely: what must leave is in `out` when it returns. Not
// thread-safe; one owner.
//
// A session begins on polling or on a websocket. On polling, what is sent waits for the next poll; at most one poll
// waits at a time. A websocket may take a polling session over: it probes (`2probe`), is answered (`3probe`), a
// waiting poll is freed with a noop, and with the client's `5` everything queued goes on over the websocket.
// Messages of the client come out in the order in which they were sent. After `out.close` nothing more comes out,
// except what one or two last polls may fetch of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/socketio/engine_payload.hpp"

namespace confidente::socketio {

struct EngineConfig {
    Duration ping_interval = 25s;
    Duration ping_timeout = 20s;
    Duration upgrade_timeout = 10s;          ///< from the second websocket's opening to its `5`
    std::size_t max_payload = 1'000'000;     ///< bytes of one message, and of one payload
    std::size_t max_queued_bytes = 262'144;  ///< waiting for a poll or the kernel; above: slow consumer
    Duration slow_timeout = 10s;             ///< how long it may wait
};

enum class TransportKind : bool { polling, websocket };

/// Why a session ended, and whether a client may come back to it (connection state recovery).
struct CloseReason {
    std::uint16_t code = 1000;     ///< RFC 6455 §7.4.1
    std::string_view reason = {};  ///< a literal
    bool recoverable = false;
};

/// 1013 "try again later": the client reconnects and gets what it missed.
inline constexpr CloseReason kSlowConsumer{1013, "slow consumer", true};

struct EngineOutbox {
    struct Message {
        std::string_view data;  ///< into what was received, or into `decoded`
        bool binary = false;
    };
    std::vector<Message> messages;
    std::vector<std::unique_ptr<std::string>> decoded;
    std::vector<Frame> frames;         ///< for the websocket
    std::vector<Frame> probe;          ///< for the websocket that wants to take over
    bool upgraded = false;             ///< the probing websocket is the session's from now on, before `frames`
    bool drop_probe = false;           ///< the probing websocket is to be closed
    std::optional<std::string> poll;   ///< answers the waiting poll
    std::optional<CloseReason> close;  ///< after everything else
};

class Engine {
public:
    Engine(const EngineConfig& config, std::string sid, TransportKind transport);

    void open(Instant now, EngineOutbox& out);
    /// A message of the session's own websocket.
    void frame(std::string_view data, bool binary, Instant now, EngineOutbox& out);
    /// The body of a POST; false: refused, and the session is over.
    bool post(std::string_view body, Instant now, EngineOutbox& out);
    enum class Poll : std::uint8_t { waits, answered, refused };
    Poll poll(EngineOutbox& out);
    /// A transport broke in the middle of something: a poll hung up, a POST was cut off or came twice.
    void broken(std::string_view reason, EngineOutbox& out);

    /// A second websocket asks to take over; false when there is nothing to take.
    bool begin_probe(Instant now);
    void probe_frame(std::string_view data, bool binary, Instant now, EngineOutbox& out);
    void probe_gone() { probe_ = Probe::none; }

    /// Frames leave in order, together. A binary frame is a binary message.
    void send(std::span<const Frame> frames, EngineOutbox& out);
    void close(CloseReason reason, EngineOutbox& out);
    void tick(Instant now, EngineOutbox& out);
    Instant deadline() const;

    /// Waiting for a poll.
    std::size_t queued_bytes() const { return queued_bytes_; }
    const std::string& sid() const { return sid_; }
    TransportKind transport() const { return transport_; }
    bool closed() const { return closed_; }
    /// Nothing is kept for a last poll any more.
    bool finished() const { return closed_ && farewell_.empty(); }

private:
    enum class Probe : std::uint8_t { none, opened, answered };
    bool packet(std::string_view packet, Instant now, EngineOutbox& out);
    void flush_poll(EngineOutbox& out);
    void forget_queue();
    void end(CloseReason reason, std::vector<std::string> farewell, EngineOutbox& out);

    const EngineConfig& config_;
    std::string sid_;
    TransportKind transport_;
    Probe probe_ = Probe::none;
    bool closed_ = false, poll_waits_ = false;
    std::vector<Frame> queue_;  ///< polling: not yet fetched
    std::size_t queued_bytes_ = 0;
    Instant fetch_by_ = Instant::never();  ///< polling: when the oldest of it must have been fetched
    std::vector<std::string> farewell_;    ///< what the polls after the end are answered: at most two
    Instant ping_at_ = Instant::never();
    Instant pong_by_ = Instant::never();
    Instant upgrade_by_ = Instant::never();
    Instant linger_until_ = Instant::never();
};

}  // namespace confidente::socketio
