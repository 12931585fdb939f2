#include "platform/socketio/engine_server.hpp"

#include <array>
#include <boost/json.hpp>

#include "platform/socketio/engine_line.hpp"

namespace confidente::socketio {
namespace {

constexpr std::size_t kIdLength = 20;  // characters of six random bits each, as the official server's ids

http::Response busy() {
    return http::Response::text(503, "too many sessions").with("Retry-After", "5").with("Cache-Control", "no-store");
}

}  // namespace

/// How many sessions of each address have not shown yet who they are.
struct EngineServer::HalfOpen : std::enable_shared_from_this<HalfOpen> {
    std::mutex mutex;  ///< guards counts
    std::unordered_map<std::string, std::size_t> counts;

    /// Null when the address has too many.
    std::shared_ptr<void> take(const std::string& address) {
        const std::lock_guard lock(mutex);
        auto& count = counts[address];
        if (count >= kMaxHalfOpenPerAddress) return nullptr;
        ++count;
        return {this, [self = shared_from_this(), address](void*) {
                    const std::lock_guard locked(self->mutex);
                    const auto found = self->counts.find(address);
                    if (--found->second == 0) self->counts.erase(found);
                }};
    }
};

http::Response refuse(EngineError error) {
    static constexpr std::array<std::string_view, 6> kMessages = {
        "Transport unknown", "Session ID unknown", "Bad handshake method",
        "Bad request",       "Forbidden",          "Unsupported protocol version"};
    json::Object body;
    body["code"] = static_cast<int>(error);
    body["message"] = kMessages[static_cast<std::size_t>(error)];
    return http::Response::json(error == EngineError::forbidden ? 403 : 400, json::Value(std::move(body)))
        .with("Cache-Control", "no-store");
}

EngineServer::EngineServer(EngineConfig config, std::string path, MakeHandler make, const Clock& clock, Random& random)
    : config_(config),
      path_(std::move(path)),
      make_(std::move(make)),
      clock_(clock),
      random_(random),
      half_open_(std::make_shared<HalfOpen>()) {}

EngineServer::~EngineServer() {
    for (const auto& socket : everyone()) socket->abandon();
}

http::WebSocketEndpoint EngineServer::endpoint() {
    http::WebSocketEndpoint endpoint;
    endpoint.path = path_;
    endpoint.max_message = config_.max_payload;
    endpoint.accept = [this](const http::Request& request, std::shared_ptr<http::WebSocket> websocket) {
        return accept(request, std::move(websocket));
    };
    endpoint.answer = [this](http::Request request) { return answer(std::move(request)); };
    endpoint.opens = [](const http::Request& request) { return !request.query_param("sid"); };
    endpoint.begin = [this](const http::Request& request) { return begin(request); };
    return endpoint;
}

http::Acceptance EngineServer::accept(const http::Request& request, std::shared_ptr<http::WebSocket> websocket) {
    if (request.query_param("transport") != "websocket") return refuse(EngineError::transport_unknown);
    if (request.query_param("EIO") != "4") return refuse(EngineError::unsupported_version);
    if (request.query_param("sid")) return upgrade(request, std::move(websocket));
    auto* executor = &websocket->executor();
    auto socket = make_socket(request, TransportKind::websocket, executor);
    if (!socket) return busy();
    auto line = std::make_shared<EngineLine>(socket, websocket);
    socket->open(make_(socket, request), std::move(websocket));
    return std::shared_ptr<http::WebSocketHandler>(std::move(line));
}

http::Acceptance EngineServer::upgrade(const http::Request& request, std::shared_ptr<http::WebSocket> websocket) {
    const auto socket = find(*request.query_param("sid"));
    if (!socket) return refuse(EngineError::session_unknown);
    auto line = std::make_shared<EngineLine>(socket, websocket);
    if (!socket->begin_probe(std::move(websocket))) return refuse(EngineError::bad_request);
    return std::shared_ptr<http::WebSocketHandler>(std::move(line));
}

Task<Result<http::Response>> EngineServer::answer(http::Request request) {
    const auto transport = request.query_param("transport");
    if (transport != "polling" && transport != "websocket") co_return refuse(EngineError::transport_unknown);
    const auto sid = request.query_param("sid");
    const auto socket = sid ? find(*sid) : nullptr;
    if (sid && !socket) co_return refuse(EngineError::session_unknown);
    if (request.query_param("EIO") != "4") co_return refuse(EngineError::unsupported_version);
    if (!sid && request.method != http::Method::get) co_return refuse(EngineError::bad_handshake_method);
    if (transport != "polling") co_return refuse(EngineError::bad_request);
    if (!sid) co_return handshake(request);
    if (request.method == http::Method::post) co_return socket->post(request);
    if (request.method != http::Method::get) co_return refuse(EngineError::bad_request);
    auto task = socket->poll(request.caller);
    auto response = co_await task;
    co_return response;
}

http::Response EngineServer::handshake(const http::Request& request) {
    auto socket = make_socket(request, TransportKind::polling, Executor::current());
    if (!socket) return busy();
    http::Response response;
    socket->open(make_(socket, request), nullptr);
    // The open packet waits for its first poll, which is this request.
    socket->begin_poll(nullptr, [&response](Result<http::Response> opened) { response = std::move(*opened); });
    return response;
}

std::shared_ptr<void> EngineServer::begin(const http::Request& request) {
    if (request.method != http::Method::post) return nullptr;
    const auto sid = request.query_param("sid");
    const auto socket = sid ? find(*sid) : nullptr;
    return socket ? socket->begin_post() : nullptr;
}

std::shared_ptr<EngineSocket> EngineServer::make_socket(const http::Request& request, TransportKind transport,
                                                        Executor* executor) {
    auto half_open = half_open_->take(request.remote_address);
    if (!half_open) return nullptr;
    auto socket =
        std::make_shared<EngineSocket>(*this, random_.token(kIdLength), transport, executor, std::move(half_open));
    const std::lock_guard lock(mutex_);
    if (closing_ || sockets_.size() >= kMaxSessions) return nullptr;
    sockets_.emplace(socket->sid(), socket);
    return socket;
}

std::shared_ptr<EngineSocket> EngineServer::find(std::string_view sid) const {
    const std::lock_guard lock(mutex_);
    const auto found = sockets_.find(std::string(sid));
    return found == sockets_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<EngineSocket>> EngineServer::everyone() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<EngineSocket>> all;
    all.reserve(sockets_.size());
    for (const auto& [sid, socket] : sockets_) all.push_back(socket);
    return all;
}

void EngineServer::forget(const EngineSocket& socket) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(socket.sid());
}

void EngineServer::tick() {
    const Instant at = now();
    for (const auto& socket : everyone()) {
        if (socket->deadline() > at) continue;
        if (socket->executor_)
            socket->executor_->post([socket] { socket->tick(); });
        else
            socket->tick();
    }
}

void EngineServer::close_all() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    for (const auto& socket : everyone()) socket->close({1001, "server going away", true});
}

std::size_t EngineServer::sessions() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
}

}  // namespace confidente::socketio
