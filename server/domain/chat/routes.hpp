// Chats over HTTP: opening, listing, reading and writing them.
#pragma once

#include "domain/chat/service.hpp"
#include "platform/http/http.hpp"
#include "platform/http/paging.hpp"

namespace confidente::chat {

/// All outlive the router.
struct Deps {
    db::Database& db;
    Service& chats;
    const http::Cursors& cursors;
};

void add_routes(http::Router& router, Deps deps);
/// `content`, `type`, `clientId` of a message, as both transports take them.
Result<SendMessage> read_message(json::Reader& reader);

}  // namespace confidente::chat
