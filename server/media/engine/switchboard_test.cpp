// Whole lives on the simulated network: real packets, real cryptography, no sockets and no waiting.
#include <set>

#include "media/engine/switchboard_for_test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::simulated;
using confidente::testing::Link;

TEST("a live reaches two viewers whole, and one who joins late begins with a keyframe") {
    Net network(1);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer early(server, 2);
    network.run_for(2s);
    REQUIRE(publisher.connected());
    REQUIRE(early.connected());
    CHECK(server.diary.has("+publisher live"));
    CHECK(server.diary.has("+viewer live"));
    network.run_for(3s);
    Viewer late(server, 3);
    network.run_for(3s);
    CHECK(early.frames() > 100);
    CHECK(early.client->counters().broken == 0);
    CHECK(early.client->counters().audio > 200);
    CHECK(late.client->began_with_keyframe());
    CHECK(late.frames() > 55);
    CHECK(late.client->counters().broken == 0);
    const auto stats = server.board.stats();
    CHECK(stats.publishers == 1);
    CHECK(stats.viewers == 2);
    CHECK(stats.plis_out >= 1);
    CHECK(stats.plis_out <= 5);
    const auto streams = server.board.streams(network.now());
    REQUIRE(streams.size() == 1);
    CHECK(streams[0].publishing);
    CHECK(streams[0].viewers == 2);
    CHECK(streams[0].bitrate_bps > 50'000);
}

TEST("a late viewer sees the first picture within a few frames of being connected") {
    Net network(13);
    Server server(network);
    Publisher publisher(server, 1);
    network.run_for(5s);
    Viewer late(server, 3);
    REQUIRE(network.run_until([&] { return late.connected(); }, 2s));
    CHECK(network.run_until([&] { return late.frames() > 0; }, 120ms));
    CHECK(server.board.stats().plis_out <= 2);
}

TEST("what belongs together leaves to one viewer in a row, and soon") {
    Net network(16);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer one(server, 2), two(server, 3), three(server, 4);
    network.run_for(2s);
    REQUIRE(three.connected());
    std::size_t large_flushes = 0;
    server.on_flush = [&](const Outbox& out) {
        std::set<SocketAddress> addresses;
        std::size_t rows = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            addresses.insert(out.head(i).to);
            rows += i == 0 || out.head(i).to != out.head(i - 1).to ? 1 : 0;
        }
        // A keyframe of several packets to three viewers; reports of our own may stand before or behind it.
        if (out.size() < 9) return;
        ++large_flushes;
        CHECK(rows <= addresses.size() + 2);
    };
    one.client->request_keyframe();
    network.run_for(2s);
    CHECK(large_flushes > 0);
    CHECK(one.client->counters().broken == 0);
    CHECK(three.client->counters().broken == 0);
}

TEST("the first thumbnail comes with the first picture, the next ones at their pace") {
    Net network(2);
    Server server(network);
    Publisher publisher(server, 1);
    network.run_for(2s);
    CHECK(server.keyframes.size() == 1);
    network.run_for(25s);
    CHECK(server.keyframes.size() == 3);
}

TEST("packets lost on either side come back by NACK and no picture is missed") {
    Net network(3);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer viewer(server, 2);
    network.run_for(2s);
    REQUIRE(viewer.connected());
    network.set_link({.latency = 15ms, .jitter = 5ms, .loss_percent = 3});
    network.run_for(10s);
    network.set_link({});
    network.run_for(1s);
    const auto stats = server.board.stats();
    CHECK(publisher.client->counters().repeated > 0);
    CHECK(stats.nacks_out > 0);
    CHECK(stats.nacks_in > 0);
    CHECK(stats.retransmitted > 0);
    // Loss strikes feedback and repetitions too; nearly everything arrives all the same.
    CHECK(viewer.frames() + 25 > publisher.frames);
}

TEST("who may publish and play: one publisher at a time, nobody plays what is not there") {
    Net network(4);
    Server server(network);
    SeededRandom random(5);
    const auto play = server.board.play("live", some_offer(random), network.now());
    REQUIRE_FALSE(play);
    CHECK(play.error().code == "not_publishing");
    CHECK(play.error().kind == ErrorKind::conflict);
    Publisher publisher(server, 1);
    network.run_for(1s);
    REQUIRE(publisher.connected());
    const auto second = server.board.publish("live", some_offer(random), network.now());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "already_publishing");
    CHECK(server.board.hang_up("nobody-has-this-session", network.now()).error().code == "session_not_found");
    const auto nothing = server.board.trickle(publisher.session, {}, network.now());
    CHECK((nothing && nothing->empty()));
    TrickleFragment restart;
    restart.ufrag = "other";
    CHECK(server.board.trickle(publisher.session, restart, network.now()).error().code == "bad_fragment");
    auto wrong = some_offer(random);
    for (auto& media : wrong.media) media.transport.fingerprint.algorithm = "sha-1";
    CHECK(server.board.publish("other", wrong, network.now()).error().code == "bad_offer");
    CHECK(server.board.stats().sessions == 1);
}

