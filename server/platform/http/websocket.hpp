// The websocket as Socket.IO sees it: text or binary messages in, one gathered write out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/task.hpp"
#include "platform/http/http.hpp"

namespace confidente::http {

/// An immutable message shared between every socket that gets it: serialised once.
struct WebSocketMessage {
    std::shared_ptr<const std::string> data;
    bool binary = false;
};

/// One open websocket. All calls on the connection's own executor, unless said otherwise.
class WebSocket {
public:
    virtual ~WebSocket() = default;
    /// Queues messages; they leave in order, gathered in one write where possible. Thread-safe.
    virtual void send(std::vector<WebSocketMessage> messages) = 0;
    /// Bytes queued and not yet taken by the kernel. Thread-safe.
    virtual std::size_t queued_bytes() const = 0;
    /// Starts the closing handshake (RFC 6455 §7.1.2) and drops the connection at the latest after 5 s. Thread-safe.
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual Executor& executor() = 0;
};

/// What the owner of a websocket does with it. Called on the connection's executor; `closed` exactly once, last.
class WebSocketHandler {
public:
    virtual ~WebSocketHandler() = default;
    virtual void message(std::string_view data, bool binary) = 0;
    virtual void closed() = 0;
};

/// Accepts or refuses an upgrade on a path. An Error becomes a problem response; otherwise the handler owns the peer.
/// The WebSocket stays alive as long as somebody holds it.
using WebSocketAcceptor =
    std::function<Result<std::shared_ptr<WebSocketHandler>>(const Request&, std::shared_ptr<WebSocket>)>;

struct WebSocketEndpoint {
    std::string path;                     ///< `/socket.io/`
    std::size_t max_message = 1'000'000;  ///< bytes; larger closes with 1009
    WebSocketAcceptor accept;
};

}  // namespace confidente::http
