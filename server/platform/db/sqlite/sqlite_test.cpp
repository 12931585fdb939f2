#include "platform/db/sqlite/sqlite.hpp"

#include <atomic>
#include <cstdlib>

#include "testing/test.hpp"

namespace confidente::db {
namespace {

constexpr Query kInsert{"test_insert", "INSERT INTO things (id, amount) VALUES (:id, :amount)"};
constexpr Query kAll{"test_all", "SELECT id, amount FROM things ORDER BY id"};
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
