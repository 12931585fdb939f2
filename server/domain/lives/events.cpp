#include "domain/lives/events.hpp"

#include <boost/json.hpp>

#include "domain/chat/view.hpp"
#include "domain/lives/view.hpp"
#include "platform/base/ids.hpp"

namespace confidente::lives {
namespace {

constexpr std::int64_t kRecentMessages = 50;

std::string room_of(std::string_view live_id) { return "live:" + std::string{live_id}; }

Result<std::string> read_live_id(const socketio::EventRequest& request) {
    json::Reader reader{*request.payload};
    auto id = reader.text("liveId", {.max = 36});
    TRY_VOID(reader.finish());
    if (!is_uuid(id))
        return Error{.kind = ErrorKind::not_found, .code = "live_not_found", .detail = "There is no such live."};
    return id;
}

json::Value status_json(std::string_view live_id, std::string_view status, std::int64_t viewers) {
    return json::Object{{"liveId", live_id}, {"status", status}, {"viewerCount", viewers}};
}

struct Visited {
    Live live;
    std::vector<chat::Message> messages;
};

struct Edge {
    socketio::Server& sockets;
    EventDeps deps;

    Task<Result<json::Value>> join(socketio::EventRequest request) {
        CO_TRY(const auto id, read_live_id(request));
        const auto user = request.principal.user_id;
        auto work = [this, id, user](db::Transaction& tx) -> Result<Visited> {
            TRY(auto live, deps.lives.visit(tx, id, user));
            TRY(auto messages, deps.chats.history(tx, user, live.chat_id, std::nullopt, kRecentMessages));
            return Visited{std::move(live), std::move(messages)};
        };
        CO_TRY(const auto visited, co_await deps.db.write(work));
        if (!sockets.join(request.socket_id, room_of(id)))
            co_return Error{.kind = ErrorKind::too_many, .code = "too_many_rooms", .detail = "Too many rooms at once."};
        const Audience::Visitor visitor{id, user, request.socket_id, visited.live.model_id == user};
        deps.audience.join(visitor, visited.live.status);
        json::Array messages;
        for (const auto& message : visited.messages) messages.push_back(chat::message_view(message));
        json::Object out;
        out["live"] = live_view(visited.live, deps.audience, deps.thumbnails);
        out["messages"] = std::move(messages);
        co_return json::Value(std::move(out));
    }

    /// A client that lost its line is back in the live's room; whether it still may be is asked again.
    Task<Result<json::Value>> come_back(std::string id, std::string user, std::string socket_id) {
        auto work = [this, id, user](db::Transaction& tx) { return deps.lives.visit(tx, id, user); };
        const auto live = co_await deps.db.write(work);
        if (live)
            deps.audience.join({id, user, socket_id, live->model_id == user}, live->status);
        else
            sockets.leave(socket_id, room_of(id));
        co_return json::Value{};
    }

    Task<Result<json::Value>> leave(socketio::EventRequest request) {
        CO_TRY(const auto id, read_live_id(request));
        sockets.leave(request.socket_id, room_of(id));
        deps.audience.leave(id, request.socket_id);
        co_return json::Value(json::Object{});
    }
};

}  // namespace

void add_events(socketio::Server& sockets, EventDeps deps) {
    const auto edge = std::make_shared<Edge>(Edge{sockets, deps});
    sockets.add({"live:join", http::Access::signed_in(), http::Rate{20, 20},
                 [edge](socketio::EventRequest request) { return edge->join(std::move(request)); }});
    sockets.add({"live:leave", http::Access::signed_in(), http::Rate{60, 20},
                 [edge](socketio::EventRequest request) { return edge->leave(std::move(request)); }});
    sockets.on_recover(
        [edge](const http::Principal& who, std::string_view socket_id, const std::vector<std::string>& rooms) {
            const std::string prefix = room_of({});
            for (const auto& room : rooms) {
                if (!room.starts_with(prefix)) continue;
                auto task = edge->come_back(room.substr(prefix.size()), who.user_id, std::string{socket_id});
                start<Result<json::Value>>(std::move(task), [](const Result<json::Value>&) {});
            }
        });
    sockets.on_disconnect([edge](const http::Principal&, std::string_view socket_id, const std::vector<std::string>&) {
        edge->deps.audience.drop(socket_id);
    });
}

void tick(socketio::Server& sockets, Audience& audience) {
    for (const auto& change : audience.take_changes())
        sockets.emit(room_of(change.live_id), "live:status",
                     status_json(change.live_id, change.status, change.viewers));
}

void tell_layers(socketio::Server& sockets, std::string_view model_id, std::string_view live_id,
                 const std::vector<std::string>& encoding_ids) {
    json::Array encodings;
    for (const auto& id : encoding_ids) encodings.emplace_back(id);
    sockets.emit_to_user(model_id, "live:layers",
                         json::Object{{"liveId", live_id}, {"encodings", std::move(encodings)}});
}

void publish(socketio::Server& sockets, Audience& audience, Stage& stage, const std::string& payload) {
    const auto parsed = json::parse(payload);
    if (!parsed) return;
    json::Reader reader{*parsed};
    const auto id = reader.text("liveId");
    const auto status = reader.text("status");
    if (!reader.finish()) return;
    audience.set_status(id, status);
    if (status == "ended") stage.end(id);
    sockets.emit(room_of(id), "live:status", status_json(id, status, audience.viewers(id)));
}

}  // namespace confidente::lives
