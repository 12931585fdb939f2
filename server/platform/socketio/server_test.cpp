#include "platform/socketio/server.hpp"

#include <boost/json.hpp>

#include "platform/socketio/world_for_test.hpp"
#include "testing/test.hpp"

namespace confidente::socketio {

using test::Client;
using test::World;

TEST("the handshake offers a heartbeat and no upgrade, then a valid token connects") {
    World world;
    const auto client = world.connect("user1");
    REQUIRE(client.received() == 2);
    CHECK(client.socket->sent[0]->find(R"("upgrades":[],"pingInterval":25000,"pingTimeout":20000)") !=
          std::string::npos);
    CHECK(client.last() == R"(40{"sid":")" + client.id() + R"("})");
    CHECK(client.id().size() == 20);
    CHECK(world.server->online("user1"));
}

TEST("an older protocol, an unknown transport and an upgrade with an odd sid are refused before anything is kept") {
    World world;
    for (const auto* query :
         {"", "EIO=3&transport=websocket", "EIO=4&transport=polling", "EIO=4&transport=websocket&sid=__proto__",
          "EIO=4&transport=websocket&sid=", "EIO=4&transport=__proto__"}) {
        CAPTURE(query);
        CHECK(world.open(query).handler == nullptr);
    }
}

TEST("without a valid token nobody gets in, and trying has an end") {
    World world;
    const auto client = world.open();
    for (const auto* connect : {"40", "40{}", "40{\"token\":{\"$ne\":1}}", "40{\"token\":\"stranger\"}"}) {
        client.send(connect);
        CHECK(client.last().substr(0, 42) == R"(44{"message":"invalid_token","data":{"code)");
        CHECK(client.socket->close_code == 0);
    }
    client.send("40{\"token\":\"stranger\"}");
    client.send("40{\"token\":\"user1\"}");
    CHECK(client.socket->close_code == 1008);
    CHECK_FALSE(world.server->online("user1"));
}

TEST("an event before CONNECT closes the socket unheard") {
    World world;
    const auto client = world.open();
    client.send("420[\"echo\",{}]");
    CHECK(client.received() == 1);
    CHECK(client.socket->close_code == 1002);
}

TEST("an unknown namespace is told so and the socket goes on") {
    World world;
    const auto client = world.open();
    client.send("40/admin,{\"token\":\"user1\"}");
    CHECK(client.last() == R"(44/admin,{"message":"Invalid namespace"})");
    client.send("40{\"token\":\"user1\"}");
    CHECK(world.server->online("user1"));
}

TEST("an event is answered by its own acknowledgement") {
    World world;
    const auto client = world.connect("user1");
    client.send(R"(4212["echo",{"a":1}])");
    CHECK(client.last() == R"(4312[{"ok":true,"echo":{"a":1},"key":")" + client.id() + R"(:12","user":"user1"}])");
    client.send(R"(4213["echo"])");
    CHECK(client.answer().at("echo").as_object().empty());
}

TEST("an event without acknowledgement runs and is answered by nothing") {
    World world;
    const auto client = world.connect("user1");
    client.send(R"(42["waits",{}])");
    CHECK(world.waiting.size() == 1);
    world.finish(0);
    CHECK(client.received() == 2);
}

TEST("what is refused says why in the acknowledgement") {
    World world;
    const auto client = world.connect("user1");
    struct Case {
        const char *frame, *code;
    };
    for (const auto& [frame, code] :
         {Case{R"(421["nothing",{}])", "unknown_event"}, Case{R"(421["models:only",{}])", "forbidden"},
          Case{R"(421["echo",1])", "invalid_payload"}, Case{R"(421["echo",{},{}])", "invalid_payload"},
          Case{R"(421["fails",{}])", "validation_failed"}}) {
        CAPTURE(frame);
        client.send(frame);
        CHECK(client.refused() == code);
    }
    CHECK(client.answer().at("error").at("errors").as_array().size() == 1);
    const auto model = world.connect("user2-model");
    model.send(R"(421["models:only",{}])");
    CHECK(model.refused() == "ok");
}

TEST("an event's rate is per socket and fills again with time") {
    World world;
    const auto client = world.connect("user1");
    const auto other = world.connect("user2");
    const auto try_once = [](const Client& who) {
        who.send(R"(421["scarce",{}])");
        return who.refused();
    };
    CHECK(try_once(client) == "ok");
    CHECK(try_once(client) == "ok");
    CHECK(try_once(client) == "rate_limited");
    CHECK(try_once(other) == "ok");
    world.pass(1s);
    CHECK(try_once(client) == "ok");
    CHECK(try_once(client) == "rate_limited");
}

TEST("one socket may keep only so many handlers busy") {
    World world;
    const auto client = world.connect("user1");
    for (std::size_t i = 0; i < kMaxInFlight; ++i) client.send(R"(421["waits",{}])");
    CHECK(client.received() == 2);
    client.send(R"(422["waits",{}])");
    CHECK(client.refused() == "rate_limited");
    world.finish(0);
    client.send(R"(423["waits",{}])");
    CHECK(world.waiting.size() == kMaxInFlight + 1);
}

TEST("a handler that ends after its socket went is answered by nothing") {
    World world;
    auto client = world.connect("user1");
    client.send(R"(421["waits",{}])");
    client.handler->closed();
    client.handler.reset();
    world.finish(0);
    CHECK(client.received() == 2);
}

TEST("a room gets one buffer, shared, and the sender can be left out") {
    World world;
    const auto a = world.connect("user1");
    const auto b = world.connect("user2");
    const auto c = world.connect("user3");
    const auto outsider = world.connect("user4");
    for (const auto* client : {&a, &b, &c}) CHECK(world.server->join(client->id(), "live:1"));
    CHECK(world.server->room_size("live:1") == 3);
    json::Object payload;
    payload["n"] = 1;
    world.server->emit("live:1", "gift:received", json::Value(payload), a.id());
    CHECK(a.received() == 2);
    CHECK(outsider.received() == 2);
    CHECK(b.last() == R"(42["gift:received",{"n":1}])");
    CHECK(b.socket->framed.back().get() == c.socket->framed.back().get());

    world.server->leave(b.id(), "live:1");
    world.server->emit("live:1", "again", json::Value(payload));
    CHECK(b.received() == 3);
    CHECK(a.last() == R"(42["again",{"n":1}])");
}

TEST("a user is reached on every socket and leaves a trace when the last one goes") {
    World world;
    std::vector<std::string> story;
    world.server->on_online_change(
        [&](std::string_view user, bool online) { story.push_back(std::string(user) + (online ? " came" : " went")); });
    world.server->on_disconnect([&](const http::Principal& who, std::string_view, const std::vector<std::string>& in) {
        story.push_back(who.user_id + " left " + std::to_string(in.size()) + (in.empty() ? "" : " " + in[0]));
    });
    const auto phone = world.connect("user1");
    const auto laptop = world.connect("user1");
    world.server->join(phone.id(), "live:1");
    world.server->emit_to_user("user1", "hello", json::Value(json::Object{}));
    CHECK(phone.last() == R"(42["hello",{}])");
    CHECK(laptop.last() == R"(42["hello",{}])");
    phone.handler->closed();
    CHECK(world.server->online("user1"));
    CHECK(world.server->room_size("live:1") == 0);
    laptop.handler->closed();
    CHECK_FALSE(world.server->online("user1"));
    CHECK_FALSE(world.server->join(laptop.id(), "live:1"));
    CHECK(story == std::vector<std::string>{"user1 came", "user1 left 1 live:1", "user1 left 0", "user1 went"});
}

TEST("a consumer that does not read is closed and its room is not slowed") {
    World world;
    const auto slow = world.connect("user1");
    const auto quick = world.connect("user2");
    for (const auto* client : {&slow, &quick}) world.server->join(client->id(), "live:1");
    slow.socket->queued = kMaxQueuedBytes + 1;
    for (int i = 0; i < 3; ++i) world.server->emit("live:1", "tick", json::Value(json::Object{}));
    CHECK(slow.received() == 2);
    CHECK(slow.socket->close_code == 1013);
    CHECK(slow.socket->reason == "slow consumer");
    CHECK(quick.received() == 5);
    CHECK(quick.socket->close_code == 0);
}

TEST("a client that answers pings stays, one that does not is closed") {
    World world;
    const auto alive = world.connect("user1");
    const auto dead = world.connect("user2");
    world.pass(24s);
    CHECK(alive.received() == 2);
    world.pass(1s);
    CHECK(alive.last() == "2");
    CHECK(dead.last() == "2");
    alive.send("3");
    world.pass(19s);
    CHECK(dead.socket->close_code == 0);
    world.pass(1s);
    CHECK(dead.socket->reason == "ping timeout");
    CHECK(alive.socket->close_code == 0);
    world.pass(5s);
    CHECK(alive.received() == 4);
}

TEST("a websocket that never connects is closed after 45 s") {
    World world;
    const auto client = world.open();
    world.pass(25s);
    client.send("3");
    world.pass(19s);
    CHECK(client.socket->close_code == 0);
    world.pass(1s);
    CHECK(client.socket->reason == "connect timeout");
}

TEST("when the token expires the client is told and disconnected within 30 s") {
    World world;
    const auto client = world.connect("user1");
    for (int i = 0; i < 15 * 60 - 1; ++i) {
        world.pass(1s);
        if (client.last() == "2") client.send("3");
    }
    CHECK(client.socket->close_code == 0);
    world.pass(1s);
    REQUIRE(client.socket->reason == "token expired");
    CHECK(client.last() == "41");
    CHECK(*client.socket->sent[client.received() - 2] == R"(42["auth:expired",{}])");
}

TEST("an expired token sends no further event even before the clock ticks") {
    World world;
    const auto client = world.connect("user1");
    world.clock.advance(16min);
    client.send(R"(421["echo",{}])");
    CHECK(client.last() == "41");
    CHECK(client.socket->reason == "token expired");
}

TEST("hostile frames close their own socket and nobody else's") {
    World world;
    const auto witness = world.connect("user1");
    const std::string deep = "42[\"echo\"," + std::string(400'000, '[');
    for (const std::string& frame :
         {std::string("2probe"), std::string("2"), std::string("5"), std::string("0"), std::string(""),
          std::string("4"), std::string("42[\"echo"), std::string("4511-[\"echo\",{\"_placeholder\":true,\"num\":0}]"),
          std::string("450-[\"echo\"]"), std::string("4599999-[\"echo\"]"), std::string("42/admin,[\"echo\",{}]"),
          std::string("40{\"token\":\"user2\"}"), std::string("44{\"message\":\"x\"}"), deep}) {
        CAPTURE(frame.substr(0, 60));
        const auto client = world.connect("user2");
        client.send(frame);
        CHECK(client.socket->close_code >= 1000);
        client.send(R"(421["echo",{}])");
        CHECK(client.last().substr(0, 2) != "43");
        client.handler->closed();
    }
    const auto client = world.connect("user2");
    client.handler->message("bytes", true);
    CHECK(client.socket->close_code == 1002);
    witness.send(R"(421["echo",{}])");
    CHECK(witness.refused() == "ok");
}

TEST("an ended session, a banned user and a stopping server close the right sockets") {
    World world;
    const auto a = world.connect("user1");
    const auto b = world.connect("user2");
    const auto c = world.connect("user3");
    world.server->disconnect_session("s-user1");
    CHECK(a.last() == "41");
    CHECK(a.socket->close_code == 1000);
    CHECK(b.socket->close_code == 0);
    world.server->disconnect_user("user2");
    CHECK(b.last() == "41");
    world.server->close_all();
    CHECK(c.socket->close_code == 1001);
    CHECK(b.socket->close_code == 1000);
}

TEST("a user has a limited number of sockets and a socket a limited number of rooms") {
    World world;
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kMaxSocketsPerUser; ++i) clients.push_back(world.connect("user1"));
    CHECK(clients.back().socket->close_code == 0);
    CHECK(world.connect("user1").socket->reason == "too many sockets");
    for (std::size_t i = 0; i < kMaxRoomsPerSocket; ++i)
        CHECK(world.server->join(clients[0].id(), "room:" + std::to_string(i)));
    CHECK_FALSE(world.server->join(clients[0].id(), "one:more"));
    CHECK(world.server->join(clients[0].id(), "room:0"));
}

}  // namespace confidente::socketio
