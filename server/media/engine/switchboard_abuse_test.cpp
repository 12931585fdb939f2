// Lives whose clients restart ICE, and what those achieve who misuse a server: nothing for themselves, and no harm to
// others.
#include "media/engine/switchboard_for_test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::simulated;

TEST("an ICE restart gives new credentials under the same session, and the media never stops") {
    Net network(15);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer viewer(server, 2);
    network.run_for(2s);
    REQUIRE(viewer.connected());
    const auto restart = [&](auto& side, const std::string& ufrag) {
        TrickleFragment fragment;
        fragment.ufrag = ufrag;
        fragment.password = "a password of twenty-two!";
        const auto answer = server.board.trickle(side.session, fragment, network.now());
        server.board.settle(network.now());
        REQUIRE(answer);
        // A late candidate of the credentials before is no second restart.
        CHECK(answer->find("a=candidate:1 1 udp ") != std::string::npos);
        const auto read = TrickleFragment::parse(*answer);
        REQUIRE(read);
        CHECK(read->candidates.size() == 1);
        const auto late = server.board.trickle(side.session, fragment, network.now());
        CHECK((late && late->empty()));
        return IceCredentials{read->ufrag, read->password};
    };
    const auto before = viewer.frames();
    for (int i = 0; i < 3; ++i) {
        const auto for_viewer = restart(viewer, "viewer" + std::to_string(i));
        const auto for_publisher = restart(publisher, "publisher" + std::to_string(i));
        network.run_for(1s);
        viewer.client->restart_ice({"viewer" + std::to_string(i), {}}, for_viewer, network.now());
        publisher.client->restart_ice({"publisher" + std::to_string(i), {}}, for_publisher, network.now());
        network.run_for(4s);
    }
    CHECK(viewer.frames() >= before + 15 * 25 - 3);
    CHECK(viewer.client->counters().broken == 0);
    CHECK(server.board.stats().dropped_unauthenticated == 0);
    CHECK(server.diary.lines.size() == 2);
    // Consent is kept with the new credentials alone.
    network.run_for(40s);
    CHECK(viewer.connected());
    CHECK(server.board.stats().sessions == 2);
}

TEST("an ICE restart that nobody takes up costs nothing, however often it is asked for") {
    Net network(16);
    Server server(network);
    Publisher publisher(server, 1);
    network.run_for(1s);
    TrickleFragment fragment;
    fragment.password = "a password of twenty-two!";
    for (int i = 0; i < 1000; ++i) {
        fragment.ufrag = "again" + std::to_string(i);
        REQUIRE(server.board.trickle(publisher.session, fragment, network.now()));
    }
    network.run_for(40s);
    CHECK(publisher.connected());
    CHECK(server.board.stats().publishers == 1);
}

TEST("so many sessions may be half open and no more; those that are connected count for nothing there") {
    Net network(17);
    Server server(network, 12'000'000, 20);
    Publisher publisher(server, 1);
    network.run_for(1s);
    REQUIRE(publisher.connected());
    SeededRandom random(5);
    for (int i = 0; i < 20; ++i) REQUIRE(server.board.play("live", some_offer_to_play(random), network.now()));
    const auto over = server.board.play("live", some_offer_to_play(random), network.now());
    REQUIRE_FALSE(over);
    CHECK(over.error().code == "too_many_sessions");
    CHECK(server.board.publish("another", some_offer(random), network.now()).error().code == "too_many_sessions");
    network.run_for(16s);
    CHECK(server.board.stats().sessions == 1);
    CHECK(server.board.play("live", some_offer_to_play(random), network.now()));
}

TEST("a viewer who floods with what is not authentic, or asks for everything again and again, costs others nothing") {
    Net network(18);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer good(server, 2), bad(server, 3);
    network.run_for(2s);
    REQUIRE(bad.connected());
    const auto before = good.frames();
    const auto plis = server.board.stats().plis_out;
    SeededRandom noise(19);
    for (int second = 0; second < 5; ++second) {
        for (int i = 0; i < 2000; ++i) {
            Buffer bytes(20 + noise.below(500));
            noise.fill(std::as_writable_bytes(std::span{bytes}));
            bytes[0] = 0x80;
            network.send(bytes, bad.address, server.address);
        }
        for (int i = 0; i < 100; ++i) {
            bad.client->request_keyframe();
            network.run_for(10ms);
        }
    }
    const auto stats = server.board.stats();
    CHECK(stats.dropped_unauthenticated + stats.dropped_replayed + stats.dropped_malformed >= 10'000);
    CHECK(stats.plis_out - plis <= 2 * 5 + 1);
    CHECK(good.frames() >= before + 5 * 25 - 2);
    CHECK(good.client->counters().broken == 0);
    CHECK(bad.connected());
}

TEST("a viewer whose link comes back sees a picture at once, without having to ask for it") {
    Net network(21);
    Server server(network);
    Publisher publisher(server, 1);
    Viewer viewer(server, 2);
    network.run_for(3s);
    REQUIRE(viewer.connected());
    network.drop_if([&](Bytes, const SocketAddress& from, const SocketAddress& to) {
        return from == viewer.address || to == viewer.address;
    });
    network.run_for(10s);
    const auto before = server.board.stats();
    // Of what the viewer says only its checks of consent arrive, so that it cannot ask.
    network.drop_if([&](Bytes bytes, const SocketAddress& from, const SocketAddress&) {
        return from == viewer.address && bytes[0] > 3;
    });
    CHECK(network.run_until([&] { return server.board.stats().plis_out > before.plis_out; }, kConsentInterval + 500ms));
    CHECK(server.board.stats().plis_in == before.plis_in);
}
