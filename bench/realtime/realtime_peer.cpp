// realtime_peer: the server's own http and Socket.IO with two events and nothing behind them, as the peer beside it.
//
// `join` puts a client into the one room, `say` tells the room what it was told. A token names its user, as nothing is
// verified by the peer either.
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "platform/base/log.hpp"
#include "platform/base/stop_signals.hpp"
#include "platform/http/server.hpp"
#include "platform/socketio/server.hpp"

namespace {

using namespace confidente;

constexpr time_t kTickSeconds = 1;

Task<Result<json::Value>> join(socketio::Server& sockets, socketio::EventRequest request) {
    sockets.join(request.socket_id, "room");
    co_return json::Value{};
}

Task<Result<json::Value>> say(socketio::Server& sockets, socketio::EventRequest request) {
    sockets.emit("room", "said", *request.payload);
    co_return json::Value{};
}

}  // namespace

int main(int count, char** values) {
    const auto signals = block_stop_signals();
    signal(SIGPIPE, SIG_IGN);
    log::set_sink([](std::string_view) {});

    SystemClock clock;
    SystemRandom random;
    const auto authenticator = [&clock](std::string_view token) -> Result<http::Principal> {
        return http::Principal{std::string(token), "session-of-" + std::string(token), http::Role::client,
                               clock.utc_now() + 1h};
    };
    socketio::Config config;
    config.pace = socketio::kServingPace;
    config.general_rate = {};
    auto sockets = socketio::Server::make(config, authenticator, clock, random);
    sockets->add({"join", http::Access::signed_in(), http::Rate{},
                  [&](socketio::EventRequest request) { return join(*sockets, std::move(request)); }});
    sockets->add({"say", http::Access::signed_in(), http::Rate{},
                  [&](socketio::EventRequest request) { return say(*sockets, std::move(request)); }});
    http::ServerConfig listener;
    listener.threads = count > 1 ? static_cast<unsigned>(std::atoi(values[1])) : 0;
    listener.general_rate = {};
    listener.max_connections = 50'000;
    auto server = http::Server::open(listener, http::Router{}, authenticator, {sockets->endpoint()}, clock, random);
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().detail.c_str());
        return 1;
    }
    std::printf("listening on %u\n", (*server)->port());
    std::fflush(stdout);
    const timespec tick{kTickSeconds, 0};
    while (sigtimedwait(&signals, nullptr, &tick) < 0) sockets->tick();
    sockets->close_all();
    (*server)->drain(1s);
    return 0;
}
