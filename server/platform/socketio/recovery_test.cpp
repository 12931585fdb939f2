// Clients whose line breaks: what they get back, and what nobody gets.
#include "platform/socketio/event_log.hpp"
#include "platform/socketio/world_for_test.hpp"
#include "testing/test.hpp"

namespace confidente::socketio {
namespace {

using test::Client;
using test::World;

json::Value payload(int n) {
    json::Object object;
    object["n"] = n;
    return json::Value(std::move(object));
}

std::string pid_of(const Client& client) {
    return std::string(parse_packet(client.socket->sent.at(1)->substr(1))->data->at("pid").as_string());
}

std::string comeback(const Client& client, std::string_view offset) {
    return "\"pid\":\"" + pid_of(client) + "\",\"offset\":\"" + std::string(offset) + "\",";
}

}  // namespace

TEST("a client that comes back has its id, its rooms and what it missed") {
    World world{Config{}};
    std::vector<std::string> story;
    world.server->on_disconnect(
        [&](const http::Principal&, std::string_view, const auto&) { story.push_back("lost"); });
    world.server->on_recover([&](const http::Principal& who, std::string_view, const std::vector<std::string>& rooms) {
        story.push_back(who.user_id + " back in " + rooms.at(0));
    });
    world.server->on_online_change([&](std::string_view, bool online) { story.push_back(online ? "on" : "off"); });
    const auto lost = world.connect("user1");
    world.server->join(lost.id(), "live:1");
    world.server->emit("live:1", "tick", payload(1));
    CHECK(lost.last() == R"(42["tick",{"n":1},"1"])");
    world.server->emit("live:1", "tick", payload(2));
    lost.handler->closed();
    CHECK(world.server->room_size("live:1") == 0);
    world.server->emit("live:1", "tick", payload(3));
    world.server->emit("live:2", "tick", payload(4));
    world.server->emit_to_user("user1", "note", payload(5));
    world.pass(60s);

    const auto back = world.connect("user1", comeback(lost, "1"));
    CHECK(back.id() == lost.id());
    CHECK(pid_of(back) == pid_of(lost));
    REQUIRE(back.received() == 5);
    CHECK(*back.socket->sent[2] == R"(42["tick",{"n":2},"2"])");
    CHECK(*back.socket->sent[3] == R"(42["tick",{"n":3},"3"])");
    CHECK(back.last() == R"(42["note",{"n":5},"4"])");
    world.server->emit("live:1", "tick", payload(6));
    CHECK(back.last().substr(0, 19) == R"(42["tick",{"n":6},")");
    CHECK(story == std::vector<std::string>{"on", "lost", "off", "on", "user1 back in live:1"});
}

TEST("who comes back on a new line before the old one is known to be dead takes its place") {
    World world{Config{}};
    const auto old = world.connect("user1");
    world.server->join(old.id(), "live:1");
    world.server->emit("live:1", "tick", payload(1));
    Executor::set_current(&world.executor);
    const auto back = world.connect("user1", comeback(old, "0"));
    Executor::set_current(nullptr);
    world.executor.run();
    CHECK(back.id() == old.id());
    CHECK(back.last() == R"(42["tick",{"n":1},"1"])");
    CHECK(old.socket->reason == "replaced");
    CHECK(world.server->room_size("live:1") == 1);
    old.handler->closed();
    CHECK(world.server->room_size("live:1") == 1);
    CHECK(world.server->online("user1"));
}

TEST("nobody comes back as somebody else, too late, after a good-bye, or to what is forgotten") {
    struct Case {
        const char* story;
        std::function<void(World&, const Client&)> before;
        std::string token, offset;
    };
    const auto lose = [](World&, const Client& client) { client.handler->closed(); };
    const auto say_goodbye = [](World&, const Client& client) { client.send("41"); };
    const auto wait_long = [](World& world, const Client& client) {
        client.handler->closed();
        world.pass(121s);
    };
    const auto end_session = [](World& world, const Client& client) {
        client.handler->closed();
        world.server->disconnect_user("user1");
    };
    const auto flood = [](World& world, const Client& client) {
        client.handler->closed();
        json::Object big;
        big["text"] = std::string(100'000, 'x');
        for (std::size_t i = 0; i <= kMaxLogBytes / 100'000; ++i) world.server->emit("live:1", "big", json::Value(big));
    };
    for (const auto& [story, before, token, offset] :
         {Case{"another user", lose, "user2", "1"}, Case{"left on purpose", say_goodbye, "user1", "1"},
          Case{"too late", wait_long, "user1", "1"}, Case{"thrown out", end_session, "user1", "1"},
          Case{"the log has moved on", flood, "user1", "1"}, Case{"from the future", lose, "user1", "999"}}) {
        CAPTURE(story);
        World world{Config{}};
        const auto first = world.connect("user1");
        const auto witness = world.connect("user3");
        world.server->join(first.id(), "live:1");
        world.server->join(witness.id(), "live:1");
        world.server->emit("live:1", "tick", payload(1));
        before(world, first);
        const auto next = world.connect(token, comeback(first, offset));
        CHECK(next.id() != first.id());
        CHECK(next.received() == 2);
        CHECK(world.server->room_size("live:1") == 1);
    }
}

TEST("an ended session opens no further socket with what is left of its access token") {
    World world{Config{}};
    const auto client = world.connect("user1");
    world.server->disconnect_session("s-user1");
    CHECK(client.last() == "41");
    const auto again = world.connect("user1");
    CHECK(again.last().substr(0, 28) == R"(44{"message":"invalid_token")");
    CHECK(world.connect("user2").received() == 2);
}

TEST("what happens in a room that one has left, or not yet entered, is not missed") {
    World world{Config{}};
    const auto client = world.connect("user1");
    const auto other = world.connect("user2");
    world.server->join(other.id(), "live:1");
    world.server->emit("live:1", "tick", payload(1));
    world.server->join(client.id(), "live:1");
    world.server->emit("live:1", "tick", payload(2), client.id());
    client.handler->closed();
    world.server->leave(client.id(), "live:2");
    const auto back = world.connect("user1", "\"pid\":\"" + pid_of(client) + "\",");
    CHECK(back.id() == client.id());
    CHECK(back.received() == 2);
    back.handler->closed();
    world.server->leave(client.id(), "live:1");
    world.server->emit("live:1", "tick", payload(3));
    CHECK(world.connect("user1", "\"pid\":\"" + pid_of(client) + "\",").received() == 2);
}

TEST("an event of the moment is neither numbered nor kept") {
    Config config;
    config.volatile_events = {"user:typing"};
    World world{config};
    const auto client = world.connect("user1");
    world.server->emit_to_user("user1", "user:typing", payload(1));
    CHECK(client.last() == R"(42["user:typing",{"n":1}])");
    client.handler->closed();
    world.server->emit_to_user("user1", "user:typing", payload(2));
    CHECK(world.connect("user1", "\"pid\":\"" + pid_of(client) + "\",").received() == 2);
}

TEST("a client is told a minute before its token expires and may bring another of the same session") {
    World world{Config{}};
    const auto client = world.connect("user1");
    const auto live = [&](Duration by) {
        for (auto left = by; left > 0s; left -= 10s) {
            world.pass(10s);
            client.send("3");
        }
    };
    live(13min + 50s);
    const auto before = client.received();
    world.pass(10s);
    CHECK(client.received() > before);
    CHECK(client.last().find(R"(42["auth:expiring",{"expiresAt":")") == 0);
    client.send(R"(427["auth:refresh",{"token":"user2"}])");
    CHECK(client.refused() == "another_session");
    client.send(R"(428["auth:refresh",{"token":"stranger"}])");
    CHECK(client.refused() == "invalid_token");
    client.send(R"(429["auth:refresh",{"token":"user1"}])");
    CHECK(client.refused() == "ok");
    live(2min);
    CHECK(client.socket->close_code == 0);
    client.send(R"(421["echo",{}])");
    CHECK(client.refused() == "ok");
    for (unsigned i = 0; i <= kMaxInFlight; ++i) client.send(R"(429["auth:refresh",{"token":"stranger"}])");
    CHECK(client.socket->close_code == 1008);
}

TEST("attachments come whole, in time and within bounds, or the socket goes") {
    World world;
    std::vector<std::string> seen;
    OpenNamespace space{"/open", [](const auto&, const auto&) {},
                        [&](const auto& socket, const OpenEvent& event) {
                            seen.push_back(json::serialize(*event.arguments));
                            socket->emit(event.arguments->get_array(), event.attachments);
                        }};
    world.server->add_namespace(std::move(space));
    const auto open = [&] {
        auto client = world.open();
        client.send("40/open,{}");
        return client;
    };
    const std::string packet = R"(452-/open,["up",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])";
    const auto fine = open();
    fine.send(packet);
    fine.handler->message("one", true);
    CHECK(seen.empty());
    fine.handler->message("two", true);
    REQUIRE(seen.size() == 1);
    REQUIRE(fine.received() == 5);
    CHECK(*fine.socket->sent[2] == packet);
    CHECK(*fine.socket->sent[4] == "two");

    struct Case {
        const char* story;
        std::function<void(const Client&)> then;
        std::uint16_t code;
    };
    const std::string half(600'000, 'x');
    for (const auto& [story, then, code] :
         {Case{"text between", [](const Client& c) { c.send("42/open,[\"x\"]"); }, 1002},
          Case{"more than a packet may hold",
               [&](const Client& c) {
                   c.handler->message(half, true);
                   c.handler->message(half, true);
               },
               1009},
          Case{"never complete",
               [&](const Client& c) {
                   c.handler->message("one", true);
                   world.pass(24s);
                   CHECK(c.socket->close_code == 0);
                   world.pass(6s);
               },
               1008}}) {
        CAPTURE(story);
        const auto client = open();
        client.send(packet);
        then(client);
        CHECK(client.socket->close_code == code);
    }
    const auto liar = open();
    liar.send(R"(451-/open,["up",{"_placeholder":true,"num":7}])");
    liar.handler->message("one", true);
    CHECK(liar.socket->close_code == 1002);
    CHECK(seen.size() == 1);
}

TEST("the server asks a client and gets its answer, or is told that there is none") {
    World world;
    const auto client = world.connect("user1");
    std::vector<std::string> answers;
    const auto ask = [&](std::string_view socket_id) {
        world.server->ask(socket_id, "there?", payload(1), 5s, [&](Result<json::Value> answer) {
            answers.push_back(answer ? json::serialize(*answer) : answer.error().code);
        });
    };
    ask(client.id());
    CHECK(client.last() == R"(421["there?",{"n":1}])");
    client.send(R"(439["not asked"])");
    client.send(R"(431["here",2])");
    client.send(R"(431["again"])");
    ask(client.id());
    world.pass(5s);
    ask(client.id());
    client.handler->closed();
    ask("nobody");
    CHECK(answers == std::vector<std::string>{"\"here\"", "unanswered", "unanswered", "unanswered"});
}

}  // namespace confidente::socketio
