// Socket.IO v5 as the slices see it: a table of events, rooms, and emits. The official socket.io-client 4.8 connects
// unchanged with `auth: {token}`, over polling, over a websocket, or from the one to the other.
//
//   // domain/gifts/events.cpp
//   sockets.add({"gift:send", Access::clients(), Rate{60, 10}, [this](EventRequest r) { return send(std::move(r)); }});
//
// Invariants: every event that asks for an acknowledgement gets exactly one, `{ok: true, …}` or
// `{ok: false, error: {code, detail, errors?}}`; nobody is in a room before the token was verified; a message is
// serialised once whatever the size of the room; a slow consumer loses its own connection and delays nobody; no lock
// is held while a handler or a callback is called. A client whose line broke gets its id, its rooms and what it missed
// back, if it returns within the recovery window and the log still has it (connection state recovery).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/task.hpp"
#include "platform/base/time.hpp"
#include "platform/http/principal.hpp"
#include "platform/http/websocket.hpp"
#include "platform/json/json.hpp"

namespace confidente::socketio {

inline constexpr std::size_t kMaxMessage = 1'000'000;       ///< bytes; `maxPayload` of the handshake
inline constexpr std::size_t kMaxInFlight = 32;             ///< handlers running for one socket
inline constexpr std::size_t kMaxRoomsPerSocket = 128;      ///< explicit joins
inline constexpr std::size_t kMaxSocketsPerUser = 20;       ///< the next one is disconnected
inline constexpr std::size_t kMaxQueuedBytes = 256 * 1024;  ///< not yet taken by the kernel; above: slow consumer
inline constexpr std::size_t kMaxAsks = 64;                 ///< acknowledgements that one socket owes the server
inline constexpr std::size_t kMaxAway = 20'000;             ///< lost clients that may still come back
inline constexpr std::size_t kMaxLogBytes = 8U << 20U;      ///< of recent events, for those who come back

/// How long the events of all rooms are gathered before they leave together (fan_out.hpp).
struct Pace {
    Duration idle{};  ///< when little is going on
    Duration busy{};  ///< at most, under load; zero: everything leaves at once and on the caller's thread, for tests
};

/// What a server serves with (docs/decisions/0005-fan-out-in-rounds.md has the figures).
inline constexpr Pace kServingPace{.idle = 2ms, .busy = 90ms};

struct Config {
    Pace pace{};
    Duration ping_interval = 25s;
    Duration ping_timeout = 20s;
    Duration connect_timeout = 45s;      ///< from the handshake to a verified CONNECT
    Duration attachment_timeout = 30s;   ///< from a binary packet to its last attachment
    Duration expiry_notice = 60s;        ///< before a token expires its client is told
    Duration recovery_window = 120s;     ///< how long a lost client may come back; zero: never
    Duration slow_timeout = 10s;         ///< how long a client may leave what it was sent unread
    http::Rate general_rate{1200, 100};  ///< all events of one socket together
    std::size_t max_queued_bytes = kMaxQueuedBytes;
    /// Events of the moment: neither kept for those who come back, nor worth a slow consumer's queue.
    std::vector<std::string> volatile_events = {};
};

/// One event of one signed-in client.
struct EventRequest {
    http::Principal principal;
    std::string socket_id;
    std::string event;
    std::shared_ptr<const json::Value> payload;  ///< always there, always one JSON object
    std::string ack_key;                         ///< unique for this event: the socket's id and the acknowledgement's
    std::string language;                        ///< pt-BR, en or es
};

/// The object it returns is merged into `{ok: true, …}`; null merges nothing. Runs on the socket's executor.
using EventHandler = std::function<Task<Result<json::Value>>(EventRequest)>;

struct EventRow {
    std::string_view name;  ///< a whole literal: grep finds it
    http::Access access;
    http::Rate rate;  ///< per socket; zero: only the general one
    EventHandler handler;
};

/// One client in an open namespace. Thread-safe; its arguments are events as they stand on the wire, name first, with
/// placeholders for the attachments.
class OpenSocket {
public:
    using Attachments = std::vector<std::shared_ptr<const std::string>>;
    /// The client's arguments, or `unanswered` when it took too long or went.
    using Answered = std::function<void(Result<json::Value>, Attachments)>;
    virtual ~OpenSocket() = default;
    virtual void emit(const json::Array& arguments, const Attachments& attachments) = 0;
    virtual void emit_with_ack(const json::Array& arguments, Duration timeout, Answered answered) = 0;
    virtual void acknowledge(std::uint64_t id, const json::Array& answers, const Attachments& attachments) = 0;
};

struct OpenEvent {
    std::shared_ptr<const json::Value> arguments;  ///< an array, name first
    OpenSocket::Attachments attachments;
    std::optional<std::uint64_t> ack;
};

/// A namespace below the table: no accounts, events of any shape, binary included.
struct OpenNamespace {
    std::string name;  ///< `/` replaces the main namespace
    std::function<void(std::shared_ptr<OpenSocket>, const json::Value& auth)> connected;
    std::function<void(std::shared_ptr<OpenSocket>, OpenEvent)> event;
};

/// Must outlive the http::Server it is given to. Rooms `user:<id>` and `session:<id>` are joined by the server itself.
class Server {
public:
    using DisconnectCallback = std::function<void(const http::Principal& principal, std::string_view socket_id,
                                                  const std::vector<std::string>& rooms)>;
    using OnlineCallback = std::function<void(std::string_view user_id, bool online)>;

