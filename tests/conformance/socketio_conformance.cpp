// socketio_conformance [--engine PORT] [--socket PORT]
//
// What the public conformance suites of Engine.IO v4 and Socket.IO v5 expect to talk to, on 127.0.0.1 and on the
// server's own code: `/engine.io/` echoes every message; `/socket.io/`, in `/` and `/custom`, emits `auth` with the
// handshake's auth, answers `message` with `message-back`, and acknowledges `message-with-ack`. Beyond the suites,
// `ask` makes the server ask back (`question`) and tell the client what it answered (`answer`).
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <optional>

#include "platform/base/log.hpp"
#include "platform/base/stop_signals.hpp"
#include "platform/http/server.hpp"
#include "platform/socketio/engine_server.hpp"
#include "platform/socketio/server.hpp"

namespace {

using namespace confidente;

constexpr Duration kPingInterval = 300ms;
constexpr Duration kPingTimeout = 200ms;
constexpr Duration kConnectTimeout = 1s;
constexpr Duration kAskTimeout = 150ms;
constexpr long kTickNs = 5'000'000;

class Echo final : public socketio::EngineHandler {
public:
    void message(std::string_view data, bool binary, socketio::Reaction& out) override {
        const std::string prefix = binary ? "" : "4";
        out.frames.push_back({std::make_shared<const std::string>(prefix + std::string(data)), binary});
    }
    void tick(socketio::Reaction&) override {}
    Instant deadline() const override { return Instant::never(); }
    void closed(const socketio::CloseReason&) override {}
};

json::Array without_name(const json::Array& arguments, std::string_view instead) {
    json::Array out(arguments);
    if (instead.empty())
        out.erase(out.begin());
    else
        out[0] = instead;
    return out;
}

void answer(const std::shared_ptr<socketio::OpenSocket>& socket, const socketio::OpenEvent& event) {
    const auto& arguments = event.arguments->get_array();
    const std::string_view name = arguments[0].get_string();
    if (name == "message") socket->emit(without_name(arguments, "message-back"), event.attachments);
    if (name == "message-with-ack" && event.ack)
        socket->acknowledge(*event.ack, without_name(arguments, {}), event.attachments);
    if (name != "ask") return;
    socket->emit_with_ack(without_name(arguments, "question"), kAskTimeout,
                          [socket](Result<json::Value> answers, const socketio::OpenSocket::Attachments& attachments) {
                              json::Array told{json::Value("answer")};
                              if (answers)
                                  for (const auto& value : answers->get_array()) told.push_back(value);
                              else
                                  told.push_back(json::Value(answers.error().code));
                              socket->emit(told, attachments);
                          });
}

socketio::OpenNamespace space(std::string name) {
    return {std::move(name),
            [](const std::shared_ptr<socketio::OpenSocket>& socket, const json::Value& auth) {
                socket->emit(json::Array{json::Value("auth"), auth}, {});
            },
            answer};
}

std::unique_ptr<http::Server> listen(std::uint16_t port, http::WebSocketEndpoint endpoint, const Clock& clock,
                                     Random& random) {
    http::ServerConfig config;
    config.port = port;
    config.threads = 1;
    config.general_rate = {};
    const auto nobody = [](std::string_view) { return Result<http::Principal>(Error{}); };
    auto server = http::Server::open(config, http::Router{}, nobody, {std::move(endpoint)}, clock, random);
    if (server) return std::move(*server);
    std::fprintf(stderr, "%s\n", server.error().detail.c_str());
    return nullptr;
}

}  // namespace

int main(int count, char** values) {
    CLI::App app{"A server for the public conformance suites of Engine.IO and Socket.IO"};
    std::optional<std::uint16_t> engine_port, socket_port;
    app.add_option("--engine", engine_port, "port of /engine.io/ (0: any)");
    app.add_option("--socket", socket_port, "port of /socket.io/ (0: any)");
    CLI11_PARSE(app, count, values);
    if (!engine_port && !socket_port) engine_port = socket_port = 0;

    const auto signals = block_stop_signals();
    signal(SIGPIPE, SIG_IGN);
    log::set_sink([](std::string_view) {});

    SystemClock clock;
    SystemRandom random;
    socketio::EngineServer engine(
        {.ping_interval = kPingInterval, .ping_timeout = kPingTimeout}, "/engine.io/",
        [](const std::shared_ptr<socketio::EngineSocket>& socket, const http::Request&) {
            socket->established();
            return std::make_shared<Echo>();
        },
        clock, random);
    socketio::Config config;
    config.ping_interval = kPingInterval;
    config.ping_timeout = kPingTimeout;
    config.connect_timeout = kConnectTimeout;
    config.general_rate = {};
    auto sockets = socketio::Server::make(
        config, [](std::string_view) { return Result<http::Principal>(Error{}); }, clock, random);
    for (const auto* name : {"/", "/custom"}) sockets->add_namespace(space(name));

    std::unique_ptr<http::Server> engine_server, socket_server;
    if (engine_port && !(engine_server = listen(*engine_port, engine.endpoint(), clock, random))) return 1;
    if (socket_port && !(socket_server = listen(*socket_port, sockets->endpoint(), clock, random))) return 1;
    if (engine_server) std::printf("engine listening on http://127.0.0.1:%u\n", engine_server->port());
    if (socket_server) std::printf("socket listening on http://127.0.0.1:%u\n", socket_server->port());
    std::fflush(stdout);

    const timespec pause{0, kTickNs};
    while (sigtimedwait(&signals, nullptr, &pause) < 0) {
        engine.tick();
        sockets->tick();
    }
    engine.close_all();
    sockets->close_all();
    return 0;
}
