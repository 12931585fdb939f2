// One client: its protocol, its rates, its running handlers, its unanswered questions. Its rooms are the hub's.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "platform/base/metrics.hpp"
#include "platform/socketio/burst.hpp"
#include "platform/socketio/connection.hpp"
#include "platform/socketio/engine_server.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::socketio {

struct Metrics {
    metrics::Gauge& open;
    metrics::Counter& events;
    metrics::Counter& dropped_slow;
    metrics::Counter& recovered;
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
    virtual const OpenNamespace* open_namespace(std::string_view nsp) const = 0;
    virtual std::string make_id() const = 0;
    virtual Result<Admission> admit(std::shared_ptr<Session> session, const SharedPrincipal& principal,
                                    const Comeback& comeback) = 0;
    /// After admit, without a lock: tells whoever wants to know.
    virtual void admitted(const Session& session) = 0;
    virtual void disconnected(Session& session, const CloseReason& reason) = 0;
};

class Session final : public EngineHandler,
                      public Listener,
                      public std::enable_shared_from_this<Session>,
                      private ConnectionHost {
public:
    Session(SessionHost& host, std::shared_ptr<EngineSocket> socket, std::string language);

    void message(std::string_view data, bool binary, Reaction& out) override;
    void tick(Reaction& out) override;
    Instant deadline() const override;
    void closed(const CloseReason& reason) override;

    // Thread-safe:
    void hear(std::span<const Heard> heard) override { socket_->hear(heard, socket_id_); }
    /// Tells the client not to come back by itself (`io server disconnect`), then closes.
    void dismiss(std::string_view reason) override;
    Executor* home() const override { return socket_->home(); }
    void deliver(Frame frame);
    void deliver(std::vector<Frame> frames) { socket_->send(std::move(frames)); }
    /// Lets go of a connection whose client has come back on another.
    void replace();
    using Answered = OpenSocket::Answered;
    void ask(const std::string& nsp, const json::Array& arguments, Duration timeout, Answered answered);
    /// Of the main namespace. Set by the hub, once, before anybody else sees the session.
    const std::string& socket_id() const { return socket_id_; }
    void set_socket_id(std::string id) { socket_id_ = std::move(id); }

private:
    struct Bucket {
        double tokens;
        Instant at;
    };
    struct Ask {
        std::string nsp;
        Instant until;
        Answered answered;
    };
    // ConnectionHost
    const Config& config() const override { return host_.config(); }
    const http::Authenticator& authenticator() const override { return host_.authenticator(); }
    Now now() const override { return host_.now(); }
    bool is_open_namespace(std::string_view nsp) const override { return host_.open_namespace(nsp) != nullptr; }
    std::string make_id() const override { return host_.make_id(); }
    Result<Admission> admit(const SharedPrincipal& principal, const Comeback& comeback) override;

    void apply(ConnectionOutbox& from, Reaction& out);
    void joined(Joined joined, Reaction& out);
    void event(IncomingEvent event, Reaction& out);
    void dispatch(const EventRow& row, EventRequest request, std::optional<std::uint64_t> ack);
    Status admit_event(const EventRow* row, const IncomingEvent& event);
    bool take(const EventRow* row, http::Rate rate);
    std::string answer(std::uint64_t ack, const Result<json::Value>& result) const;
    void answered(IncomingAck ack);
    void give_up(Instant until);

    SessionHost& host_;
    std::shared_ptr<EngineSocket> socket_;
    Connection connection_;
    std::string language_, socket_id_;
    std::map<const EventRow*, Bucket> buckets_;  ///< null: the general one; never more than there are rows
    std::uint64_t events_ = 0;
    std::atomic<std::size_t> in_flight_{0};
    mutable std::mutex asks_mutex_;  ///< guards the two below
    std::map<std::uint64_t, Ask> asks_;
    std::uint64_t next_ask_ = 0;
};

/// `{ok: false, error: {code, detail, errors?}}`, detail in the client's language where the code is known.
json::Value refusal(const Error& error, std::string_view language);

}  // namespace confidente::socketio
