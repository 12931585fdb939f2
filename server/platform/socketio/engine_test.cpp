#include "platform/socketio/engine.hpp"

#include "testing/test.hpp"

namespace confidente::socketio {
namespace {

Frame message(std::string_view text) { return {std::make_shared<const std::string>("4" + std::string(text)), false}; }

struct World {
    EngineConfig config{.max_queued_bytes = 1000};
    Instant now{1'000'000'000};
    Engine engine;

    explicit World(TransportKind transport = TransportKind::polling) : engine(config, "s1", transport) {
        EngineOutbox out;
        engine.open(now, out);
        if (transport == TransportKind::polling) CHECK(poll().substr(0, 11) == R"(0{"sid":"s1)");
    }
    /// What a poll is answered, "waits" or "refused".
    std::string poll() {
        EngineOutbox out;
        const auto verdict = engine.poll(out);
        if (verdict == Engine::Poll::waits) return "waits";
        return verdict == Engine::Poll::answered ? *out.poll : "refused";
    }
    EngineOutbox send(std::string_view text) {
        EngineOutbox out;
        const Frame frame = message(text);
        engine.send({&frame, 1}, out);
        return out;
    }
    EngineOutbox probe(std::string_view text) {
        EngineOutbox out;
        engine.probe_frame(text, false, now, out);
        return out;
    }
    EngineOutbox tick(Duration by) {
        now = now + by;
        EngineOutbox out;
        engine.tick(now, out);
        return out;
    }
};

std::string only(const EngineOutbox& out) { return out.frames.size() == 1 ? *out.frames[0].data : "?"; }

}  // namespace

TEST("a payload reads back as it was written, binary included") {
    const std::string bytes("\x00\x1e\xff\x01", 4);
    const Frame frames[] = {message("a"), {std::make_shared<const std::string>(bytes), true}, message("€")};
    const auto text = encode_payload(frames);
    CHECK(text ==
          "4a\x1e"
          "bAB7/AQ==\x1e"
          "4€");
    const auto payload = parse_payload(text);
    REQUIRE(payload);
    REQUIRE(payload->packets.size() == 3);
    CHECK(payload->packets[1].binary);
    CHECK(payload->packets[1].data == bytes);
    CHECK(payload->packets[2].data == "4€");
}

TEST("a payload that the official client never sends is broken") {
    const std::string many(2 * kMaxPacketsPerPayload + 2, '4');
    std::string too_many;
    for (std::size_t i = 0; i <= kMaxPacketsPerPayload; ++i)
        too_many += i == 0 ? "4"
                           : "\x1e"
                             "4";
    for (const auto& body : {std::string(), std::string("\x1e"), std::string("4a\x1e"), std::string("x"),
                             std::string("b*"), std::string("bAQ=a"), std::string("bAQI"), std::string("bAQ-_"),
                             std::string("b+==="), std::string("4\xff"), too_many}) {
        CAPTURE(body.substr(0, 20));
        CHECK_FALSE(parse_payload(body));
    }
    CHECK(parse_payload("bAQID"));
    CHECK(parse_payload(many));
}

TEST("what is sent waits for a poll, and a poll for what is sent") {
    World world;
    CHECK_FALSE(world.send("a").poll);
    CHECK_FALSE(world.send("b").poll);
    CHECK(world.poll() ==
          "4a\x1e"
          "4b");
    CHECK(world.poll() == "waits");
    CHECK(*world.send("c").poll == "4c");
}

TEST("a second poll ends the session and frees the first") {
    World world;
    CHECK(world.poll() == "waits");
    EngineOutbox out;
    CHECK(world.engine.poll(out) == Engine::Poll::refused);
    CHECK(*out.poll == "1");
    CHECK(out.close->code == 1002);
    CHECK_FALSE(out.close->recoverable);
    CHECK(world.poll() == "refused");
}

TEST("whoever does not fetch what waits for him is a slow consumer") {
    World world;
    const std::string big(600, 'x');
    CHECK_FALSE(world.send(big).close);
    CHECK_FALSE(world.send(big).close);
    const auto out = world.send("a");
    REQUIRE(out.close);
    CHECK(out.close->reason == "slow consumer");
    CHECK(world.engine.finished());
}

TEST("an upgrade frees the poll, carries what was queued over, and happens once") {
    World world;
    CHECK(world.poll() == "waits");
    REQUIRE(world.engine.begin_probe(world.now));
    CHECK_FALSE(world.engine.begin_probe(world.now));
    const auto probed = world.probe("2probe");
    CHECK(*probed.probe.at(0).data == "3probe");
    CHECK(*probed.poll == "6");
    CHECK(world.poll() == "6");
    world.send("queued");
    const auto upgraded = world.probe("5");
    CHECK(upgraded.upgraded);
    CHECK(only(upgraded) == "4queued");
    CHECK(only(world.send("next")) == "4next");
    CHECK(world.poll() == "refused");
    EngineOutbox out;
    CHECK_FALSE(world.engine.post("4x", world.now, out));
    CHECK_FALSE(out.close);
    CHECK_FALSE(world.engine.begin_probe(world.now));
}

TEST("a probe that says something else, or nothing for long, is dropped and the session goes on") {
    World world;
    for (const auto* wrong : {"5", "4hello", "2", "3probe"}) {
        REQUIRE(world.engine.begin_probe(world.now));
        const auto out = world.probe(wrong);
        CHECK(out.drop_probe);
        CHECK_FALSE(out.close);
    }
    REQUIRE(world.engine.begin_probe(world.now));
    CHECK(world.tick(10s).drop_probe);
    CHECK(world.engine.begin_probe(world.now));
    world.send("a");
    CHECK(world.poll() == "4a");
}

TEST("a client that closes is owed a noop by the poll that crosses, and nothing later") {
    World world;
    EngineOutbox out;
    CHECK(
        world.engine.post("4last\x1e"
                          "1",
                          world.now, out));
    CHECK(out.messages.size() == 1);
    CHECK(out.close->reason == "client closed");
    CHECK(world.poll() == "6");
    CHECK(world.poll() == "refused");
}

TEST("the last words of a server that closes wait for the last polls, for a while") {
    World world;
    EngineOutbox out;
    world.send("bye");
    world.engine.close({1000, "done"}, out);
    CHECK_FALSE(world.engine.finished());
    CHECK(world.engine.deadline() <= world.now);
    world.tick(0s);
    CHECK(world.poll() == "4bye");
    CHECK(world.poll() == "1");
    CHECK(world.engine.finished());

    World other;
    other.engine.close({1000, "done"}, out);
    other.tick(0s);
    other.tick(2s);
    CHECK(other.engine.finished());
    CHECK(other.poll() == "refused");
}

TEST("a ping goes out when it is due, and silence is the end, however late the clock ticks") {
    World world(TransportKind::websocket);
    CHECK(world.engine.deadline() == world.now + 25s);
    CHECK(only(world.tick(25s + 400ms)) == "2");
    CHECK(world.engine.deadline() == world.now + 20s - 400ms);
    EngineOutbox out;
    world.engine.frame("3", false, world.now, out);
    CHECK(world.engine.deadline() == world.now + 25s);
    CHECK(only(world.tick(100s)) == "2");
    CHECK_FALSE(world.tick(10s - 1ns).close);
    CHECK(world.tick(1ns).close->reason == "ping timeout");
}

TEST("hostile packets end the session without a word more") {
    for (const auto* packet : {"", "x", "7", "0{}", "1:4", "2", "2probe", "5"}) {
        CAPTURE(packet);
        World world(TransportKind::websocket);
        EngineOutbox out;
        world.engine.frame(packet, false, world.now, out);
        REQUIRE(out.close);
        CHECK(out.close->code == 1002);
        CHECK(world.send("a").frames.empty());
    }
}

TEST("what a poller leaves unfetched for ten seconds ends its session; fetching begins anew") {
    World world;
    world.send("a");
    CHECK_FALSE(world.tick(1s).close);  // the wait counts from the first tick
    CHECK_FALSE(world.tick(9s).close);
    CHECK(world.poll() == "4a");
    world.send("b");
    CHECK_FALSE(world.tick(1s).close);
    CHECK_FALSE(world.tick(9s).close);
    const auto out = world.tick(1s);
    REQUIRE(out.close);
    CHECK(out.close->code == 1013);
    CHECK(out.close->reason == "slow consumer");
    CHECK(out.close->recoverable);
}

}  // namespace confidente::socketio
