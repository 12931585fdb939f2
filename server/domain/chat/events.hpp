// Chats over Socket.IO: `message:send`, `message:read`, `typing:start`, `typing:end`; and what the outbox's `message`
// events become: `message:received` to the people of a private chat, `chat:message` to a live's room.
#pragma once

#include "domain/chat/service.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::chat {

/// All outlive the socket server.
struct EventDeps {
    db::Database& db;
    Service& chats;
};

void add_events(socketio::Server& sockets, EventDeps deps);
/// For the relay's subscriber, topic kTopic.
void publish(socketio::Server& sockets, const std::string& payload);

}  // namespace confidente::chat
