// What is PostgreSQL's own; what every engine must hold is in platform/db/engines_test.cpp.
#include "platform/db/postgres/postgres.hpp"

#include <atomic>
#include <thread>

#include "platform/db/postgres/connection.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::db {
namespace {

using std::chrono::milliseconds;

constexpr Query kInsert{"pg_test_insert", "INSERT INTO things (id, n) VALUES (:id, :n)"};
constexpr Query kCount{"pg_test_count", "SELECT COUNT(*) AS n FROM things"};
constexpr Query kSleep{"pg_test_sleep", "SELECT 1 AS n FROM pg_sleep(600)"};

struct Fixture {
    std::string url = testing::empty_postgres();
    std::unique_ptr<Database> db = testing::open_postgres(url);
    Fixture() { REQUIRE(db->run_script("CREATE TABLE things (id TEXT PRIMARY KEY, n BIGINT)").has_value()); }

    Status insert(const std::string& id) {
        auto work = [id](Transaction& tx) -> Status {
            TRY_VOID(tx.execute(kInsert, {{"id", id}, {"n", 1}}));
            return {};
        };
        return db->write_blocking(work);
    }
    std::int64_t count() {
        auto work = [](Transaction& tx) { return tx.query(kCount); };
        return db->read_blocking(work).value().at(0).integer("n");
    }
    /// Ends every connection but the one that asks.
    void end_connections() {
        REQUIRE(postgres_command(url,
                                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
                                 "pg_backend_pid() AND datname = current_database()")
                    .has_value());
    }
};

TEST("connections that were ended while nobody looked cost nobody an error") {
    Fixture f;
    REQUIRE(f.insert("a").has_value());
    REQUIRE(f.count() == 1);
    f.end_connections();
    CHECK(f.count() == 1);
    CHECK(f.insert("b").has_value());
    CHECK(f.count() == 2);
}

TEST("a work whose connection ends half way is run again once, and leaves what it did once") {
    Fixture f;
    int runs = 0;
    auto work = [&](Transaction& tx) -> Status {
        ++runs;
        TRY_VOID(tx.execute(kInsert, {{"id", "a"}, {"n", 1}}));
        if (runs == 1) f.end_connections();
        TRY_VOID(tx.execute(kInsert, {{"id", "b"}, {"n", 1}}));
        return {};
    };
    CHECK(f.db->write_blocking(work).has_value());
    CHECK(runs == 2);
    CHECK(f.count() == 2);
    // And if it happens again and again, it is refused.
    auto cursed = [&](Transaction& tx) -> Status {
        TRY_VOID(tx.execute(kInsert, {{"id", "c"}, {"n", 1}}));
        f.end_connections();
        TRY_VOID(tx.execute(kInsert, {{"id", "d"}, {"n", 1}}));
        return {};
    };
    const auto refused = f.db->write_blocking(cursed);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == "database_unavailable");
    CHECK(refused.error().retry_after_s > 0);
    CHECK(f.count() == 2);
    CHECK(f.insert("e").has_value());
}

TEST("a connection that ends at any moment is an outage, and no error of ours") {
    Fixture f;
    std::atomic<bool> enough{false};
    std::thread saboteur{[&] {
        while (!enough) f.end_connections();
    }};
    std::int64_t acknowledged = 0;
    for (int i = 0; i < 300; ++i) {
        const auto written = f.insert(std::to_string(i));
        acknowledged += written.has_value() ? 1 : 0;
        CHECK((written.has_value() || written.error().code == "database_unavailable"));
        auto count = [](Transaction& tx) { return tx.query(kCount); };
        const auto read = f.db->read_blocking(count);
        CHECK((read.has_value() || read.error().code == "database_unavailable"));
    }
    enough = true;
    saboteur.join();
    f.db = testing::open_postgres(f.url);  // its own may still wait before it tries to connect again
    CHECK(f.count() >= acknowledged);
    CHECK(f.insert("last").has_value());
}

