#include "platform/socketio/server.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "platform/base/check.hpp"
#include "platform/socketio/session.hpp"

namespace confidente::socketio {
namespace {

constexpr std::size_t kIdLength = 20;  // characters of six random bits each, as the official server's ids

std::string user_room(std::string_view id) { return "user:" + std::string(id); }
std::string session_room(std::string_view id) { return "session:" + std::string(id); }

class Hub final : public Server, public SessionHost {
public:
    Hub(Config config, http::Authenticator authenticator, const Clock& clock, Random& random)
        : config_(std::move(config)), authenticator_(std::move(authenticator)), clock_(clock), random_(random) {}

    void add(EventRow row) override {
        const std::string name(row.name);
        check(rows_.emplace(name, std::move(row)).second);
    }
    std::vector<const EventRow*> rows() const override {
        std::vector<const EventRow*> all;
        for (const auto& [name, row] : rows_) all.push_back(&row);
        return all;
    }
    void on_disconnect(DisconnectCallback callback) override { on_disconnect_ = std::move(callback); }
    void on_online_change(OnlineCallback callback) override { on_online_ = std::move(callback); }

    http::WebSocketEndpoint endpoint() override {
        http::WebSocketEndpoint endpoint;
        endpoint.path = "/socket.io/";
        endpoint.max_message = kMaxMessage;
        endpoint.accept = [this](const http::Request& request, std::shared_ptr<http::WebSocket> socket) {
            return accept(request, std::move(socket));
        };
        return endpoint;
    }

    bool join(std::string_view socket_id, std::string_view room) override {
        const std::lock_guard lock(mutex_);
        const auto member = members_.find(std::string(socket_id));
        if (member == members_.end()) return false;
        auto& rooms = member->second.rooms;
        if (rooms.size() >= kMaxRoomsPerSocket && rooms.count(std::string(room)) == 0) return false;
        rooms.emplace(room);
        rooms_[std::string(room)].insert(member->second.session);
        return true;
    }

    void leave(std::string_view socket_id, std::string_view room) override {
        const std::lock_guard lock(mutex_);
        const auto member = members_.find(std::string(socket_id));
        if (member == members_.end() || member->second.rooms.erase(std::string(room)) == 0) return;
        remove(std::string(room), member->second.session);
    }

    void emit(std::string_view room, std::string_view event, const json::Value& payload,
              std::string_view except_socket) override {
        const auto sessions = in_room(room);
        if (sessions.empty()) return;
        const auto frame = std::make_shared<const std::string>(encode_event(event, payload));
        for (const auto& session : sessions)
            if (session->socket_id() != except_socket) session->deliver(frame);
    }
    void emit_to_user(std::string_view user_id, std::string_view event, const json::Value& payload,
                      std::string_view except_socket) override {
        emit(user_room(user_id), event, payload, except_socket);
    }

    std::size_t room_size(std::string_view room) const override {
        const std::lock_guard lock(mutex_);
        const auto found = rooms_.find(std::string(room));
        return found == rooms_.end() ? 0 : found->second.size();
    }
    bool online(std::string_view user_id) const override { return room_size(user_room(user_id)) != 0; }

    void disconnect_user(std::string_view user_id) override {
        for (const auto& session : in_room(user_room(user_id))) session->disconnect("disconnected");
    }
    void disconnect_session(std::string_view session_id) override {
        for (const auto& session : in_room(session_room(session_id))) session->disconnect("session ended");
    }

    void tick() override {
        const Instant now = clock_.now();
        for (const auto& session : everyone())
            if (session->deadline() <= now) session->socket().executor().post([session] { session->tick(); });
    }
    void close_all() override {
        for (const auto& session : everyone()) session->close(1001, "server going away");
    }

    // SessionHost
    const Config& config() const override { return config_; }
    const http::Authenticator& authenticator() const override { return authenticator_; }
    Now now() const override { return {clock_.now(), clock_.utc_now()}; }
    const EventRow* row(std::string_view event) const override {
        const auto found = rows_.find(event);
        return found == rows_.end() ? nullptr : &found->second;
    }

