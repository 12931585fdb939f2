#include "platform/http/connection.hpp"

#include <boost/json.hpp>

#include "platform/http/memory_transport_for_test.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

/// What is answered to `bytes` when they come in pieces of this size.
std::string answer_to(std::string_view bytes, std::size_t piece) {
    Router router;
    router.add({Method::post, "/api/echo", Access::anyone(), Rate{}, [](Request request) -> Task<Result<Response>> {
                    co_return Response::text(200, request.body.empty() ? "nothing" : request.body);
                }});
    const ServerConfig config;
    HandRunLoop loop;
    ManualClock clock;
    SeededRandom random{3};
    const Authenticator authenticator = [](std::string_view) -> Result<Principal> { return internal_error("unused"); };
    Gate gate{config, std::move(router), authenticator, {}, clock, random};
    const auto transport = std::make_shared<MemoryTransport>(loop, bytes, piece);
    Executor::set_current(&loop);
    serve(transport, config, gate, loop);
    loop.run();
    Executor::set_current(nullptr);
    return std::move(transport->written);
}

}  // namespace

TEST("a chunked body may come byte by byte") {
    // Beast 1.81 has an assertion that the last chunk's line comes with what follows it. `0\r\n` in one segment and
    // `\r` in the next ended the whole server, without any login.
    const std::string head = "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string body : {"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "1\r\na\r\n0;x=y\r\nTrailer: 1\r\n\r\n"}) {
        const std::string whole = answer_to(head + body, 4096);
        CHECK(whole.starts_with("HTTP/1.1 200 OK"));
        for (std::size_t piece = 1; piece < 12; ++piece) {
            CAPTURE(piece);
            CHECK(answer_to(head + body, piece) == whole);
        }
    }
}
