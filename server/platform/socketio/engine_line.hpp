// A websocket as its session sees it: what comes in goes to the session, whichever part the websocket plays there.
#pragma once

#include "platform/socketio/engine_server.hpp"

namespace confidente::socketio {

class EngineLine final : public http::WebSocketHandler {
public:
    EngineLine(std::shared_ptr<EngineSocket> socket, std::shared_ptr<http::WebSocket> websocket)
        : socket_(std::move(socket)), websocket_(std::move(websocket)) {}
    void message(std::string_view data, bool binary) override {
        socket_->websocket_message(websocket_.get(), data, binary);
    }
    void closed() override { socket_->websocket_closed(websocket_.get()); }

private:
    std::shared_ptr<EngineSocket> socket_;
    std::shared_ptr<http::WebSocket> websocket_;
};

}  // namespace confidente::socketio
