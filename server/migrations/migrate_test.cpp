#include "migrations/migrate.hpp"

#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::migrations {
namespace {

constexpr UtcTime kNow{1'790'000'000'000};
const std::vector<Migration> kTwo{{1, "0001_a", "aa", "CREATE TABLE a (id TEXT);\n"},
                                  {2, "0002_b", "bb", "CREATE TABLE b (id TEXT);\n"}};

TEST("every migration runs once, and a second start finds nothing to do") {
    auto db = db::open_sqlite({}).value();
    const auto total = static_cast<std::int64_t>(embedded().size());
    REQUIRE(total >= 6);
    CHECK(pending(*db).value() == total);
    CHECK(migrate(*db, kNow).value() == total);
    CHECK(migrate(*db, kNow).value() == 0);
    CHECK(pending(*db).value() == 0);
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
    auto db = db::open_sqlite({}).value();
    REQUIRE(migrate(*db, kNow, kTwo).value() == 2);
    auto edited = kTwo;
    edited[0].sha256 = "other";
    const auto outcome = migrate(*db, kNow, edited);
    REQUIRE(!outcome.has_value());
    CHECK(outcome.error().code == "migration_changed");
}

TEST("a database from a newer program is refused, and says which migration is unknown") {
    auto db = db::open_sqlite({}).value();
    REQUIRE(migrate(*db, kNow, kTwo).value() == 2);
    const auto outcome = migrate(*db, kNow, {kTwo[0]});
    REQUIRE(!outcome.has_value());
    CHECK(outcome.error().code == "database_newer");
    CHECK(outcome.error().cause.find("0002_b") != std::string::npos);
}

TEST("a migration that fails half way leaves nothing of itself, but keeps the ones before it") {
    auto db = db::open_sqlite({}).value();
    auto broken = kTwo;
    broken[1].sql = "CREATE TABLE b (id TEXT); CREATE TABLE a (id TEXT);";
    CHECK(!migrate(*db, kNow, broken).has_value());
    CHECK(migrate(*db, kNow, kTwo).value() == 1);
}

TEST("sections are for their engine alone") {
    const std::string sql = "both\n-- engine: sqlite\nlite\n-- engine: postgres\npg\n-- engine: all\nend";
    CHECK(for_engine(sql, db::Engine::sqlite) == "both\nlite\nend\n");
    CHECK(for_engine(sql, db::Engine::postgres) == "both\npg\nend\n");
}

}  // namespace
}  // namespace confidente::migrations