TEST("the end of a live reaches every viewer at once, with goodbye") {
    Net network(6);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer one(server, 2), two(server, 3);
    network.run_for(2s);
    server.board.end_stream("live", network.now());
    server.board.settle(network.now());
    network.run_for(50ms);
    CHECK(one.client->peer().close_reason() == CloseReason::remote);
    CHECK(two.client->peer().close_reason() == CloseReason::remote);
    CHECK(one.client->counters().goodbyes == 1);
    CHECK(publisher.client->peer().close_reason() == CloseReason::remote);
    CHECK(server.diary.has("-publisher live live_ended"));
    CHECK(server.diary.has("-viewer live live_ended"));
    CHECK(server.board.stats().sessions == 0);
    CHECK(server.board.streams(network.now()).empty());
}

TEST("a publisher whose network dies is lost after 30 s, and viewers go on when a new one comes") {
    Net network(7);
    Server server(network);
    auto first = std::make_unique<Publisher>(server, 1);
    Viewer viewer(server, 2);
    network.run_for(2s);
    first.reset();
    network.run_for(31s);
    CHECK(server.diary.has("-publisher live lost"));
    CHECK_FALSE(server.diary.has("-viewer live live_ended"));
    const auto before = viewer.frames();
    Publisher second(server, 4, 77);
    network.run_for(3s);
    CHECK(second.connected());
    CHECK(viewer.frames() > before + 50);
    CHECK(viewer.connected());
}

TEST("a silent publisher may be replaced without waiting for the 30 s") {
    Net network(8);
    Server server(network);
    auto first = std::make_unique<Publisher>(server, 1);
    Viewer viewer(server, 2);
    network.run_for(2s);
    first.reset();
    network.run_for(8s);
    const auto before = viewer.frames();
    Publisher second(server, 4, 77);
    network.run_for(3s);
    CHECK(server.diary.has("-publisher live replaced"));
    CHECK(viewer.frames() > before + 50);
}

TEST("viewers whose publisher does not come back are told after the grace") {
    Net network(9);
    Server server(network);
    auto publisher = std::make_unique<Publisher>(server, 1);
    Viewer viewer(server, 2);
    network.run_for(2s);
    REQUIRE(server.board.hang_up(publisher->session, network.now()));
    server.board.settle(network.now());
    network.run_for(1s);
    CHECK(server.diary.has("-publisher live client"));
    CHECK(viewer.connected());
    network.run_for(kReconnectGrace + 2s);
    CHECK(server.diary.has("-viewer live live_ended"));
    CHECK(server.board.streams(network.now()).empty());
}

TEST("a publisher who sends far more than allowed is closed, and the stream is free for another") {
    Net network(14);
    Server server(network, 50'000);
    Publisher publisher(server, 1);
    network.run_for(5s);
    CHECK(server.diary.has("-publisher live abusive"));
    CHECK(server.board.stats().dropped_policed > 0);
    CHECK(server.board.stats().publishers == 0);
}

TEST("strangers' datagrams are counted, never answered") {
    Net network(10);
    Server server(network);
    Publisher publisher(server, 1);
    network.run_for(1s);
    const auto stranger = SocketAddress::v4({66, 6, 6, 6}, 6);
    std::size_t answers = 0;
    network.attach(stranger, {.receive = [&](Buffer&, const SocketAddress&, Instant) { ++answers; }});
    SeededRandom noise(11);
    for (int i = 0; i < 2000; ++i) {
        Buffer bytes(noise.below(300));
        noise.fill(std::as_writable_bytes(std::span{bytes}));
        network.send(bytes, stranger, server.address);
    }
    const std::string username = "someone:else";
    StunBindingRequest request;
    request.username = username;
    request.password = "a password of twenty-two!";
    network.send(write_binding_request(request), stranger, server.address);
    network.run_for(1s);
    CHECK(answers == 0);
    CHECK(server.board.stats().dropped_stray > 1000);
    CHECK(server.board.stats().dropped_unauthenticated == 1);
    CHECK(publisher.connected());
}

TEST("an offer that nobody follows up is forgotten after 15 s, without a word") {
    Net network(12);
    Server server(network);
    SeededRandom random(5);
    REQUIRE(server.board.publish("live", some_offer(random), network.now()));
    server.board.settle(network.now());
    CHECK(server.board.stats().sessions == 1);
    network.run_for(17s);
    CHECK(server.board.stats().sessions == 0);
    CHECK(server.board.streams(network.now()).empty());
    CHECK(server.diary.lines.empty());
}
