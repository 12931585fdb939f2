// A connection's bytes, through the real connection, gate and router over a transport in memory: the answers do not
// depend on how the bytes were cut (what a proxy and we could read differently is refused), each is a whole response,
// and the connection ends when the peer does.
#include <boost/json.hpp>
#include <memory>

#include "platform/base/log.hpp"
#include "platform/http/connection.hpp"
#include "platform/http/memory_transport_for_test.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

/// Sends back what it gets.
class Echo final : public WebSocketHandler {
public:
    explicit Echo(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}
    void message(std::string_view data, bool binary) override {
        socket_->send({{std::make_shared<const std::string>(data), binary}});
    }
    void closed() override { socket_.reset(); }

private:
    std::shared_ptr<WebSocket> socket_;
};

Router routes() {
    Router router;
    router.add({Method::get, "/api/gifts", Access::anyone(), Rate{}, [](Request request) -> Task<Result<Response>> {
                    co_return Response::text(200, request.query_param("q").value_or("-"));
                }});
    router.add({Method::post, "/api/echo", Access::anyone(), Rate{},
                [](Request request) -> Task<Result<Response>> {
                    CO_TRY(const auto body, request.json_body());
                    co_return Response::json(200, body);
                },
                2048});
    router.add({Method::put, "/api/models/me", Access::models(), Rate{},
                [](Request) -> Task<Result<Response>> { co_return Response::empty(204); }});
    router.add({Method::post, "/api/lives/:id/join", Access::signed_in(), Rate{60, 3},
                [](Request) -> Task<Result<Response>> { co_return Response::empty(204); }});
    return router;
}

using Then = MemoryTransport::Then;

std::string answers(std::string_view bytes, std::size_t piece, Then then = Then::hangs_up) {
    static const ServerConfig config = [] {
        ServerConfig made;
        made.cors_origins = {"https://app.example"};
        made.trusted_proxies = {"192.0.2.1"};
        made.general_rate = {1'000'000, 1'000'000};
        return made;
    }();
    HandRunLoop loop;
    Executor::set_current(&loop);
    ManualClock clock;
    SeededRandom random{3};
    const Authenticator authenticator = [](std::string_view token) -> Result<Principal> {
        if (token == "good")
            return Principal{.user_id = "u", .session_id = "s", .role = Role::client, .expires_at = {}};
        return Error{ErrorKind::unauthenticated, "invalid_token", "The token is not valid."};
    };
    const WebSocketAcceptor accept = [](const Request&, std::shared_ptr<WebSocket> socket) -> Acceptance {
        return std::shared_ptr<WebSocketHandler>{std::make_shared<Echo>(std::move(socket))};
    };
    WebSocketEndpoint sockets{.path = "/socket.io/", .max_message = 4096, .accept = accept, .opening = {60, 3}};
    sockets.opens = [](const Request& request) { return !request.query_param("sid"); };
    sockets.answer = [](Request request) -> Task<Result<Response>> { co_return Response::text(200, request.body); };
    Gate gate{config, routes(), authenticator, {sockets}, clock, random};
    const auto transport = std::make_shared<MemoryTransport>(loop, bytes, piece, then);
    // Once the peer takes all that is written at once, once nothing, so that the rest of it waits.
    if (piece > 1) transport->room_now = 1U << 20U;
    serve(transport, config, gate, loop);
    loop.run();
    // Whoever says nothing more is shown the door, the slow reader of a last answer too.
    for (int i = 0; i < 3 && loop.open() != 0; ++i) {
        transport->expire();
        loop.run();
    }
    check(loop.open() == 0);
    Executor::set_current(nullptr);
    return std::move(transport->written);
}

/// Without a last refusal as malformed. A line that can never be one is refused once it is there as a whole, and not
/// at all if its end does not come.
std::string_view served(std::string_view written) {
    const auto last = written.rfind("HTTP/1.1 400 ");
    if (last == std::string_view::npos) return written;
    const auto answer = written.substr(last);
    // The answer to HEAD has no body to say it; no handler here answers HEAD with 400.
    const bool malformed =
        answer.find("malformed_request") != std::string::npos ||
        (answer.ends_with("\r\n\r\n") && answer.find("\r\nConnection: close\r\n") != std::string::npos);
    return malformed ? written.substr(0, last) : written;
}

}  // namespace

FUZZ(input) {
    static const bool quiet = [] {
        log::set_sink([](std::string_view line) { check(line.ends_with("}\n") || line.ends_with("}")); });
        return true;
    }();
    check(quiet);
    const auto bytes = as_text(input);
    const std::string whole = answers(bytes, bytes.size() + 1);
    check(whole.empty() || whole.starts_with("HTTP/1.1 "));
    check(whole.find("HTTP/1.1 500 ") == std::string::npos);
    const std::string late = answers(bytes, bytes.size() + 1, Then::says_nothing);
    check(late.starts_with(served(whole)) || whole.starts_with("HTTP/1.1 101 "));
    // A websocket's own frames are gathered as they come: only their sum is the same.
    if (whole.starts_with("HTTP/1.1 101 ")) return;
    check(served(answers(bytes, 1)) == served(whole));
}
