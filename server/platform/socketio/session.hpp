// One open socket: a websocket, its protocol, its running handlers. Its rooms are the hub's.
// All members on the socket's executor, unless said otherwise.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "platform/base/metrics.hpp"
#include "platform/socketio/connection.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::socketio {

struct Metrics {
    metrics::Gauge& open;
    metrics::Counter& events;
    metrics::Counter& deliveries;
    metrics::Counter& dropped_slow;
    static Metrics& get();
};

class Session;

/// What a session needs of the hub. Outlives every session.
class SessionHost {
public:
    virtual ~SessionHost() = default;
    virtual const Config& config() const = 0;
    virtual const http::Authenticator& authenticator() const = 0;
    virtual Now now() const = 0;
    virtual const EventRow* row(std::string_view event) const = 0;
    /// False: the user has too many sockets.
    virtual bool connected(std::shared_ptr<Session> session) = 0;
    virtual void disconnected(Session& session) = 0;
};

class Session final : public http::WebSocketHandler, public std::enable_shared_from_this<Session> {
public:
    Session(SessionHost& host, std::shared_ptr<http::WebSocket> socket, std::string sid, std::string socket_id,
            std::string language);

    void open();
    void message(std::string_view data, bool binary) override;
    void closed() override;
    void tick();

    /// Thread-safe: sends unless the peer is too slow or going.
    void deliver(const std::shared_ptr<const std::string>& frame);
    /// Thread-safe: tells the client not to come back by itself (`io server disconnect`), then closes.
    void disconnect(std::string_view reason);
    /// Thread-safe.
    void close(std::uint16_t code, std::string_view reason);
    /// Thread-safe: when tick() has something to do.
    Instant deadline() const { return Instant{deadline_ns_.load(std::memory_order_relaxed)}; }

    http::WebSocket& socket() { return *socket_; }
    /// Thread-safe.
    const std::string& socket_id() const { return connection_.socket_id(); }
    /// Thread-safe once the hub knows the session as connected: it does not change after that.
    const http::Principal& principal() const { return *connection_.principal(); }
    bool authenticated() const { return connection_.principal().has_value(); }

private:
    struct Bucket {
        double tokens;
        Instant at;
    };
    void apply(ConnectionOutbox& out);
    void dispatch(IncomingEvent event);
    Status admit(const EventRow* row, const IncomingEvent& event);
    bool take(const EventRow* row, http::Rate rate);
    void answer(std::optional<std::uint64_t> ack, const Result<json::Value>& result);

    SessionHost& host_;
    std::shared_ptr<http::WebSocket> socket_;
    Connection connection_;
    std::string language_;
    std::map<const EventRow*, Bucket> buckets_;  ///< null: the general one; never more than there are rows
    std::uint64_t events_ = 0;
    std::atomic<std::size_t> in_flight_{0};
    std::atomic<bool> closing_{false};
    std::atomic<std::int64_t> deadline_ns_{INT64_MAX};
};

/// `{ok: false, error: {code, detail, errors?}}`, detail in the client's language where the code is known.
json::Value refusal(const Error& error, std::string_view language);

}  // namespace confidente::socketio
