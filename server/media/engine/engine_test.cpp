// The engine over real UDP on loopback: its threads, sockets and batches. What a live does is in switchboard_test.cpp.
#include "media/engine/engine.hpp"

#include <poll.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "media/client/synthetic_publisher.hpp"
#include "media/client/watching_client.hpp"
#include "media/engine/udp_socket.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

/// Hears the engine and lets a test await a line.
class Listener final : public EngineEvents {
public:
    void publisher_connected(std::string_view) override { add("+publisher"); }
    void publisher_gone(std::string_view, HangUpReason reason) override {
        add("-publisher " + std::string{to_string(reason)});
    }
    void viewer_connected(std::string_view, std::string_view) override { add("+viewer"); }
    void viewer_gone(std::string_view, std::string_view, HangUpReason reason) override {
        add("-viewer " + std::string{to_string(reason)});
    }
    void thumbnail(std::string_view, Buffer jpeg) override {
        add(jpeg.size() > 500 && jpeg[0] == 0xff && jpeg[1] == 0xd8 ? "jpeg" : "no jpeg");
    }
    void layers_wanted(std::string_view, std::string_view, const std::vector<std::string>&) override {}
    bool await(const std::string& line) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds{20},
                                 [&] { return std::find(lines_.begin(), lines_.end(), line) != lines_.end(); });
    }
    std::deque<std::string> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    void add(std::string line) {
        {
            const std::lock_guard lock(mutex_);
            lines_.push_back(std::move(line));
        }
        changed_.notify_all();
    }
    std::mutex mutex_;  ///< guards lines_
    std::condition_variable changed_;
    std::deque<std::string> lines_;
};

template <class Value>
struct Promised {
    std::shared_ptr<std::promise<Value>> promise = std::make_shared<std::promise<Value>>();
    std::function<void(Value)> done() {
        return [held = promise](Value value) { held->set_value(std::move(value)); };
    }
    Value get() { return promise->get_future().get(); }
};

struct World {
    SystemRandom random;
    SystemClock clock;
    Listener listener;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Certificate> certificate;

    World() {
        auto opened = Engine::open({.listen_ip = "127.0.0.1", .port = 0, .announced = {}}, listener, random);
        REQUIRE(opened);
        engine = std::move(*opened);
        auto made = Certificate::make();
        REQUIRE(made);
        certificate = std::move(*made);
    }
    std::unique_ptr<SyntheticPublisher> publish() {
        auto started = SyntheticPublisher::start(
            {.picture = {.width = 320, .height = 180, .fps = 25, .bitrate_kbps = 300, .keyframe_interval_s = 60}},
            [&](std::string offer) -> Result<std::string> {
                Promised<Result<Answer>> answer;
                engine->publish("live", std::move(offer), answer.done());
                TRY(auto got, answer.get());
                return got.sdp;
            },
            random, clock);
        REQUIRE(started);
        return std::move(*started);
    }
};

/// A viewer with a socket of its own, driven by the test's thread.
struct Watcher {
    World& world;
    UdpSocket socket;
    Outbox out{64};
    std::string session;
    std::unique_ptr<WatchingClient> client;

    explicit Watcher(World& in) : world(in), socket(std::move(*UdpSocket::open("127.0.0.1", 0))) {
        const auto offer = make_client_play_offer(*world.certificate, socket.local(), world.random);
        Promised<Result<Answer>> promised;
        world.engine->play("live", offer.sdp, promised.done());
        auto answer = promised.get();
        REQUIRE(answer);
        session = answer->session_id;
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        client = std::make_unique<WatchingClient>(offer, std::move(*read), *world.certificate, world.random,
                                                  world.clock.now());
    }
    /// Until `done` says so, or 20 s are over.
    template <class Done>
    bool watch_until(Done done) {
        const auto end = world.clock.now() + 20s;
        while (!done()) {
            const auto now = world.clock.now();
            if (now >= end) return false;
            while (const auto count = socket.receive())
                for (std::size_t i = 0; i < count; ++i) client->receive(socket.datagram(i), now, out);
            if (client->deadline() <= now) client->tick(now, out);
            socket.send(out);
            pollfd readable{socket.handle(), POLLIN, 0};
            (void)::poll(&readable, 1, 5);
        }
        return true;
    }
};

}  // namespace

TEST("over real sockets: a publisher, two viewers, a thumbnail, and the end of the live") {
    World world;
    const auto publisher = world.publish();
    REQUIRE(world.listener.await("+publisher"));
    Watcher first(world);
    REQUIRE(first.watch_until([&] { return first.client->counters().frames >= 10; }));
    CHECK(first.client->began_with_keyframe());
    Watcher second(world);
    REQUIRE(second.watch_until([&] { return second.client->counters().frames >= 10; }));
    CHECK(second.client->began_with_keyframe());
    CHECK(second.client->counters().audio > 0);
    CHECK(world.listener.await("jpeg"));
    world.engine->end_stream("live");
    REQUIRE(first.watch_until([&] { return first.client->peer().state() == PeerState::closed; }));
    REQUIRE(second.watch_until([&] { return second.client->peer().state() == PeerState::closed; }));
    CHECK(second.client->counters().goodbyes == 1);
    CHECK(world.listener.await("-viewer live_ended"));
    CHECK(world.listener.await("-publisher live_ended"));
}

TEST("over real sockets: a viewer hangs up, and closing the engine tells the rest") {
    World world;
    const auto publisher = world.publish();
    REQUIRE(world.listener.await("+publisher"));
    Watcher watcher(world);
    REQUIRE(watcher.watch_until([&] { return watcher.client->counters().frames >= 3; }));
    Promised<Status> gone, again;
    world.engine->hang_up(watcher.session, gone.done());
    CHECK(gone.get());
    world.engine->hang_up(watcher.session, again.done());
    const auto second = again.get();
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "session_not_found");
    CHECK(world.listener.await("-viewer client"));
    world.engine.reset();
    CHECK(world.listener.await("-publisher shutdown"));
}

TEST("broken offers and fragments get a precise error") {
    World world;
    Promised<Result<Answer>> offer, empty, nobody;
    world.engine->publish("live", "v=0\r\nnonsense", offer.done());
    auto refused = offer.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "bad_offer");
    world.engine->publish("live", std::string(kMaxOfferBytes + 1, 'x'), empty.done());
    CHECK(empty.get().error().code == "bad_offer");
    Promised<Result<std::string>> fragment;
    world.engine->trickle("no-such-session", "a=ice-ufrag:abcd\r\n", fragment.done());
    CHECK_FALSE(fragment.get());
    CHECK(world.listener.lines().empty());
}

TEST("two engines cannot have one port, and the error names it") {
    World world;
    const auto port = world.engine->port();
    auto second = Engine::open({.listen_ip = "127.0.0.1", .port = port, .announced = {}}, world.listener, world.random);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "udp_unavailable");
    CHECK(second.error().detail.find(std::to_string(port)) != std::string::npos);
    auto nonsense =
        Engine::open({.listen_ip = "example.org", .port = 0, .announced = {}}, world.listener, world.random);
    CHECK_FALSE(nonsense);
}
