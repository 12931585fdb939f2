#include "domain/chat/events.hpp"

#include <boost/json.hpp>

#include "domain/chat/routes.hpp"
#include "domain/chat/view.hpp"

namespace confidente::chat {
namespace {

Error no_such_chat() {
    return {.kind = ErrorKind::not_found, .code = "chat_not_found", .detail = "There is no such chat."};
}

struct Edge {
    EventDeps deps;
    socketio::Server& sockets;

    Task<Result<json::Value>> send(socketio::EventRequest request) {
        json::Reader reader{*request.payload};
        const std::string chat = reader.text("chatId", {.min = 36, .max = 36});
        CO_TRY(auto command, read_message(reader));
        CO_TRY_VOID(reader.finish());
        command.chat_id = chat;
        command.sender_id = request.principal.user_id;
        auto sending = deps.db.write_batched(deps.chats.batch(), std::move(command));
        CO_TRY(const auto message, co_await sending);
        co_return json::Object{{"message", message_view(message)}};
    }

    Task<Result<json::Value>> read(socketio::EventRequest request) {
        json::Reader reader{*request.payload};
        const std::string chat = reader.text("chatId", {.min = 36, .max = 36});
        const std::string message = reader.text("messageId", {.min = 36, .max = 36});
        CO_TRY_VOID(reader.finish());
        const std::string user = request.principal.user_id;
        auto work = [this, user, chat, message](db::Transaction& tx) {
            return deps.chats.mark_read(tx, user, chat, message);
        };
        CO_TRY(const auto receipt, co_await deps.db.write(work));
        if (receipt) {
            const json::Value update = json::Object{{"messageId", receipt->message_id}, {"status", "read"}};
            for (const auto& writer : receipt->writers) sockets.emit_to_user(writer, "message:updated", update);
        }
        co_return json::Object{};
    }

    Task<Result<json::Value>> typing(socketio::EventRequest request, bool is_typing) {
        json::Reader reader{*request.payload};
        const std::string chat = reader.text("chatId", {.min = 36, .max = 36});
        CO_TRY_VOID(reader.finish());
        if (!is_uuid(chat)) co_return no_such_chat();
        const std::string user = request.principal.user_id;
        auto work = [this, user, chat](db::Transaction& tx) { return deps.chats.others(tx, user, chat); };
        CO_TRY(const auto others, co_await deps.db.read(work));
        const json::Value update = json::Object{{"chatId", chat}, {"userId", user}, {"typing", is_typing}};
        for (const auto& other : others) sockets.emit_to_user(other, "user:typing", update);
        co_return json::Object{};
    }
};

}  // namespace

void add_events(socketio::Server& sockets, EventDeps deps) {
    using http::Access;
    auto edge = std::make_shared<Edge>(Edge{deps, sockets});
    sockets.add({"message:send", Access::signed_in(), http::Rate{300, 10},
                 [edge](socketio::EventRequest request) { return edge->send(std::move(request)); }});
    sockets.add({"message:read", Access::signed_in(), http::Rate{600, 30},
                 [edge](socketio::EventRequest request) { return edge->read(std::move(request)); }});
    sockets.add({"typing:start", Access::signed_in(), http::Rate{60, 10},
                 [edge](socketio::EventRequest request) { return edge->typing(std::move(request), true); }});
    sockets.add({"typing:end", Access::signed_in(), http::Rate{60, 10},
                 [edge](socketio::EventRequest request) { return edge->typing(std::move(request), false); }});
}

void publish(socketio::Server& sockets, const std::string& payload) {
    const auto parsed = json::parse(payload);
    if (!parsed || !parsed->is_object()) return;
    const auto& event = parsed->get_object();
    const json::Value message = json::Object{{"message", event.at("message")}};
    if (const auto* live = event.if_contains("liveId")) {
        sockets.emit("live:" + std::string{live->as_string()}, "chat:message", message);
        return;
    }
    const auto& sent = event.at("message").as_object();
    const std::string sender{sent.at("sender").as_object().at("id").as_string()};
    bool delivered = false;
    for (const auto& value : event.at("participants").as_array()) {
        const std::string person{value.as_string()};
        sockets.emit_to_user(person, "message:received", message);
        delivered = delivered || (person != sender && sockets.online(person));
    }
    if (!delivered) return;
    const json::Value update = json::Object{{"messageId", sent.at("id")}, {"status", "delivered"}};
    sockets.emit_to_user(sender, "message:updated", update);
}

}  // namespace confidente::chat
