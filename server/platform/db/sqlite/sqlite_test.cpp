#include "platform/db/sqlite/sqlite.hpp"

#include <atomic>
#include <cstdlib>
#include <latch>
#include <thread>

#include "testing/test.hpp"

namespace confidente::db {
namespace {

constexpr Query kInsert{"test_insert", "INSERT INTO things (id, amount) VALUES (:id, :amount)"};
constexpr Query kAll{"test_all", "SELECT id, amount FROM things ORDER BY id"};
constexpr Query kSum{"test_sum", "SELECT COUNT(*) AS n, COALESCE(SUM(amount), 0) AS total FROM things"};
constexpr Query kAdd{"test_add", "UPDATE things SET amount = amount + 1 WHERE id = :id"};
constexpr const char* kSchema = "CREATE TABLE things (id TEXT PRIMARY KEY, amount BIGINT CHECK (amount >= 0))";

Status insert(Database& db, std::string id, std::int64_t amount) {
    auto work = [=](Transaction& tx) -> Status {
        TRY_VOID(tx.execute(kInsert, {{"id", id}, {"amount", amount}}));
        return {};
    };
    return db.write_blocking(work);
}

Rows all(Database& db) {
    auto work = [](Transaction& tx) { return tx.query(kAll); };
    return db.read_blocking(work).value();
}

std::unique_ptr<Database> fresh() {
    auto db = open_sqlite({}).value();
    REQUIRE(db->run_script(kSchema).has_value());
    return db;
}

TEST("what was written is read back, nulls and zero bytes included") {
    auto db = fresh();
    const std::string odd{"a\0b'\"", 5};
    REQUIRE(insert(*db, odd, INT64_MAX).has_value());
    auto work = [](Transaction& tx) -> Status {
        TRY_VOID(tx.execute(kInsert, {{"id", "none"}, {"amount", nullptr}}));
        return {};
    };
    REQUIRE(db->write_blocking(work).has_value());
    const auto rows = all(*db);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].text("id") == odd);
    CHECK(rows[0].integer("amount") == INT64_MAX);
    CHECK(rows[1].is_null("amount"));
}

TEST("a violated constraint is told by name and leaves nothing behind") {
    auto db = fresh();
    REQUIRE(insert(*db, "a", 1).has_value());
    const auto twice = insert(*db, "a", 2);
    REQUIRE(!twice.has_value());
    CHECK(twice.error().kind == ErrorKind::conflict);
    CHECK(twice.error().code == "unique_violation");
    CHECK(twice.error().cause.find("things.id") != std::string::npos);
    const auto negative = insert(*db, "b", -1);
    REQUIRE(!negative.has_value());
    CHECK(negative.error().code == "check_violation");
    CHECK(all(*db).size() == 1);
}

TEST("a work that fails half way harms no neighbour of its commit") {
    auto db = fresh();
    std::latch blocked{1};
    std::latch entered{1};
    // While the first work holds the writer, the others gather into one group.
    std::thread first{[&] {
        auto work = [&](Transaction&) -> Status {
            entered.count_down();
            blocked.wait();
            return {};
        };
        CHECK(db->write_blocking(work).has_value());
    }};
    entered.wait();
    constexpr int kWorks = 40;
    std::vector<std::thread> threads;
    std::atomic<int> failed{0};
    std::atomic<int> submitted{0};
    for (int i = 0; i < kWorks; ++i) {
        threads.emplace_back([&, i] {
            auto work = [i](Transaction& tx) -> Status {
                TRY_VOID(tx.execute(kInsert, {{"id", std::to_string(i)}, {"amount", i}}));
                if (i % 3 == 0) return Error{ErrorKind::invalid, "refused"};
                return {};
            };
            submitted.fetch_add(1);
            const auto outcome = db->write_blocking(work);
            if (!outcome && outcome.error().code == "refused") failed.fetch_add(1);
        });
    }
    while (submitted.load() < kWorks) std::this_thread::yield();
    blocked.count_down();
    first.join();
    for (auto& thread : threads) thread.join();
    CHECK(failed.load() == 14);
    const auto rows = all(*db);
    CHECK(rows.size() == 26);
    for (const auto& row : rows) CHECK(row.integer("amount") % 3 != 0);
}

TEST("a thousand increments from many threads lose none, and readers never wait for the writer's commit") {
    auto db = fresh();
    REQUIRE(insert(*db, "counter", 0).has_value());
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 125; ++i) {
                auto work = [](Transaction& tx) { return tx.execute(kAdd, {{"id", "counter"}}); };
                CHECK(db->write_blocking(work).value() == 1);
                CHECK(all(*db).size() == 1);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(all(*db)[0].integer("amount") == 1000);
}

TEST("a reader refuses to write") {
    auto db = fresh();
    auto work = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "a"}, {"amount", 1}}); };
    CHECK(!db->read_blocking(work).has_value());
    CHECK(all(*db).empty());
}

TEST("a missing, unknown or misspelt parameter is our bug and is said, not bound to null") {
    auto db = fresh();
    auto missing = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "a"}}); };
    auto unknown = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "a"}, {"amuont", 1}}); };
    CHECK(db->write_blocking(missing).error().kind == ErrorKind::internal);
    CHECK(db->write_blocking(unknown).error().kind == ErrorKind::internal);
    CHECK(all(*db).empty());
}

TEST("what was answered survives closing and opening again; listeners hear of commits only") {
    std::string folder = (std::filesystem::temp_directory_path() / "confidente-test-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const auto file = std::filesystem::path{folder} / "kept.db";
    {
        auto db = open_sqlite(file).value();
        REQUIRE(db->run_script(kSchema).has_value());
        std::atomic<int> heard{0};
        db->on_commit([&heard] { heard.fetch_add(1); });
        REQUIRE(insert(*db, "a", 7).has_value());
        CHECK(!insert(*db, "a", 8).has_value());
        db.reset();
        CHECK(heard.load() == 1);
    }
    {
        auto db = open_sqlite(file).value();
        CHECK(all(*db).at(0).integer("amount") == 7);
        CHECK(db->run_script("CREATE TABLE more (id TEXT); SELECT nonsense;").has_error());
        CHECK(db->run_script("CREATE TABLE more (id TEXT)").has_value());
    }
    std::filesystem::remove_all(folder);
}

TEST("a file that cannot be opened is an error, not a crash") {
    const auto opened = open_sqlite("/nonexistent-folder/x.db");
    REQUIRE(!opened.has_value());
    CHECK(opened.error().code == "database_unavailable");
}

}  // namespace
}  // namespace confidente::db
