// What the outbox's `wallet` events become: `wallet:updated` to the user whose tokens changed.
#pragma once

#include <string>
#include <string_view>

#include "platform/socketio/server.hpp"

namespace confidente::payments {

inline constexpr std::string_view kTopic = "wallet";  ///< of the outbox

/// For the relay's subscriber, topic kTopic.
void publish(socketio::Server& sockets, const std::string& payload);

}  // namespace confidente::payments
