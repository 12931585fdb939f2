#include "platform/http/paging.hpp"

#include <boost/json.hpp>

#include "testing/test.hpp"

namespace confidente::http {
namespace {

Request asking(std::string query) {
    Request request;
    request.query = std::move(query);
    return request;
}

TEST("a cursor opens for the list that sealed it, and for no other") {
    const Cursors cursors{"a key"};
    const auto cursor = cursors.seal("messages 1", "42 ação");
    CHECK(cursors.open("messages 1", cursor).value() == "42 ação");
    CHECK(cursors.open("messages 2", cursor).error().code == "invalid_cursor");
    CHECK(cursors.open("messages", cursor).error().code == "invalid_cursor");
    CHECK(Cursors{"another key"}.open("messages 1", cursor).error().code == "invalid_cursor");
}

TEST("what stands in the list's name does not pass for a part of the position") {
    const Cursors cursors{"a key"};
    CHECK(!cursors.open("ab", cursors.seal("a", "bc")).has_value());
    CHECK(!cursors.open("a", cursors.seal("ab", "c")).has_value());
}

TEST("no changed character is taken") {
    const Cursors cursors{"a key"};
    const auto cursor = cursors.seal("lives", "0190163d-8694-739b-aea5-966c26f8ad91");
    for (std::size_t at = 0; at < cursor.size(); ++at) {
        auto changed = cursor;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        CHECK(!cursors.open("lives", changed).has_value());
        CHECK(!cursors.open("lives", cursor.substr(0, at)).has_value());
    }
    CHECK(!cursors.open("lives", std::string(kMaxCursor + 1, 'A')).has_value());
}

TEST("a page has the default limit, at most the largest, and refuses what is no number") {
    const Cursors cursors{"a key"};
    const auto limit = [&](std::string query) { return page_of(asking(std::move(query)), 20, cursors, "l"); };
    CHECK(limit("").value().limit == 20);
    CHECK(limit("limit=7").value().limit == 7);
    CHECK(limit("limit=5000").value().limit == kLargestPage);
    for (const char* wrong : {"limit=0", "limit=-1", "limit=", "limit=1e3", "limit=99999999999999999999"})
        CHECK(limit(wrong).error().code == "invalid_limit");
    CHECK(limit("cursor=" + cursors.seal("l", "9")).value().after == "9");
    CHECK(limit("cursor=9").error().code == "invalid_cursor");
}

TEST("a tag names the bytes, and a change may ask for the version it was made from") {
    const auto first = tagged(Response::text(200, "one"), Audience::owner);
    CHECK(etag_of("one") != etag_of("two"));
    CHECK(first.headers.at(0) == std::pair<std::string, std::string>{"ETag", etag_of("one")});
    Request request;
    CHECK(check_if_match(request, etag_of("two")).has_value());
    request.headers = {{"If-Match", "\"x\", W/" + etag_of("one")}};
    CHECK(check_if_match(request, etag_of("one")).has_value());
    CHECK(check_if_match(request, etag_of("two")).error().code == "precondition_failed");
}

}  // namespace
}  // namespace confidente::http
