#include "platform/http/plain_head.hpp"

#include "testing/test.hpp"

using namespace confidente::http;

TEST("a plain head is read where it lies, and what follows is left") {
    Headers headers;
    const std::string_view bytes =
        "GET /api/gifts?a=b HTTP/1.1\r\nHost: x\r\nX-Some:  with space\t\r\nX-None:\r\nConnection: Close\r\n\r\nGET /";
    const auto head = read_plain_head(bytes, headers);
    REQUIRE(head);
    CHECK(head->method == Method::get);
    CHECK(head->target == "/api/gifts?a=b");
    CHECK(!head->keep_alive);
    CHECK(bytes.substr(head->size) == "GET /");
    CHECK(headers == Headers{{"Host", "x"}, {"X-Some", "with space"}, {"X-None", ""}, {"Connection", "Close"}});
}

TEST("whatever is not plain is left to the parser that knows how to refuse it") {
    const std::string_view plain = "HEAD / HTTP/1.1\r\nhost: x\r\n\r\n";
    Headers headers;
    REQUIRE(read_plain_head(plain, headers));
    for (std::size_t size = 0; size < plain.size(); ++size) {
        headers.clear();
        CHECK(!read_plain_head(plain.substr(0, size), headers));
    }
    for (const std::string_view other :
         {"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
          "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nA: \xc3\xa9\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
          "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"}) {
        CAPTURE(other);
        headers.clear();
        CHECK(!read_plain_head(other, headers));
    }
}
