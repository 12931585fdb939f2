// One client's Socket.IO as a state machine without sockets, threads or clocks, upon an Engine.IO session: namespaces,
// authentication, binary packets, expiry. Every call drains completely: what must leave is in `out` when it returns.
// Not thread-safe; one owner.
//
// opened → (CONNECT) → connected → closed. The main namespace wants a valid token; an invalid one leaves the
// connection open for another try, at most kMaxConnectAttempts and within the connect timeout. A minute before its
// token expires the client is told (`auth:expiring`) and may bring another of the same session (`auth:refresh`).
// Namespaces that the host calls open take anybody. After `out.close` nothing more comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/principal.hpp"
#include "platform/socketio/engine.hpp"
#include "platform/socketio/packet.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::socketio {

inline constexpr unsigned kMaxConnectAttempts = 5;  ///< and as many refused `auth:refresh`
inline constexpr std::size_t kMaxToken = 4096;      ///< bytes
inline constexpr std::size_t kMaxNamespaces = 8;    ///< joined by one connection

struct Now {
    Instant at;
    UtcTime utc;
};

using SharedPrincipal = std::shared_ptr<const http::Principal>;

/// What a returning client says of itself.
struct Comeback {
    std::string pid;
    std::optional<std::uint64_t> offset;  ///< of the last event it saw
};

/// A verified client is in: as whom, and what it missed if it came back in time.
struct Admission {
    std::string socket_id;
    std::string pid;  ///< empty: recovery is off
    std::vector<Frame> missed = {};
};

/// What a connection needs of its surroundings. Called while it steps.
class ConnectionHost {
public:
    virtual ~ConnectionHost() = default;
    virtual const Config& config() const = 0;
    virtual const http::Authenticator& authenticator() const = 0;
    virtual Now now() const = 0;
    virtual bool is_open_namespace(std::string_view nsp) const = 0;
    virtual std::string make_id() const = 0;
    /// Registers the client; from here on it gets what its rooms get. Errors: `too_many_sockets`.
    virtual Result<Admission> admit(const SharedPrincipal& principal, const Comeback& comeback) = 0;
};

struct IncomingEvent {
    std::string nsp;
    std::string name;
    std::shared_ptr<const json::Value> arguments;  ///< an array, name first
    std::shared_ptr<const json::Value> payload;    ///< null when it was not one object
    Attachments attachments;
    std::optional<std::uint64_t> ack;
};

struct IncomingAck {
    std::string nsp;
    std::uint64_t id = 0;
    std::shared_ptr<const json::Value> arguments;  ///< an array
    Attachments attachments;
};

struct Joined {
    std::string nsp;
    std::string socket_id;
    std::shared_ptr<const json::Value> auth;  ///< an object
};

struct ConnectionOutbox {
    std::vector<Frame> frames;
    std::optional<Joined> joined;
    std::optional<IncomingEvent> event;
    std::optional<IncomingAck> ack;
    std::optional<CloseReason> close;  ///< after the frames
};

class Connection {
public:
    explicit Connection(ConnectionHost& host);

    /// The data of an Engine.IO message.
    void receive(std::string_view data, bool binary, ConnectionOutbox& out);
    void tick(ConnectionOutbox& out);
    /// When tick() has something to do.
    Instant deadline() const;

    /// Of the main namespace; null before a valid token came.
    const SharedPrincipal& principal() const { return principal_; }
    const std::string& socket_id(std::string_view nsp) const;

private:
    struct Member {
        std::string nsp, socket_id;
    };
    struct Partial {
        Packet packet;
        Attachments attachments;
        std::size_t bytes = 0;
        Instant complete_by{};
    };
    void attachment(std::string_view bytes, Now now, ConnectionOutbox& out);
    void packet(Packet packet, Attachments attachments, Now now, ConnectionOutbox& out);
    void event(Packet packet, Attachments attachments, Now now, ConnectionOutbox& out);
    void connect(const Packet& packet, Now now, ConnectionOutbox& out);
    void connect_main(const Packet& packet, Now now, ConnectionOutbox& out);
    void refresh(const IncomingEvent& event, Now now, ConnectionOutbox& out);
    void disconnect(const std::string& nsp, Now now, ConnectionOutbox& out);
    Result<http::Principal> verify(std::string_view token, Now now) const;
    void set_principal(SharedPrincipal principal, Now now);
    bool expire(Now now, ConnectionOutbox& out);
    void close(CloseReason reason, ConnectionOutbox& out);

    ConnectionHost& host_;
    std::vector<Member> members_;
    std::optional<Partial> partial_;
    SharedPrincipal principal_;
    unsigned attempts_ = 0;
    bool closed_ = false, notified_ = false;
    Instant connect_by_ = Instant::never();
    Instant notify_at_ = Instant::never();
    Instant expires_ = Instant::never();
};

}  // namespace confidente::socketio