TEST("what was asked before the connection ended is refused, not forgotten, and the work is run again") {
    Fixture f;
    int runs = 0;
    auto work = [&](Transaction& tx) -> Status {
        auto first = tx.ask(kCount);
        tx.send(kInsert, {{"id", "a"}, {"n", 1}});
        if (++runs == 1) {
            f.end_connections();
            // Writing to a connection that has ended is noticed at some later statement, not at a certain one.
            for (int i = 0; i < 100; ++i) tx.send(kInsert, {{"id", std::string(20'000, 'x')}, {"n", 1}});
            CHECK(first.rows().error().code == "database_unavailable");
            return Error{ErrorKind::unavailable, "refused"};
        }
        auto second = tx.ask(kCount);
        TRY(const auto before, first.rows());
        TRY(const auto after, second.rows());
        CHECK(before.at(0).integer("n") == 0);
        CHECK(after.at(0).integer("n") == 1);
        return {};
    };
    const auto outcome = f.db->write_blocking(work);
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error().code << ": " << outcome.error().cause);
    CHECK(runs == 2);
    CHECK(f.count() == 1);
}

TEST("a commit whose answer is lost is unknown, not failed and not done") {
    Fixture f;
    // The connection ends between the last statement and the commit, so that nobody can tell which came first.
    auto work = [&](Transaction& tx) -> Status {
        TRY_VOID(tx.execute(kInsert, {{"id", "a"}, {"n", 1}}));
        f.end_connections();
        return {};
    };
    const auto outcome = f.db->write_blocking(work);
    REQUIRE(!outcome.has_value());
    CHECK(outcome.error().code == "database_unavailable");
    CHECK(outcome.error().cause.find("unknown") != std::string::npos);
    CHECK(f.count() == 0);
}

TEST("a statement or a lock that takes too long is given up, and the next work finds everything in order") {
    Fixture f;
    const auto hasty =
        open_postgres({.url = f.url, .statement_timeout = milliseconds{100}, .lock_timeout = milliseconds{50}}).value();
    auto sleep = [](Transaction& tx) { return tx.query(kSleep); };
    CHECK(hasty->write_blocking(sleep).error().code == "busy");
    CHECK(hasty->read_blocking(sleep).error().code == "busy");

    // Another node writes, and does not end.
    auto hold = [&](Transaction& tx) -> Status {
        TRY_VOID(tx.execute(kInsert, {{"id", "a"}, {"n", 1}}));
        auto blocked = [](Transaction& inner) { return inner.execute(kInsert, {{"id", "b"}, {"n", 1}}); };
        const auto refused = hasty->write_blocking(blocked);
        REQUIRE(!refused.has_value());
        CHECK(refused.error().code == "busy");
        CHECK(refused.error().retry_after_s > 0);
        return {};
    };
    REQUIRE(f.db->write_blocking(hold).has_value());
    auto now = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "b"}, {"n", 1}}); };
    CHECK(hasty->write_blocking(now).value() == 1);
}

TEST("what PostgreSQL cannot store is refused as the caller's mistake, before anything is cut off") {
    Fixture f;
    for (const std::string& bad : {std::string{"a\0b", 3}, std::string{"\xff"}}) {
        const auto refused = f.insert(bad);
        REQUIRE(!refused.has_value());
        CHECK(refused.error().kind == ErrorKind::invalid);
        CHECK(refused.error().code == "invalid_text");
    }
    CHECK(f.count() == 0);
    CHECK(f.insert("good").has_value());
}

TEST("a server that is not there is said at once, without the password") {
    const auto opened = open_postgres({.url = "postgres://ana:s3cr3t@/nothing?host=/nonexistent-folder"});
    REQUIRE(!opened.has_value());
    CHECK(opened.error().code == "database_unavailable");
    CHECK(opened.error().retry_after_s > 0);
    CHECK(opened.error().cause.find("s3cr3t") == std::string::npos);
}

TEST("values never reach the log through an error") {
    Fixture f;
    REQUIRE(f.insert("ana@example.com").has_value());
    const auto twice = f.insert("ana@example.com");
    REQUIRE(!twice.has_value());
    CHECK(twice.error().cause.find("things_pkey") != std::string::npos);
    CHECK(twice.error().cause.find("ana@") == std::string::npos);
}

TEST("a table that changes under prepared statements is no lasting error") {
    Fixture f;
    constexpr Query kAll{"pg_test_all", "SELECT * FROM things"};
    auto all = [&](Transaction& tx) { return tx.query(kAll); };
    REQUIRE(f.insert("a").has_value());
    REQUIRE(f.db->write_blocking(all).has_value());
    REQUIRE(f.db->run_script("ALTER TABLE things ADD COLUMN more BIGINT").has_value());
    (void)f.db->write_blocking(all);
    const auto rows = f.db->write_blocking(all);
    REQUIRE(rows.has_value());
    CHECK(rows->at(0).is_null("more"));
}

}  // namespace
}  // namespace confidente::db
