#include "platform/http/server.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>

#include "platform/base/log.hpp"
#include "platform/http/client_for_test.hpp"
#include "testing/test.hpp"

namespace confidente::http {
namespace {

using test::Answer;
using test::Client;

Task<Result<Response>> answer(Result<Response> response) { co_return response; }

Result<Principal> who(std::string_view token) {
    if (token == "client") return Principal{"u1", "s1", Role::client, {}};
    if (token == "model") return Principal{"u2", "s2", Role::model, {}};
    if (token == "old") return Error{ErrorKind::unauthenticated, "expired_token", "Your session has expired."};
    return Error{ErrorKind::unauthenticated, "invalid_token", "Not a token of ours."};
}

class Echo final : public WebSocketHandler {
public:
    explicit Echo(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}
    void message(std::string_view data, bool binary) override {
        if (data == "bye") return socket_->close(1000, "bye");
        auto shared = std::make_shared<const std::string>(data);
        socket_->send({{shared, binary}, {shared, binary}});
    }
    void closed() override { socket_.reset(); }

private:
    std::shared_ptr<WebSocket> socket_;
};

Router routes() {
    Router router;
    router.add({Method::get, "/api/hello", Access::anyone(), Rate{}, [](Request r) {
                    const std::string name = r.principal ? r.principal->user_id : "nobody";
                    return answer(Response::text(200, name + "@" + r.remote_address));
                }});
    router.add({Method::post, "/api/echo", Access::anyone(), Rate{},
                [](Request r) {
                    auto body = r.json_body();
                    return answer(body ? Result<Response>{Response::json(200, *body)} : body.error());
                },
                2000});
    router.add({Method::get, "/api/things/:name/parts/:partId", Access::anyone(), Rate{},
                [](Request r) { return answer(Response::text(200, r.param("name") + "/" + r.param("partId"))); }});
    router.add({Method::get, "/api/big", Access::anyone(), Rate{},
                [](Request) { return answer(Response::text(200, std::string(5000, 'x'))); }});
    router.add(
        {Method::get, "/api/model", Access::models(), Rate{}, [](Request) { return answer(Response::empty(204)); }});
    router.add(
        {Method::get, "/api/rare", Access::anyone(), Rate{1, 2}, [](Request) { return answer(Response::empty(204)); }});
    router.add({Method::get, "/api/broken", Access::anyone(), Rate{},
                [](Request) { return answer(internal_error("the secret cause")); }});
    return router;
}

struct Fixture {
    SystemClock clock;
    SystemRandom random;
    std::filesystem::path web;
    std::unique_ptr<Server> server;

    explicit Fixture(ServerConfig config = {}) {
        log::set_sink([](std::string_view) {});
        char name[] = "/tmp/confidente-web-XXXXXX";
        web = std::filesystem::path{mkdtemp(name)} / "dist";
        std::filesystem::create_directories(web / "assets");
        std::ofstream{web / "index.html"} << "<!doctype html><title>app</title>";
        std::ofstream{web / "assets" / "app-1.js"} << std::string(3000, 'a');
        std::ofstream{web.parent_path() / "secret.txt"} << "SECRET";
        std::filesystem::create_symlink(web.parent_path() / "secret.txt", web / "link.txt");
        config.port = 0;
        config.threads = 2;
        config.web_root = web;
        config.cors_origins = {"https://app.example"};
        WebSocketEndpoint echo{"/ws/", 1000, [](const Request& request, std::shared_ptr<WebSocket> socket) {
                                   return accept(request, std::move(socket));
                               }};
        echo.opening = {1, 8};
        echo.opens = [](const Request& request) { return !request.query_param("sid"); };
        auto opened = Server::open(config, routes(), who, {echo}, clock, random);
        REQUIRE(opened.has_value());
        server = std::move(*opened);
    }
    ~Fixture() {
        server.reset();
        std::filesystem::remove_all(web.parent_path());
        log::set_sink(nullptr);
    }
    static Acceptance accept(const Request& request, std::shared_ptr<WebSocket> socket) {
        if (request.query_param("refuse")) return Response::empty(403);
        return std::shared_ptr<WebSocketHandler>{std::make_shared<Echo>(std::move(socket))};
    }
    std::uint16_t port() const { return server->port(); }
    Answer get(std::string_view path, std::string_view headers = {}) { return Client{port()}.get(path, headers); }
    Answer ask(std::string_view bytes) { return Client{port()}.ask(bytes); }
    Answer post(std::string_view body, std::string_view type = "application/json") {
        return ask("POST /api/echo HTTP/1.1\r\nHost: t\r\nContent-Type: " + std::string{type} +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body});
    }
};

std::string code_of(const Answer& answer) {
    const auto value = json::parse(answer.body);
    if (!value || !value->is_object() || !value->as_object().contains("code")) return "";
    return std::string{value->as_object().at("code").as_string()};
}

}  // namespace

