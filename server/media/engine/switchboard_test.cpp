// Whole lives on the simulated network: real packets, real cryptography, no sockets and no waiting.
#include "media/engine/switchboard.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "media/client/publishing_client.hpp"
#include "media/client/watching_client.hpp"
#include "media/packaging/test_picture.hpp"
#include "testing/network.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::Link;

namespace {

using Net = confidente::testing::Network<SocketAddress>;

const Certificate& identity(std::size_t which) {
    static const auto made = [] {
        std::vector<std::unique_ptr<Certificate>> both;
        for (int i = 0; i < 2; ++i) both.push_back(std::move(*Certificate::make()));
        return both;
    }();
    return *made[which];
}

/// Writes down what the engine tells, one line each.
struct Diary final : EngineEvents {
    std::vector<std::string> lines;
    void publisher_connected(std::string_view stream) override { add("+publisher", stream); }
    void publisher_gone(std::string_view stream, HangUpReason reason) override {
        add("-publisher", stream);
        lines.back() += " " + std::string{to_string(reason)};
    }
    void viewer_connected(std::string_view stream, std::string_view) override { add("+viewer", stream); }
    void viewer_gone(std::string_view stream, std::string_view, HangUpReason reason) override {
        add("-viewer", stream);
        lines.back() += " " + std::string{to_string(reason)};
    }
    void thumbnail(std::string_view, Buffer) override {}
    void layers_wanted(std::string_view stream, std::string_view, const std::vector<std::string>& ids) override {
        add("layers", stream);
        for (const auto& id : ids) lines.back() += " " + id;
    }
    void add(std::string what, std::string_view stream) { lines.push_back(what + " " + std::string{stream}); }
    bool has(const std::string& line) const { return std::find(lines.begin(), lines.end(), line) != lines.end(); }
};

struct Server {
    SocketAddress address = SocketAddress::v4({10, 0, 0, 1}, 40000);
    Net& network;
    SeededRandom random{99};
    Diary diary;
    std::vector<Buffer> keyframes;
    std::function<void(const Outbox&)> on_flush = [](const Outbox&) {};
    Switchboard board;

    explicit Server(Net& net, std::uint64_t max_publish_bps = 12'000'000)
        : network(net),
          board({.candidates = {{"10.0.0.1", 40000}}, .thumbnail_interval = 10s, .max_publish_bps = max_publish_bps},
                {.events = diary,
                 .random = random,
                 .certificate = identity(0),
                 .keyframe = [this](const std::string&, Buffer annexb) { keyframes.push_back(std::move(annexb)); },
                 .flush =
                     [this](Outbox& out) {
                         on_flush(out);
                         for (std::size_t i = 0; i < out.size(); ++i)
                             network.send(out.datagram(i), address, out.head(i).to);
                         out.clear();
                     }},
                net.now()) {
        network.attach(address, {.receive =
                                     [this](Buffer& bytes, const SocketAddress& from, Instant now) {
                                         board.receive({bytes, from}, now);
                                         board.settle(now);
                                     },
                                 .tick =
                                     [this](Instant now) {
                                         board.tick(now);
                                         board.settle(now);
                                     },
                                 .deadline = [this] { return board.deadline(); }});
    }
    ~Server() { network.detach(address); }
};

template <class Client>
struct OnNetwork {
    Net& network;
    SocketAddress address;
    Outbox out{256};
    std::string session;
    std::unique_ptr<Client> client;

    OnNetwork(Net& net, std::uint8_t host) : network(net), address(SocketAddress::v4({10, 0, 1, host}, 5000)) {}
    ~OnNetwork() { network.detach(address); }
    void flush() {
        for (std::size_t i = 0; i < out.size(); ++i) network.send(out.datagram(i), address, out.head(i).to);
        out.clear();
    }
    void receive(Buffer& bytes, const SocketAddress& from, Instant now) {
        client->receive({bytes, from}, now, out);
        flush();
    }
    bool connected() const { return client->peer().state() == PeerState::connected; }
};

struct Publisher : OnNetwork<PublishingClient> {
    TestPicture picture;
    Instant next_video, next_audio;
    std::uint32_t audio_timestamp = 0;
    std::uint64_t frames = 0;

    Publisher(Server& server, std::uint8_t host, std::uint64_t seed = 1)
        : OnNetwork(server.network, host), picture(std::move(*TestPicture::open(kSmall))), random(seed) {
        const auto offer = make_client_publish_offer(identity(1), address, random);
        const auto description = SessionDescription::parse(offer.sdp);
        REQUIRE(description);
        auto answer = server.board.publish("live", *description, network.now());
        server.board.settle(network.now());
        REQUIRE(answer);
        session = answer->session_id;
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        client = std::make_unique<PublishingClient>(offer, std::move(*read), identity(1), random, network.now());
        attach();
    }
    void attach() {
        network.attach(address, {.receive = [this](Buffer& bytes, const SocketAddress& from,
                                                   Instant now) { receive(bytes, from, now); },
                                 .tick = [this](Instant now) { tick(now); },
                                 .deadline =
                                     [this] {
                                         return std::min({client->deadline(), next_video, next_audio});
                                     }});
    }
    void tick(Instant now) {
        if (client->deadline() <= now) client->tick(now, out);
        if (next_video <= now) {
            if (connected()) {
                if (client->take_keyframe_request()) picture.force_keyframe();
                const auto frame = picture.next_video();
                REQUIRE(frame);
                client->send_video(frame->annexb, frame->timestamp, now, out);
                ++frames;
            }
            next_video = now + 40ms;
        }
        if (next_audio <= now) {
            const Buffer sound(80, 0x55);
            client->send_audio(sound, audio_timestamp += 960, now, out);
            next_audio = now + 20ms;
        }
        flush();
    }
    static constexpr TestPictureConfig kSmall{
        .width = 320, .height = 180, .fps = 25, .bitrate_kbps = 300, .keyframe_interval_s = 60, .variant = 0};
    SeededRandom random;
};

struct Viewer : OnNetwork<WatchingClient> {
    SeededRandom random;
    Viewer(Server& server, std::uint8_t host) : OnNetwork(server.network, host), random(host) {
        const auto offer = make_client_play_offer(identity(1), address, random);
        const auto description = SessionDescription::parse(offer.sdp);
        REQUIRE(description);
        auto answer = server.board.play("live", *description, network.now());
        server.board.settle(network.now());
        REQUIRE(answer);
        session = answer->session_id;
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        client = std::make_unique<WatchingClient>(offer, std::move(*read), identity(1), random, network.now());
        network.attach(address, {.receive = [this](Buffer& bytes, const SocketAddress& from,
                                                   Instant now) { receive(bytes, from, now); },
                                 .tick =
                                     [this](Instant now) {
                                         client->tick(now, out);
                                         flush();
                                     },
                                 .deadline = [this] { return client->deadline(); }});
    }
    std::uint64_t frames() const { return client->counters().frames; }
};

SessionDescription some_offer(Random& random) {
    const auto offer = make_client_publish_offer(identity(1), SocketAddress::v4({10, 0, 9, 9}, 1), random);
    return *SessionDescription::parse(offer.sdp);
}

}  // namespace

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
    CHECK(server.board.trickle(publisher.session, {}));
    TrickleFragment restart;
    restart.ufrag = "other";
    CHECK(server.board.trickle(publisher.session, restart).error().code == "bad_fragment");
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
