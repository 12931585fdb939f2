// `gift:send`, and what the outbox's `gift` events become: `gift:received` to the live's room, `wallet:updated` to the
// sender and the model.
#pragma once

#include <string>
#include <string_view>

#include "domain/gifts/service.hpp"
#include "platform/db/database.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::gifts {

inline constexpr std::string_view kTopic = "gift";  ///< of the outbox

/// Both outlive the socket server.
struct EventDeps {
    db::Database& db;
    Service& gifts;
};

void add_events(socketio::Server& sockets, EventDeps deps);

/// Tells everyone about a gift that is in the outbox: for the relay's subscriber, topic kTopic.
void publish(socketio::Server& sockets, const std::string& payload);

}  // namespace confidente::gifts
