// Lives over Socket.IO: `live:join`, `live:leave`, `live:status` to the room `live:<id>`, `live:layers` to its model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/lives/audience.hpp"
#include "domain/lives/service.hpp"
#include "domain/lives/stage.hpp"
#include "domain/lives/thumbnails.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::lives {

/// References outlive the socket server.
struct EventDeps {
    db::Database& db;
    Service& lives;
    chat::Service& chats;
    Audience& audience;
    const Thumbnails& thumbnails;
};

/// Also listens for sockets that go (Server::on_disconnect).
void add_events(socketio::Server& sockets, EventDeps deps);
/// Tells the rooms whose number of viewers changed; app calls it once a second.
void tick(socketio::Server& sockets, Audience& audience);
/// Tells a live's model which layers of her video anybody needs now, lowest first.
void tell_layers(socketio::Server& sockets, std::string_view model_id, std::string_view live_id,
                 const std::vector<std::string>& encoding_ids);
/// For the relay's subscriber, topic kTopic: tells the room, and clears the stage of a live that ended.
void publish(socketio::Server& sockets, Audience& audience, Stage& stage, const std::string& payload);

}  // namespace confidente::lives
