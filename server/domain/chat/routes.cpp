#include "domain/chat/routes.hpp"

#include <boost/json.hpp>

#include "domain/chat/view.hpp"
#include "platform/http/paging.hpp"

namespace confidente::chat {
namespace {

struct Edge {
    Deps deps;

    Task<Result<http::Response>> open(http::Request request) {
        CO_TRY(const auto body, request.json_body());
        json::Reader reader{body};
        const std::string other = reader.text("participantId", {.min = 36, .max = 36});
        CO_TRY_VOID(reader.finish());
        const std::string user = request.principal->user_id;
        auto work = [this, user, other](db::Transaction& tx) { return deps.chats.open_private(tx, user, other); };
        CO_TRY(const auto opened, co_await deps.db.write(work));
        co_return http::Response::json(opened.created ? 201 : 200, chat_view(opened.chat));
    }

    Task<Result<http::Response>> list(http::Request request) {
        CO_TRY(const auto page, http::page_of(request, kPage));
        const std::string user = request.principal->user_id;
        auto work = [this, user, page](db::Transaction& tx) {
            return deps.chats.list(tx, user, page.before, page.limit + 1);
        };
        CO_TRY(auto chats, co_await deps.db.read(work));
        std::optional<std::int64_t> next;
        if (static_cast<std::int64_t>(chats.size()) > page.limit) {
            chats.pop_back();
            next = chats.back().updated_at.ms;
        }
        json::Array items;
        for (const auto& chat : chats) items.push_back(chat_view(chat));
        co_return http::Response::json(200, http::page_view(std::move(items), next));
    }

    Task<Result<http::Response>> history(http::Request request) {
        CO_TRY(const auto page, http::page_of(request, kPage));
        const std::string user = request.principal->user_id, chat = request.param("id");
        auto work = [this, user, chat, page](db::Transaction& tx) {
            return deps.chats.history(tx, user, chat, page.before, page.limit + 1);
        };
        CO_TRY(auto messages, co_await deps.db.read(work));
        std::optional<std::int64_t> next;
        if (static_cast<std::int64_t>(messages.size()) > page.limit) {
            messages.pop_back();
            next = messages.back().seq;
        }
        json::Array items;
        for (const auto& message : messages) items.push_back(message_view(message));
        co_return http::Response::json(200, http::page_view(std::move(items), next));
    }

    Task<Result<http::Response>> send(http::Request request) {
        CO_TRY(const auto body, request.json_body());
        json::Reader reader{body};
        CO_TRY(auto command, read_message(reader));
        CO_TRY_VOID(reader.finish());
        command.chat_id = request.param("id");
        command.sender_id = request.principal->user_id;
        auto work = [this, command](db::Transaction& tx) { return deps.chats.send(tx, command); };
        CO_TRY(const auto message, co_await deps.db.write(work));
        co_return http::Response::json(201, message_view(message));
    }
};

}  // namespace

Result<SendMessage> read_message(json::Reader& reader) {
    SendMessage command;
    command.content = reader.text("content", {.min = 1, .max = kMaxContent, .lines = json::TextLimits::Lines::many});
    command.type = reader.text("type", {.min = 1, .max = 16});
    command.client_id = reader.optional_text("clientId", {.min = 1, .max = 64});
    if (!command.type.empty() && command.type != "text")
        reader.fail("type", "not_supported", "Only text messages can be sent.");
    return command;
}

void add_routes(http::Router& router, Deps deps) {
    using http::Access;
    using http::Method;
    auto edge = std::make_shared<Edge>(Edge{deps});
    router.add({Method::get, "/api/chats", Access::signed_in(), http::Rate{},
                [edge](http::Request request) { return edge->list(std::move(request)); }});
    router.add({Method::post, "/api/chats", Access::signed_in(), http::Rate{60, 20},
                [edge](http::Request request) { return edge->open(std::move(request)); }});
    router.add({Method::get, "/api/chats/:id/messages", Access::signed_in(), http::Rate{},
                [edge](http::Request request) { return edge->history(std::move(request)); }});
    router.add({Method::post, "/api/chats/:id/messages", Access::signed_in(), http::Rate{300, 10},
                [edge](http::Request request) { return edge->send(std::move(request)); }});
}

}  // namespace confidente::chat
