// Every client of the server: who is in which room, who is away and may come back, and what happened lately.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "platform/socketio/event_log.hpp"
#include "platform/socketio/fan_out.hpp"
#include "platform/socketio/rooms.hpp"
#include "platform/socketio/server.hpp"
#include "platform/socketio/session.hpp"

namespace confidente::socketio {

class Hub final : public Server, public SessionHost {
public:
    Hub(Config config, http::Authenticator authenticator, const Clock& clock, Random& random);

    // Server
    void add(EventRow row) override;
    std::vector<const EventRow*> rows() const override;
    void add_namespace(OpenNamespace space) override;
    void on_disconnect(DisconnectCallback callback) override { on_disconnect_ = std::move(callback); }
    void on_recover(DisconnectCallback callback) override { on_recover_ = std::move(callback); }
    void on_online_change(OnlineCallback callback) override { on_online_ = std::move(callback); }
    http::WebSocketEndpoint endpoint() override { return engine_.endpoint(); }
    bool join(std::string_view socket_id, std::string_view room) override;
    void leave(std::string_view socket_id, std::string_view room) override;
    void emit(std::string_view room, std::string_view event, const json::Value& payload,
              std::string_view except_socket) override;
    void emit_to_user(std::string_view user_id, std::string_view event, const json::Value& payload,
                      std::string_view except_socket) override;
    void ask(std::string_view socket_id, std::string_view event, const json::Value& payload, Duration timeout,
             std::function<void(Result<json::Value>)> answered) override;
    std::size_t room_size(std::string_view room) const override;
    bool online(std::string_view user_id) const override;
    void disconnect_user(std::string_view user_id) override;
    void disconnect_session(std::string_view session_id) override;
    void tick() override;
    void close_all() override;

    // SessionHost
    const Config& config() const override { return config_; }
    const http::Authenticator& authenticator() const override { return authenticator_; }
    Now now() const override { return {clock_.now(), clock_.utc_now()}; }
    const EventRow* row(std::string_view event) const override;
    const OpenNamespace* open_namespace(std::string_view nsp) const override;
    std::string make_id() const override;
    Result<Admission> admit(std::shared_ptr<Session> session, const SharedPrincipal& principal,
                            const Comeback& comeback) override;
    void admitted(const Session& session) override;
    void disconnected(Session& session, const CloseReason& reason) override;

private:
    struct Member {
        std::shared_ptr<Session> session;  ///< null while away
        SharedPrincipal principal;
        std::string pid;
        EventLog::Rooms rooms;       ///< explicit joins only
        std::uint64_t since = 0;     ///< number of the last event before the client was admitted
        Instant away_until{};        ///< while away
        bool first = false;          ///< its coming brought its user online, not yet told
        bool came_back = false;      ///< recovered, not yet told
        bool was_told_away = false;  ///< on_disconnect was called for its last absence
        EventLog::Rooms all_rooms() const;
    };
    using Members = std::unordered_map<std::string, Member>;

    // With the mutex held:
    std::optional<Admission> recover(const std::shared_ptr<Session>& session, const SharedPrincipal& principal,
                                     const Comeback& comeback);
    void go_away(Members::iterator member);
    void forget(Members::iterator member);
    void forget_away(const std::function<bool(const Member&)>& whose);

    void dismiss(const std::string& room, std::string_view reason);
    bool is_volatile(std::string_view event) const;

    const Config config_;
    const EngineConfig engine_config_;
    const http::Authenticator authenticator_;
    const Clock& clock_;
    Random& random_;
    // Filled before the server starts, then only read.
    std::map<std::string, EventRow, std::less<>> rows_;
    std::map<std::string, OpenNamespace, std::less<>> spaces_;
    DisconnectCallback on_disconnect_, on_recover_;
    OnlineCallback on_online_;

    mutable std::mutex mutex_;  ///< guards what follows; never held while calling a session or a callback
    Members members_;           ///< by socket id
    Rooms rooms_;
    std::unordered_map<std::string, std::size_t> away_rooms_;  ///< how many of those away would be in it
    std::set<std::string> away_;                               ///< socket ids
    std::unordered_map<std::string, std::string> pids_;        ///< → socket id
    std::unordered_map<std::string, Instant> ended_;           ///< sessions that open no further socket, until then
    EventLog log_{kMaxLogBytes};

    EngineServer engine_;
    FanOut fan_out_;  ///< last, as its thread uses the rest
};

}  // namespace confidente::socketio