    static std::unique_ptr<Server> make(Config config, http::Authenticator authenticator, const Clock& clock,
                                        Random& random);
    virtual ~Server() = default;

    // Before the http server starts:
    virtual void add(EventRow row) = 0;
    /// Every row by name, for the authorisation matrix.
    virtual std::vector<const EventRow*> rows() const = 0;
    /// `rooms` are the ones joined with join(). Called on the socket's executor, once per connected socket.
    virtual void on_disconnect(DisconnectCallback callback) = 0;
    /// A client whose on_disconnect was told came back to its rooms. Called on the socket's executor.
    virtual void on_recover(DisconnectCallback callback) = 0;
    /// A user's first socket came, or the last one went.
    virtual void on_online_change(OnlineCallback callback) = 0;
    virtual void add_namespace(OpenNamespace space) = 0;
    /// Path `/socket.io/`, for http::Server::open.
    virtual http::WebSocketEndpoint endpoint() = 0;

    // Thread-safe:
    /// False when the socket is gone or in too many rooms.
    virtual bool join(std::string_view socket_id, std::string_view room) = 0;
    virtual void leave(std::string_view socket_id, std::string_view room) = 0;
    virtual void emit(std::string_view room, std::string_view event, const json::Value& payload,
                      std::string_view except_socket = {}) = 0;
    virtual void emit_to_user(std::string_view user_id, std::string_view event, const json::Value& payload,
                              std::string_view except_socket = {}) = 0;
    /// Asks one socket and waits for its acknowledgement: its first argument, or `unanswered` after `timeout`.
    virtual void ask(std::string_view socket_id, std::string_view event, const json::Value& payload, Duration timeout,
                     std::function<void(Result<json::Value>)> answered) = 0;
    virtual std::size_t room_size(std::string_view room) const = 0;
    virtual bool online(std::string_view user_id) const = 0;
    virtual void disconnect_user(std::string_view user_id) = 0;
    /// For good: its access tokens open no further socket either.
    virtual void disconnect_session(std::string_view session_id) = 0;
    /// Heartbeats and expiries; called about once a second.
    virtual void tick() = 0;
    /// Closes every socket with 1001, so that clients reconnect elsewhere.
    virtual void close_all() = 0;
};

}  // namespace confidente::socketio
