#include "platform/http/connection.hpp"

#include <boost/json.hpp>

#include "platform/http/memory_transport_for_test.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

std::shared_ptr<const Response> fixed_answer() {
    return fixed(tagged(Response::text(200, "always the same"), Audience::everyone));
}

/// What is answered to `bytes` when they come in pieces of this size, and the peer takes `room` bytes at once.
std::string answer_to(std::string_view bytes, std::size_t piece, std::size_t room = 0) {
    Router router;
    router.add({.method = Method::get,
                .pattern = "/api/fixed",
                .access = Access::anyone(),
                .rate = Rate{},
                .handler = {},
                .fixed = fixed_answer()});
    router.add({Method::get, "/api/large", Access::anyone(), Rate{}, [](Request) -> Task<Result<Response>> {
                    co_return Response::text(200, std::string(40'000, 'x'), "image/x-test");
                }});
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
    transport->room_now = room;
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

TEST("answers to requests that came together are the same, in the same order, however much the peer takes at once") {
    std::string asked;
    for (const std::string path : {"fixed", "large", "none", "fixed", "large"})
        asked += "GET /api/" + path + " HTTP/1.1\r\nHost: x\r\nX-Request-Id: request-" + path + "\r\n\r\n";
    asked += "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast";
    const std::string whole = answer_to(asked, asked.size());
    CHECK(whole.size() > 80'000);
    CHECK(whole.ends_with("\r\n\r\nlast"));
    for (const std::size_t room : {1U, 100U, 41'000U, 70'000U, 1U << 20U}) {
        CAPTURE(room);
        CHECK(answer_to(asked, asked.size(), room) == whole);
    }
    CHECK(answer_to(asked, 7, 1U << 20U) == whole);
}

TEST("a fixed answer has the headers of any other, HEAD, If-None-Match and Connection included") {
    const auto ask = [](std::string_view method, std::string_view more) {
        return answer_to(std::string{method} + " /api/fixed HTTP/1.1\r\nHost: x\r\n" + std::string{more} + "\r\n",
                         4096);
    };
    const auto answer = ask("GET", "X-Request-Id: abcdefgh\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\nalways the same"));
    for (const std::string& line : std::vector<std::string>{
             "Date: Mon, 21 Sep 2026 14:13:20 GMT", "ETag: " + etag_of("always the same"), "Cache-Control: no-cache",
             "Content-Length: 15", "X-Request-Id: abcdefgh", "X-Content-Type-Options: nosniff",
             "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"}) {
        CAPTURE(line);
        const auto at = answer.find("\r\n" + line + "\r\n");
        REQUIRE(at != std::string::npos);
        CHECK(answer.find("\r\n" + line.substr(0, line.find(':') + 1), at + 1) == std::string::npos);
    }
    CHECK(ask("HEAD", "").ends_with("\r\n\r\n"));
    CHECK(ask("GET", "Connection: close\r\n").find("\r\nConnection: close\r\n") != std::string::npos);
    const auto known = ask("GET", "If-None-Match: " + etag_of("always the same") + "\r\n");
    CHECK(known.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    CHECK(known.ends_with("\r\n\r\n"));
}
