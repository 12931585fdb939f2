// The websocket as Socket.IO sees it: text or binary messages in, one gathered write out.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/base/task.hpp"
#include "platform/http/http.hpp"

namespace confidente::http {

using SharedBytes = std::shared_ptr<const std::string>;

/// An immutable message shared between every socket that gets it: serialised once.
struct WebSocketMessage {
    SharedBytes data;
    bool binary = false;
};

/// Appends a message to `wire` as a server sends it: one whole frame, unmasked (RFC 6455 §5.2).
void append_frame(std::string& wire, std::string_view data, bool binary);

/// One open websocket. All calls on the connection's own executor, unless said otherwise.
class WebSocket {
public:
    virtual ~WebSocket() = default;
    /// Queues messages; they leave in order, gathered in one write where possible. Thread-safe.
    virtual void send(std::vector<WebSocketMessage> messages) = 0;
    /// The same for what stands framed already (append_frame): shared by a whole room, and written at once, on the
    /// calling thread, when nothing is queued before it.
    virtual void send_framed(std::span<const SharedBytes> pieces) = 0;
    /// Bytes queued and not yet taken by the kernel. Thread-safe.
    virtual std::size_t queued_bytes() const = 0;
    /// Bytes that the kernel has taken so far. Thread-safe.
    virtual std::uint64_t written_bytes() const = 0;
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

/// The owner of the new websocket, or the answer that refuses it.
using Acceptance = std::variant<std::shared_ptr<WebSocketHandler>, Response>;

/// Accepts or refuses an upgrade on a path. The WebSocket stays alive as long as somebody holds it.
using WebSocketAcceptor = std::function<Acceptance(const Request&, std::shared_ptr<WebSocket>)>;

/// A path for websockets, and for the plain requests of a protocol that begins without them (Engine.IO's polling).
struct WebSocketEndpoint {
    std::string path;                     ///< `/socket.io/`
    std::size_t max_message = 1'000'000;  ///< bytes, of bodies too; a larger message closes with 1009
    WebSocketAcceptor accept;
    Rate opening = {};  ///< per address, of the requests that `opens` names
    /// Whether a request begins something, rather than going on with what is there; null: every upgrade does.
    std::function<bool(const Request&)> opens = nullptr;
    /// Plain requests of any method; null refuses them. The answer may come much later: see Request::caller.
    Handler answer = nullptr;
    /// Called with the headers, before the body; what it returns is let go when the request was answered or lost.
    std::function<std::shared_ptr<void>(const Request&)> begin = nullptr;
};

}  // namespace confidente::http
