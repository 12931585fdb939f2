// Rounds: who hears what, in which order, and what becomes of those who do not listen.
#include "platform/socketio/fan_out.hpp"

#include <algorithm>
#include <deque>
#include <thread>

#include "platform/socketio/rooms.hpp"
#include "platform/socketio/world_for_test.hpp"
#include "testing/test.hpp"

namespace confidente::socketio {
namespace {

using test::World;

/// Writes down what it hears.
class Notebook final : public Listener {
public:
    explicit Notebook(std::string id, Executor* home = nullptr) : id_(std::move(id)), home_(home) {}
    void hear(std::span<const Heard> heard) override {
        ++writes;
        for (const auto& frame : frames_of(heard, id_, false)) notes.push_back(*frame.data);
    }
    void dismiss(std::string_view reason) override { notes.push_back("away: " + std::string(reason)); }
    Executor* home() const override { return home_; }

    std::vector<std::string> notes;
    std::size_t writes = 0;

private:
    std::string id_;
    Executor* home_;
};

Frame frame(std::string text) { return {std::make_shared<const std::string>(std::move(text)), false}; }

/// One event loop with a thread of its own.
class Loop final : public Executor {
public:
    Loop() : thread_([this] { run(); }) {}
    ~Loop() override {
        post([this] { stopped_ = true; });
        thread_.join();
    }
    void post(std::function<void()> work) override {
        {
            const std::lock_guard lock(mutex_);
            work_.push_back(std::move(work));
        }
        ready_.notify_one();
    }

private:
    void run() {
        while (!stopped_) {
            std::function<void()> work;
            {
                std::unique_lock lock(mutex_);
                ready_.wait(lock, [this] { return !work_.empty(); });
                work = std::move(work_.front());
                work_.pop_front();
            }
            work();
        }
    }
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> work_;
    bool stopped_ = false;
    std::thread thread_;
};

/// The rooms and their lock, as the hub holds them.
struct Talk {
    std::mutex mutex;
    Rooms rooms;
    Round take(Instant now) {
        const std::lock_guard lock(mutex);
        return rooms.take(now);
    }
};

}  // namespace

TEST("a listener gets what was said between its coming and its going, once, and across rooms in one order") {
    // Any sequence of comings, goings, words and rounds, held against a model that hears at once.
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        Rooms rooms;
        ManualClock clock;
        FanOut out({}, clock, [&] { return rooms.take(clock.now()); });
        constexpr std::size_t kPeople = 4, kRooms = 3;
        std::vector<std::shared_ptr<Notebook>> people;
        for (std::size_t i = 0; i < kPeople; ++i) people.push_back(std::make_shared<Notebook>(std::to_string(i)));
        std::vector<std::vector<std::string>> expected(kPeople);
        bool in[kRooms][kPeople] = {};
        for (int step = 0; step < 60; ++step) {
            const auto room = random.below(kRooms), who = random.below(kPeople);
            const auto name = "room" + std::to_string(room);
            switch (random.below(5)) {
                case 0:
                    rooms.enter(name, people[who]);
                    in[room][who] = true;
                    break;
                case 1:
                    rooms.exit(name, *people[who]);
                    in[room][who] = false;
                    break;
                case 2:
                    out.wake();
                    break;
                default: {
                    const auto except = random.below(kPeople + 1);
                    const auto text = name + " " + std::to_string(step);
                    rooms.say(name, frame(text), false, except < kPeople ? std::to_string(except) : "");
                    for (std::size_t i = 0; i < kPeople; ++i)
                        if (in[room][i] && i != except) expected[i].push_back(text);
                }
            }
        }
        out.wake();
        for (std::size_t i = 0; i < kPeople; ++i) CHECK(people[i]->notes == expected[i]);
        for (std::size_t room = 0; room < kRooms; ++room)
            CHECK(rooms.size("room" + std::to_string(room)) ==
                  static_cast<std::size_t>(std::count(in[room], in[room] + kPeople, true)));
    }
}

