// One client's protocol as a state machine without sockets, threads or clocks: handshake, authentication, heartbeat,
// expiry. Every call drains completely: what must leave is in `out` when it returns. Not thread-safe; one owner.
//
// opened → (CONNECT with a valid token) → connected → closed. An invalid token leaves the connection open for another
// try, at most kMaxConnectAttempts and within the connect timeout. After `out.close` nothing more comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/principal.hpp"
#include "platform/socketio/packet.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::socketio {

inline constexpr unsigned kMaxConnectAttempts = 5;
inline constexpr std::size_t kMaxToken = 4096;  ///< bytes

struct Now {
    Instant at;
    UtcTime utc;
};

struct IncomingEvent {
    std::string name;
    std::shared_ptr<const json::Value> payload;  ///< null when it was not one object
    std::optional<std::uint64_t> ack;
};

struct CloseReason {
    std::uint16_t code = 1000;  ///< RFC 6455 §7.4.1
    std::string_view reason;    ///< a literal
};

struct ConnectionOutbox {
    std::vector<std::string> frames;
    std::optional<IncomingEvent> event;
    bool connected = false;            ///< the principal has just been verified
    std::optional<CloseReason> close;  ///< after the frames
};

class Connection {
public:
    Connection(const Config& config, const http::Authenticator& authenticator, std::string sid, std::string socket_id);

    void open(Now now, ConnectionOutbox& out);
    void receive(std::string_view frame, bool binary, Now now, ConnectionOutbox& out);
    void tick(Now now, ConnectionOutbox& out);
    /// When tick() has something to do.
    Instant deadline() const;

    const std::string& socket_id() const { return socket_id_; }
    /// Set once, when connected.
    const std::optional<http::Principal>& principal() const { return principal_; }

private:
    void packet(std::string_view text, Now now, ConnectionOutbox& out);
    void connect(const Packet& packet, Now now, ConnectionOutbox& out);
    void close(std::uint16_t code, std::string_view reason, ConnectionOutbox& out);
    bool expire(Now now, ConnectionOutbox& out);

    const Config& config_;
    const http::Authenticator& authenticator_;
    std::string sid_, socket_id_;
    std::optional<http::Principal> principal_;
    unsigned attempts_ = 0;
    bool closed_ = false;
    Instant connect_by_ = Instant::never();
    Instant ping_at_ = Instant::never();
    Instant pong_by_ = Instant::never();
    Instant expires_ = Instant::never();
};

}  // namespace confidente::socketio