    bool connected(std::shared_ptr<Session> session) override {
        const auto user = session->principal().user_id;
        const auto room = user_room(user);
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            auto& sockets = rooms_[room];
            if (sockets.size() >= kMaxSocketsPerUser) return false;
            first = sockets.empty();
            sockets.insert(session);
            rooms_[session_room(session->principal().session_id)].insert(session);
            members_[session->socket_id()] = Member{session, {}};
        }
        if (first && on_online_) on_online_(user, true);
        return true;
    }

    void disconnected(Session& session) override {
        std::vector<std::string> rooms;
        bool last = false;
        {
            const std::lock_guard lock(mutex_);
            const auto open = sessions_.find(&session);
            if (open == sessions_.end()) return;
            const auto held = std::move(open->second);
            sessions_.erase(open);
            Metrics::get().open.add(-1);
            const auto member = members_.find(session.socket_id());
            if (member == members_.end()) return;
            rooms.assign(member->second.rooms.begin(), member->second.rooms.end());
            for (const auto& room : rooms) remove(room, held);
            const auto user = user_room(session.principal().user_id);
            remove(user, held);
            remove(session_room(session.principal().session_id), held);
            members_.erase(member);
            last = rooms_.count(user) == 0;
        }
        if (on_disconnect_) on_disconnect_(session.principal(), session.socket_id(), rooms);
        if (last && on_online_) on_online_(session.principal().user_id, false);
    }

private:
    struct Member {
        std::shared_ptr<Session> session;
        std::set<std::string> rooms;  ///< explicit joins only
    };
    using Sessions = std::unordered_set<std::shared_ptr<Session>>;

    Result<std::shared_ptr<http::WebSocketHandler>> accept(const http::Request& request,
                                                           std::shared_ptr<http::WebSocket> socket) {
        const auto refuse = [](std::string detail) {
            return Error{.kind = ErrorKind::invalid, .code = "invalid_handshake", .detail = std::move(detail)};
        };
        if (request.query_param("EIO") != "4") return refuse("Engine.IO 4 is needed.");
        if (request.query_param("transport") != "websocket") return refuse("Only the websocket transport is offered.");
        // A sid means an upgrade from polling, which was never offered; whatever it says is not looked up.
        if (request.query_param("sid")) return refuse("There is no session to upgrade.");
        auto session = std::make_shared<Session>(*this, std::move(socket), random_.token(kIdLength),
                                                 random_.token(kIdLength), std::string(request.language()));
        {
            const std::lock_guard lock(mutex_);
            sessions_.emplace(session.get(), session);
        }
        Metrics::get().open.add(1);
        session->open();
        return std::shared_ptr<http::WebSocketHandler>(session);
    }

    /// With the mutex held. An empty room is forgotten.
    void remove(const std::string& room, const std::shared_ptr<Session>& session) {
        const auto found = rooms_.find(room);
        if (found == rooms_.end()) return;
        found->second.erase(session);
        if (found->second.empty()) rooms_.erase(found);
    }
    std::vector<std::shared_ptr<Session>> in_room(std::string_view room) const {
        const std::lock_guard lock(mutex_);
        const auto found = rooms_.find(std::string(room));
        if (found == rooms_.end()) return {};
        return {found->second.begin(), found->second.end()};
    }
    std::vector<std::shared_ptr<Session>> everyone() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::shared_ptr<Session>> all;
        all.reserve(sessions_.size());
        for (const auto& [key, session] : sessions_) all.push_back(session);
        return all;
    }

    const Config config_;
    const http::Authenticator authenticator_;
    const Clock& clock_;
    Random& random_;
    // Filled before the server starts, then only read.
    std::map<std::string, EventRow, std::less<>> rows_;
    DisconnectCallback on_disconnect_;
    OnlineCallback on_online_;

    mutable std::mutex mutex_;  ///< guards the three maps below; never held while calling a session or a callback
    std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;  ///< every open websocket
    std::unordered_map<std::string, Member> members_;                        ///< connected ones, by socket id
    std::unordered_map<std::string, Sessions> rooms_;
};

}  // namespace

std::unique_ptr<Server> Server::make(Config config, http::Authenticator authenticator, const Clock& clock,
                                     Random& random) {
    return std::make_unique<Hub>(std::move(config), std::move(authenticator), clock, random);
}

}  // namespace confidente::socketio
