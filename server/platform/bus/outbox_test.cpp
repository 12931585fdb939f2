#include "platform/bus/outbox.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::bus {
namespace {

/// What a subscriber heard, and a way to wait for it.
struct Heard {
    std::mutex mutex;  // guards payloads
    std::condition_variable ready;
    std::vector<std::string> payloads;

    Subscriber subscriber() {
        return [this](const std::string&, const std::string&, const std::string& payload) {
            const std::scoped_lock lock{mutex};
            payloads.push_back(payload);
            ready.notify_all();
        };
    }
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock{mutex};
        ready.wait(lock, [&] { return payloads.size() >= count; });
        return payloads;
    }
};

Status write(db::Database& db, std::string payload, bool fail = false) {
    auto work = [=](db::Transaction& tx) -> Status {
        TRY_VOID(append(tx, "topic", "key", payload, UtcTime{1}));
        if (fail) return Error{ErrorKind::invalid, "refused"};
        return {};
    };
    return db.write_blocking(work);
}

constexpr std::chrono::hours kNever{1};  ///< a poll that helps no test

EACH_DATABASE_TEST("events arrive in order, those of a failed transaction and those from before never") {
    auto db = testing::migrated_database();
    REQUIRE(write(*db, "before").has_value());
    Heard heard;
    const auto relay = Relay::open(*db, heard.subscriber(), kNever).value();
    REQUIRE(write(*db, "1").has_value());
    CHECK(!write(*db, "lost", true).has_value());
    REQUIRE(write(*db, "2").has_value());
    CHECK(heard.wait_for(2) == std::vector<std::string>{"1", "2"});
}

EACH_DATABASE_TEST("more events than are read at a time all arrive, at every relay") {
    auto db = testing::migrated_database();
    constexpr int kMany = 1234;
    Heard here, there;
    const auto one = Relay::open(*db, here.subscriber(), kNever).value();
    const auto other = Relay::open(*db, there.subscriber(), kNever).value();
    auto work = [](db::Transaction& tx) -> Status {
        std::vector<Event> events;
        for (int i = 0; i < kMany; ++i) events.push_back({"key", std::to_string(i)});
        append_all(tx, "topic", events, UtcTime{1});
        return {};
    };
    REQUIRE(db->write_blocking(work).has_value());
    for (auto* heard : {&here, &there}) {
        const auto all = heard->wait_for(kMany);
        CHECK(all.size() == kMany);
        for (int i = 0; i < kMany; ++i) CHECK(all[static_cast<std::size_t>(i)] == std::to_string(i));
    }
}

/// A node of a PostgreSQL database: its own connections, writers and relay.
struct Node {
    explicit Node(const std::string& url)
        : db(testing::open_postgres(url)), relay(Relay::open(*db, heard.subscriber(), kNever).value()) {}
    Heard heard;
    testing::DatabasePtr db;
    std::unique_ptr<Relay> relay;
};

TEST("what either of two nodes commits, both hear at once: every event once, in the order of its commit") {
    const auto url = testing::migrated_postgres();
    Node nodes[] = {Node{url}, Node{url}};
    constexpr int kThreads = 4, kEach = 100;
    // The order of a chat is the order of its counter, which each writer takes in the transaction of its event.
    REQUIRE(
        nodes[0].db->run_script("CREATE TABLE counters (chat TEXT PRIMARY KEY, n BIGINT NOT NULL);"
                                "INSERT INTO counters VALUES ('a', 0), ('b', 0)"));
    constexpr db::Query kCount{"test_count",
                               "UPDATE counters SET n = n + 1 WHERE chat = :chat RETURNING chat || n AS mark"};
    std::vector<std::thread> writers;
    for (auto& node : nodes) {
        for (int t = 0; t < kThreads; ++t) {
            writers.emplace_back([&node, t, &kCount] {
                for (int i = 0; i < kEach; ++i) {
                    auto work = [&](db::Transaction& tx) -> Status {
                        TRY(const auto row, tx.query(kCount, {{"chat", t % 2 ? "a" : "b"}}));
                        return append(tx, "topic", "key", row.at(0).text("mark"), UtcTime{1});
                    };
                    while (!node.db->write_blocking(work)) {
                    }
                }
            });
        }
    }
    for (auto& writer : writers) writer.join();
    constexpr int kAll = 2 * kThreads * kEach;
    const auto first = nodes[0].heard.wait_for(kAll);
    CHECK(nodes[1].heard.wait_for(kAll) == first);
    REQUIRE(first.size() == kAll);
    int next[] = {1, 1};
    for (const auto& mark : first) CHECK(mark.substr(1) == std::to_string(next[mark[0] - 'a']++));
}

TEST("a node whose listening connection was ended hears again, also of what came meanwhile") {
    const auto url = testing::migrated_postgres();
    Node here{url}, there{url};
    REQUIRE(write(*here.db, "1").has_value());
    CHECK(there.heard.wait_for(1).back() == "1");
    REQUIRE(db::postgres_command(url,
                                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                                 "current_database() AND query LIKE 'LISTEN%'")
                .has_value());
    REQUIRE(write(*here.db, "2").has_value());
    CHECK(there.heard.wait_for(2).back() == "2");
    REQUIRE(write(*here.db, "3").has_value());
    CHECK(there.heard.wait_for(3).back() == "3");
}

}  // namespace
}  // namespace confidente::bus
