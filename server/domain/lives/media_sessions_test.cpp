#include "domain/lives/media_sessions.hpp"

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::lives;

namespace {
void open(MediaSessions& sessions, const std::string& id, const std::string& user) {
    sessions.opened("live", id, {"token:" + user, user, "signed-in", "\"tag of " + id + "\""});
}
}  // namespace

TEST("a fourth playback takes the place of the oldest, and of one that never connected first") {
    MediaSessions sessions;
    for (const std::string id : {"a", "b", "c"}) {
        open(sessions, id, "ana");
        CHECK_FALSE(sessions.watches(id, 3));
        if (id != "b") sessions.connected(id);
    }
    open(sessions, "d", "ana");
    CHECK(sessions.watches("d", 3) == "b");
    sessions.connected("d");
    open(sessions, "e", "ana");
    CHECK(sessions.watches("e", 3) == "a");
}

TEST("what has ended takes no place, and other people have places of their own") {
    MediaSessions sessions;
    for (const std::string id : {"a", "b", "c"}) {
        open(sessions, id, "ana");
        CHECK_FALSE(sessions.watches(id, 3));
    }
    sessions.ended("b");
    open(sessions, "d", "ana");
    CHECK_FALSE(sessions.watches("d", 3));
    open(sessions, "x", "rui");
    CHECK_FALSE(sessions.watches("x", 3));
    CHECK(sessions.is_opener("live", "b", "token:ana"));
}

TEST("every restart has its own tag") {
    MediaSessions sessions;
    open(sessions, "a", "ana");
    CHECK(sessions.etag_of("a") == "\"tag of a\"");
    sessions.restarted("a", "\"another\"");
    CHECK(sessions.etag_of("a") == "\"another\"");
    CHECK(sessions.etag_of("nobody").empty());
}
