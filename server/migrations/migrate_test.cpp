#include "migrations/migrate.hpp"

#include <algorithm>
#include <filesystem>
#include <latch>
#include <numeric>
#include <thread>

#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::migrations {
namespace {

constexpr UtcTime kNow{1'790'000'000'000};
const std::vector<Migration> kTwo{{1, "0001_a", "aa", "CREATE TABLE a (id TEXT);\n"},
                                  {2, "0002_b", "bb", "CREATE TABLE b (id TEXT);\n"}};

TEST("every migration runs once, and a second start finds nothing to do") {
    testing::each_empty_database([](db::Database& db) {
        const auto total = static_cast<std::int64_t>(embedded().size());
        REQUIRE(total >= 6);
        CHECK(pending(db).value() == total);
        CHECK(migrate(db, kNow).value() == total);
        CHECK(migrate(db, kNow).value() == 0);
        CHECK(pending(db).value() == 0);
    });
}

TEST("the journal cannot be rewritten, not even by our own statements") {
    testing::each_database([](db::Database& db) {
        REQUIRE(db.run_script("INSERT INTO transfers (id, seq, kind, key, detail, created_at, prev_hash, hash) "
                              "VALUES ('t', 1, 'gift', 'k', '{}', 1, '', 'h')")
                    .has_value());
        CHECK(db.run_script("UPDATE transfers SET kind = 'other'").has_error());
        CHECK(db.run_script("DELETE FROM transfers").has_error());
    });
}

TEST("an applied migration that was edited since is refused") {
    testing::each_empty_database([](db::Database& db) {
        REQUIRE(migrate(db, kNow, kTwo).value() == 2);
        auto edited = kTwo;
        edited[0].sha256 = "other";
        const auto outcome = migrate(db, kNow, edited);
        REQUIRE(!outcome.has_value());
        CHECK(outcome.error().code == "migration_changed");
    });
}

TEST("a database from a newer program is refused, and says which migration is unknown") {
    testing::each_empty_database([](db::Database& db) {
        REQUIRE(migrate(db, kNow, kTwo).value() == 2);
        const auto outcome = migrate(db, kNow, {kTwo[0]});
        REQUIRE(!outcome.has_value());
        CHECK(outcome.error().code == "database_newer");
        CHECK(outcome.error().cause.find("0002_b") != std::string::npos);
    });
}

TEST("a migration that fails half way leaves nothing of itself, but keeps the ones before it") {
    testing::each_empty_database([](db::Database& db) {
        auto broken = kTwo;
        broken[1].sql = "CREATE TABLE b (id TEXT); CREATE TABLE a (id TEXT);";
        CHECK(!migrate(db, kNow, broken).has_value());
        CHECK(migrate(db, kNow, kTwo).value() == 1);
    });
}

/// Starts `count` migrators at once, each with a connection of its own; how many migrations each one ran.
std::vector<std::int64_t> migrate_together(int count,
                                           const std::function<Result<std::unique_ptr<db::Database>>()>& open) {
    std::latch ready{count};
    std::vector<std::int64_t> ran(static_cast<std::size_t>(count), -1);
    std::vector<std::thread> threads;
    for (auto& mine : ran) {
        threads.emplace_back([&] {
            auto db = open();
            ready.arrive_and_wait();
            if (!db) return;
            const auto outcome = migrate(**db, kNow);
            if (outcome) mine = *outcome;
        });
    }
    for (auto& thread : threads) thread.join();
    return ran;
}

TEST("nodes that start together on one empty database apply every migration once, and all of them come up") {
    constexpr int kNodes = 12;
    const auto total = static_cast<std::int64_t>(embedded().size());
    const auto url = testing::empty_postgres();
    const auto on_postgres = migrate_together(kNodes, [&] { return db::open_postgres({.url = url}); });
    CHECK(std::count(on_postgres.begin(), on_postgres.end(), -1) == 0);
    CHECK(std::accumulate(on_postgres.begin(), on_postgres.end(), std::int64_t{0}) == total);

    std::string folder = (std::filesystem::temp_directory_path() / "confidente-test-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const auto file = std::filesystem::path{folder} / "shared.db";
    const auto on_sqlite = migrate_together(4, [&] { return db::open_sqlite(file); });
    CHECK(std::count(on_sqlite.begin(), on_sqlite.end(), -1) == 0);
    CHECK(std::accumulate(on_sqlite.begin(), on_sqlite.end(), std::int64_t{0}) == total);
    std::filesystem::remove_all(folder);
}

TEST("sections are for their engine alone") {
    const std::string sql = "both\n-- engine: sqlite\nlite\n-- engine: postgres\npg\n-- engine: all\nend";
    CHECK(for_engine(sql, db::Engine::sqlite) == "both\nlite\nend\n");
    CHECK(for_engine(sql, db::Engine::postgres) == "both\npg\nend\n");
}

}  // namespace
}  // namespace confidente::migrations