TEST("one connection carries requests one after the other, also when they are sent together") {
    Fixture fixture;
    Client client{fixture.port()};
    CHECK(client.get("/api/hello").body == "nobody@127.0.0.1");
    client.send("GET /api/hello HTTP/1.1\r\nHost: t\r\n\r\nGET /api/model HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client.read().status == 200);
    CHECK(client.read().status == 401);
    CHECK(client.get("/api/hello", "Connection: close\r\n").header("Connection") == "close");
    CHECK(client.ended());
}

TEST("paths choose routes, parameters are typed, and a wrong method says which ones fit") {
    Fixture fixture;
    const std::string id = "018f4e3a-0000-7000-8000-000000000001";
    CHECK(fixture.get("/api/things/a%20b/parts/" + id).body == "a b/" + id);
    CHECK(fixture.get("/api/things/a/parts/nope").status == 404);
    const auto missing = fixture.get("/api/none", "Accept-Language: es, en;q=0.5\r\nX-Request-Id: my-own-id-1\r\n");
    CHECK(missing.status == 404);
    CHECK(code_of(missing) == "not_found");
    CHECK(missing.header("Content-Type") == "application/problem+json");
    CHECK(missing.header("Content-Language") == "es");
    CHECK(missing.header("X-Request-Id") == "my-own-id-1");
    CHECK(missing.body.find("\"instance\":\"my-own-id-1\"") != std::string::npos);
    const auto wrong = fixture.ask("DELETE /api/hello HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(wrong.status == 405);
    CHECK(wrong.header("Allow") == "GET, HEAD");
    CHECK(fixture.ask("BREW /api/hello HTTP/1.1\r\nHost: t\r\n\r\n").status == 405);
}

TEST("HEAD answers like GET, without the body") {
    Fixture fixture;
    Client client{fixture.port()};
    const auto head = client.ask("HEAD /api/big HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(head.status == 200);
    CHECK(head.header("Content-Length") == "5000");
    CHECK(client.get("/api/hello").status == 200);
}

TEST("JSON bodies: a broken one is 400, another type 415, one beyond the route's limit 413") {
    Fixture fixture;
    CHECK(fixture.post("{\"a\":1}").body == "{\"a\":1}");
    CHECK(code_of(fixture.post("{\"a\":")) == "malformed_json");
    CHECK(fixture.post("{}", "text/plain").status == 415);
    CHECK(fixture.post('"' + std::string(1998, 'x') + '"').status == 200);
    CHECK(fixture.post('"' + std::string(1999, 'x') + '"').status == 413);
    const std::string head =
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    CHECK(fixture.ask(head + "3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n").body == "[1,2]");
    const std::string chunk = "3e8\r\n" + std::string(1000, ' ') + "\r\n";
    CHECK(code_of(fixture.ask(head + chunk + chunk + chunk + "0\r\n\r\n")) == "payload_too_large");
}

TEST("a body is asked for with 100 Continue only when it will be read") {
    Fixture fixture;
    const std::string rest = "Host: t\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
    Client client{fixture.port()};
    CHECK(client.ask("POST /api/echo HTTP/1.1\r\n" + rest + "Content-Length: 2\r\n\r\n").status == 100);
    CHECK(client.ask("{}").status == 200);
    CHECK(fixture.ask("POST /api/none HTTP/1.1\r\n" + rest + "Content-Length: 2\r\n\r\n").status == 404);
}

TEST("malformed and ambiguous requests are refused and the connection ends") {
    Fixture fixture;
    const std::string bad[] = {
        "hello\r\n\r\n",
        "GET /api/hello HTTP/1.1\r\n\r\n",
        "GET /api/hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /api/hello HTTP/2.0\r\nHost: t\r\n\r\n",
        "GET /api/hel lo HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /api/%zz HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /api/%00 HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /api/%ff HTTP/1.1\r\nHost: t\r\n\r\n",
        "GET /api/hello HTTP/1.1\r\nHost : t\r\n\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n{}",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    };
    for (const auto& bytes : bad) {
        CAPTURE(bytes);
        Client client{fixture.port()};
        const auto refused = client.ask(bytes);
        CHECK(refused.status == 400);
        CHECK(refused.header("X-Content-Type-Options") == "nosniff");
        CHECK(client.ended());
    }
    const auto large = "GET /api/hello HTTP/1.1\r\nHost: t\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n";
    CHECK(fixture.ask(large).status == 431);
}

TEST("headers that do not arrive in time are answered with 408") {
    ServerConfig config;
    config.header_timeout = std::chrono::seconds{1};
    Fixture fixture{config};
    Client client{fixture.port()};
    CHECK(client.ask("GET /api/hello HTTP/1.1\r\nHost:").status == 408);
    CHECK(client.ended());
}

TEST("a connection that is kept is let go when nothing is asked for long enough") {
    ServerConfig config;
    config.idle_timeout = std::chrono::seconds{1};
    Fixture fixture{config};
    Client client{fixture.port()};
    CHECK(client.get("/api/hello").status == 200);
    CHECK(client.ended());
}

TEST("static files: only what is inside, with ETags, encodings and the app's page for navigation") {
    Fixture fixture;
    const auto page = fixture.get("/lives/some-live");
    CHECK(page.body == "<!doctype html><title>app</title>");
    CHECK(page.header("Cache-Control") == "no-cache");
    CHECK(page.header("Content-Security-Policy").find("script-src 'self'") != std::string::npos);
    const auto tag = page.header("ETag");
    const auto again = fixture.get("/", "If-None-Match: W/\"x\", " + tag + "\r\n");
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    const auto script = fixture.get("/assets/app-1.js", "Accept-Encoding: gzip\r\n");
    CHECK(script.header("Cache-Control") == "public, max-age=31536000, immutable");
    CHECK(script.header("Content-Encoding") == "gzip");
    CHECK(script.body.size() < 200);
    CHECK(fixture.get("/assets/app-1.js").body == std::string(3000, 'a'));
    CHECK(fixture.get("/assets/gone.js").status == 404);
    CHECK(fixture.get("/missing.png").status == 404);
    CHECK(fixture.get("/api/unknown").status == 404);
    for (const std::string path :
         {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "/link.txt",
          "/assets/%2e%2e/%2e%2e/secret.txt", "/..\\secret.txt", "/%5c..%5csecret.txt", "//../secret.txt",
          "/assets/..%252f..%252fsecret.txt", "/index.html%00.txt", "/./index.html", "/%c0%ae%c0%ae/secret.txt"}) {
        CAPTURE(path);
        const auto refused = fixture.get(path);
        CHECK(refused.status >= 400);
        CHECK(refused.body.find("SECRET") == std::string::npos);
    }
}

TEST("large text is compressed as the client likes") {
    Fixture fixture;
    CHECK(fixture.get("/api/big").header("Content-Encoding") == "");
    CHECK(fixture.get("/api/big", "Accept-Encoding: gzip, br\r\n").header("Content-Encoding") == "br");
    const auto gzip = fixture.get("/api/big", "Accept-Encoding: br;q=0, gzip\r\n");
    CHECK(gzip.header("Content-Encoding") == "gzip");
    CHECK(gzip.header("Vary") == "Accept-Encoding");
    CHECK(gzip.body.substr(0, 2) == "\x1f\x8b");
    CHECK(fixture.get("/api/hello", "Accept-Encoding: gzip\r\n").header("Content-Encoding") == "");
}

TEST("other origins are let in by name only") {
    Fixture fixture;
    CHECK(fixture.get("/api/hello", "Origin: https://app.example\r\n").header("Access-Control-Allow-Origin") ==
          "https://app.example");
    CHECK(fixture.get("/api/hello", "Origin: https://app.example.evil\r\n").header("Access-Control-Allow-Origin") ==
          "");
    const std::string asked =
        "OPTIONS /api/echo HTTP/1.1\r\nHost: t\r\nAccess-Control-Request-Method: POST\r\nOrigin: ";
    const auto allowed = fixture.ask(asked + "https://app.example\r\n\r\n");
    CHECK(allowed.status == 204);
    CHECK(allowed.header("Access-Control-Allow-Methods") == "OPTIONS, POST");
    CHECK(fixture.ask(asked + "https://evil.example\r\n\r\n").status == 403);
}

TEST("access rules are held before the handler runs") {
    Fixture fixture;
    const auto nobody = fixture.get("/api/model");
    CHECK(nobody.status == 401);
    CHECK(nobody.header("WWW-Authenticate").starts_with("Bearer"));
    CHECK(nobody.header("Cache-Control") == "no-store");
    CHECK(code_of(fixture.get("/api/model", "Authorization: Bearer old\r\n")) == "expired_token");
    CHECK(code_of(fixture.get("/api/model", "Authorization: Bearer x\r\n")) == "invalid_token");
    CHECK(code_of(fixture.get("/api/model", "Authorization: Bearer client\r\n")) == "forbidden");
    CHECK(fixture.get("/api/model", "Authorization: Bearer model\r\n").status == 204);
    CHECK(fixture.get("/api/hello", "Authorization: bearer client\r\n").body == "u1@127.0.0.1");
    CHECK(fixture.get("/api/hello", "Authorization: Bearer wrong\r\n").body == "nobody@127.0.0.1");
}

TEST("a route's rate is per caller, and says when to come back") {
    Fixture fixture;
    CHECK(fixture.get("/api/rare").header("RateLimit-Remaining") == "1");
    CHECK(fixture.get("/api/rare").status == 204);
    const auto limited = fixture.get("/api/rare");
    CHECK(limited.status == 429);
    CHECK(code_of(limited) == "rate_limited");
    CHECK(limited.header("RateLimit-Policy") == "\"route\";q=2;w=120");
    CHECK(limited.header("RateLimit").starts_with("\"route\";r=0;t="));
    CHECK(std::stoi(limited.header("Retry-After")) >= 58);
    // What anybody may call is counted by address: accounts do not multiply the tries.
    CHECK(fixture.get("/api/rare", "Authorization: Bearer client\r\n").status == 429);
}

TEST("X-Forwarded-For counts only behind a proxy we trust") {
    const std::string forwarded = "X-Forwarded-For: 9.9.9.9, 203.0.113.7\r\n";
    Fixture direct;
    CHECK(direct.get("/api/hello", forwarded).body == "nobody@127.0.0.1");
    ServerConfig config;
    config.trusted_proxies = {"127.0.0.1"};
    Fixture behind{config};
    CHECK(behind.get("/api/hello", forwarded).body == "nobody@203.0.113.7");
    CHECK(behind.get("/api/hello", "X-Forwarded-For: junk\r\n").body == "nobody@127.0.0.1");
}

TEST("a failure of ours tells the client nothing but its number") {
    Fixture fixture;
    const auto broken = fixture.get("/api/broken");
    CHECK(broken.status == 500);
    CHECK(code_of(broken) == "internal");
    CHECK(broken.body.find("secret") == std::string::npos);
}

TEST("a port that is taken is told in words an operator understands") {
    Fixture fixture;
    ServerConfig config;
    config.port = fixture.port();
    const auto second = Server::open(config, routes(), who, {}, fixture.clock, fixture.random);
    REQUIRE(second.has_error());
    CHECK(second.error().code == "address_in_use");
    CHECK(second.error().detail ==
          "Port " + std::to_string(config.port) + " on 127.0.0.1 is already in use; choose another with --http.");
    config.address = "home";
    CHECK(Server::open(config, routes(), who, {}, fixture.clock, fixture.random).error().code == "address_invalid");
}

namespace {

std::string upgrade(std::string_view path = "/ws/", std::string_view headers = {}) {
    return "GET " + std::string{path} +
           " HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\n"
           "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string{headers} + "\r\n";
}

/// A client's frame, masked with a key that is not zero.
std::string masked(unsigned first, std::string_view payload) {
    std::string frame{static_cast<char>(first)};
    frame += static_cast<char>(0x80U | (payload.size() < 126 ? payload.size() : 126));
    if (payload.size() >= 126) frame += {static_cast<char>(payload.size() >> 8U), static_cast<char>(payload.size())};
    const std::string key = "\x11\x22\x33\x44";
    frame += key;
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ key[i % 4]);
    return frame;
}

}  // namespace

TEST("a websocket echoes, answers pings and closes in both directions") {
    Fixture fixture;
    Client client{fixture.port()};
    const auto accepted = client.ask(upgrade() + masked(0x81, "hi"));
    CHECK(accepted.status == 101);
    CHECK(accepted.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(client.take(8) == "\x81\x02hi\x81\x02hi");
    client.send(masked(0x01, "o") + masked(0x89, "p") + masked(0x80, "k"));
    CHECK(client.take(3) == "\x8a\x01p");
    CHECK(client.take(8) == "\x81\x02ok\x81\x02ok");
    client.send(masked(0x88, "\x03\xe8"));
    CHECK(client.take(4) == "\x88\x02\x03\xe8");
    CHECK(client.ended());

    Client leaving{fixture.port()};
    CHECK(leaving.ask(upgrade() + masked(0x81, "bye")).status == 101);
    CHECK(leaving.take(7) ==
          "\x88\x05\x03\xe8"
          "bye");
    leaving.send(masked(0x88, "\x03\xe8"));
    CHECK(leaving.ended());
}

TEST("websocket rules: origin, plain requests, refusals, size, masking, UTF-8") {
    Fixture fixture;
    CHECK(fixture.ask(upgrade("/ws/", "Origin: https://evil.example\r\n")).status == 403);
    CHECK(fixture.ask(upgrade("/ws/", "Origin: https://app.example\r\n")).status == 101);
    CHECK(fixture.ask(upgrade("/ws/", "Origin: http://test\r\n")).status == 101);
    CHECK(code_of(fixture.get("/ws/")) == "upgrade_required");
    CHECK(fixture.ask(upgrade("/ws/?refuse=1")).status == 403);
    const std::pair<std::string, std::string> bad[] = {{masked(0x81, std::string(1001, 'x')), "\x03\xf1"},
                                                       {std::string{"\x81\x00", 2}, "\x03\xea"},
                                                       {masked(0xC1, "x"), "\x03\xea"},
                                                       {masked(0x80, "x"), "\x03\xea"},
                                                       {masked(0x81, "\xff"), "\x03\xef"}};
    for (const auto& [frame, code] : bad) {
        Client client{fixture.port()};
        CHECK(client.ask(upgrade() + frame).status == 101);
        CHECK(client.take(4) == "\x88\x02" + code);
    }
}

TEST("an address opens so many sockets at once, and is told when the next one may come") {
    Fixture fixture;
    for (int i = 0; i < 8; ++i) CHECK(fixture.ask(upgrade("/ws/")).status == 101);
    const auto limited = fixture.ask(upgrade("/ws/"));
    CHECK(limited.status == 429);
    CHECK(code_of(limited) == "rate_limited");
    CHECK(limited.header("RateLimit-Policy") == "\"socket\";q=8;w=480");
    CHECK(std::stoi(limited.header("Retry-After")) >= 58);
    // Who goes on with a session opens nothing, and other calls are others.
    CHECK(fixture.ask(upgrade("/ws/?sid=x")).status == 101);
    CHECK(fixture.get("/api/hello").status == 200);
    // A page of another origin is refused as ever, and takes nothing away.
    CHECK(fixture.ask(upgrade("/ws/", "Origin: https://evil.example\r\n")).status == 403);
}

TEST("draining lets websockets go with 1001 and takes no new connection") {
    Fixture fixture;
    Client idle{fixture.port()};
    CHECK(idle.get("/api/hello").status == 200);
    Client socket{fixture.port()};
    CHECK(socket.ask(upgrade()).status == 101);
    fixture.server->drain(std::chrono::milliseconds{50});
    CHECK(socket.take(4).substr(2) == "\x03\xe9");
    CHECK(idle.ended());
    CHECK_FALSE(Client{fixture.port()}.connected());
}

}  // namespace confidente::http