TEST("what is said in one round is one write") {
    Rooms rooms;
    ManualClock clock;
    FanOut out({}, clock, [&] { return rooms.take(clock.now()); });
    const auto listener = std::make_shared<Notebook>("a");
    rooms.enter("live:1", listener);
    rooms.enter("user:1", listener);
    for (int i = 0; i < 5; ++i) {
        rooms.say("live:1", frame("l" + std::to_string(i)), false, "");
        rooms.say("user:1", frame("u" + std::to_string(i)), false, "");
    }
    rooms.dismiss(listener, "banned");
    out.wake();
    CHECK(listener->writes == 1);
    CHECK(listener->notes ==
          std::vector<std::string>{"l0", "u0", "l1", "u1", "l2", "u2", "l3", "u3", "l4", "u4", "away: banned"});
}

TEST("many threads that talk at once are heard by everybody in one order") {
    constexpr int kThreads = 4, kWords = 500;
    // In rounds that everybody hears at once, and in long ones with shifts.
    for (const Pace pace : {Pace{.idle = 1ms, .busy = 2ms}, Pace{.idle = 1ms, .busy = 30ms}}) {
        std::vector<std::shared_ptr<Notebook>> people;
        {
            Loop first, second;
            Talk talk;
            SystemClock clock;
            for (int i = 0; i < 20; ++i) {
                people.push_back(std::make_shared<Notebook>(std::to_string(i), i % 2 == 0 ? &first : &second));
                talk.rooms.enter("live:1", people.back());
            }
            FanOut out(pace, clock, [&] { return talk.take(clock.now()); });
            std::vector<std::thread> speakers;
            for (int speaker = 0; speaker < kThreads; ++speaker)
                speakers.emplace_back([&, speaker] {
                    for (int word = 0; word < kWords; ++word) {
                        {
                            const std::lock_guard lock(talk.mutex);
                            talk.rooms.say("live:1", frame(std::to_string(speaker) + ":" + std::to_string(word)), false,
                                           "");
                        }
                        out.wake();
                    }
                });
            for (auto& speaker : speakers) speaker.join();
            out.stop();
        }
        REQUIRE(people[0]->notes.size() == kThreads * kWords);
        for (const auto& person : people) CHECK(person->notes == people[0]->notes);
        CHECK(people[0]->writes < people[0]->notes.size());
    }
}

TEST("a client that does not read loses the events of the moment first, then its connection, with a reason") {
    World world{Config{.recovery_window = 0s, .volatile_events = {"typing"}}};
    const auto slow = world.connect("user1");
    const auto fast = world.connect("user2");
    for (const auto& client : {slow, fast}) world.server->join(client.id(), "live:1");
    const auto tell = [&](std::string_view event) { world.server->emit("live:1", event, json::Value(json::Object{})); };
    const auto heard = slow.received();

    slow.socket->queued = kMaxQueuedBytes / 2;
    tell("typing");
    CHECK(slow.received() == heard);
    CHECK(fast.last() == R"(42["typing",{}])");
    tell("said");
    CHECK(slow.last() == R"(42["said",{}])");

    slow.socket->queued = kMaxQueuedBytes + 1;
    tell("more");
    world.executor.run();
    CHECK(slow.socket->close_code == 1013);
    CHECK(slow.socket->reason == "slow consumer");
    CHECK(fast.last() == R"(42["more",{}])");
    CHECK(fast.socket->close_code == 0);
}

TEST("what a client leaves unread for ten seconds ends its connection; one that reads slowly keeps it") {
    World world;
    const auto stuck = world.connect("user1");
    const auto slow = world.connect("user2");
    for (const auto& client : {stuck, slow}) {
        world.server->join(client.id(), "live:1");
        client.socket->queued = 1000;
    }
    world.server->emit("live:1", "said", json::Value(json::Object{}));
    world.pass(9s);
    CHECK(stuck.socket->close_code == 0);
    slow.socket->written = 2000;
    world.pass(2s);
    CHECK(stuck.socket->close_code == 1013);
    CHECK(stuck.socket->reason == "slow consumer");
    CHECK(slow.socket->close_code == 0);
    // What it has not read by now has another ten seconds.
    world.pass(9s);
    CHECK(slow.socket->close_code == 0);
    world.pass(2s);
    CHECK(slow.socket->close_code == 1013);
}

}  // namespace confidente::socketio
