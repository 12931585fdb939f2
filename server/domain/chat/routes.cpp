#include "domain/chat/routes.hpp"

#include <boost/json.hpp>

#include "domain/chat/view.hpp"

namespace confidente::chat {
namespace {

/// A position in the list of chats: `<updated_at> <id>`.
Result<Activity> activity_of(std::string_view position) {
    const auto space = position.find(' ');
    if (space == std::string_view::npos) return http::invalid_cursor();
    TRY(const auto ms, http::position_number(position.substr(0, space)));
    return Activity{UtcTime{ms}, std::string{position.substr(space + 1)}};
}

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
        const std::string user = request.principal->user_id, name = "chats " + user;
        CO_TRY(const auto page, http::page_of(request, kPage, deps.cursors, name));
        std::optional<Activity> before;
        if (page.after) {
            CO_TRY(before, activity_of(*page.after));
        }
        auto work = [this, user, before, page](db::Transaction& tx) {
            return deps.chats.list(tx, user, before, page.limit + 1);
        };
        CO_TRY(auto chats, co_await deps.db.read(work));
        std::optional<std::string> next;
        if (static_cast<std::int64_t>(chats.size()) > page.limit) {
            chats.pop_back();
            next = deps.cursors.seal(name, std::to_string(chats.back().updated_at.ms) + " " + chats.back().id);
        }
        json::Array items;
        for (const auto& chat : chats) items.push_back(chat_view(chat));
        co_return http::Response::json(200, http::page_view(std::move(items), std::move(next)));
    }

    Task<Result<http::Response>> history(http::Request request) {
        const std::string user = request.principal->user_id, chat = request.param("id"), name = "messages " + chat;
        CO_TRY(const auto page, http::page_of(request, kPage, deps.cursors, name));
        std::optional<std::int64_t> before;
        if (page.after) {
            CO_TRY(before, http::position_number(*page.after));
        }
        auto work = [this, user, chat, before, page](db::Transaction& tx) {
            return deps.chats.history(tx, user, chat, before, page.limit + 1);
        };
        CO_TRY(auto messages, co_await deps.db.read(work));
        std::optional<std::string> next;
        if (static_cast<std::int64_t>(messages.size()) > page.limit) {
            messages.pop_back();
            next = deps.cursors.seal(name, std::to_string(messages.back().seq));
        }
        json::Array items;
        for (const auto& message : messages) items.push_back(message_view(message));
        co_return http::Response::json(200, http::page_view(std::move(items), std::move(next)));
    }

    Task<Result<http::Response>> send(http::Request request) {
        CO_TRY(const auto body, request.json_body());
        json::Reader reader{body};
        CO_TRY(auto command, read_message(reader));
        CO_TRY_VOID(reader.finish());
        command.chat_id = request.param("id");
        command.sender_id = request.principal->user_id;
        auto sending = deps.db.write_batched(deps.chats.batch(), std::move(command));
        CO_TRY(const auto message, co_await sending);
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
    if (reader.optional_value("mediaId")) reader.fail("mediaId", "not_supported", "Only text messages can be sent.");
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
