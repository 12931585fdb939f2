// What the door promises, held by every engine.
#include <atomic>
#include <latch>
#include <thread>

#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::db {
namespace {

constexpr Query kInsert{"test_insert", "INSERT INTO things (id, amount) VALUES (:id, :amount)"};
constexpr Query kAll{"test_all", "SELECT id, amount FROM things ORDER BY id"};
constexpr Query kAdd{"test_add", "UPDATE things SET amount = amount + 1 WHERE id = :id"};
constexpr const char* kSchema =
    "CREATE TABLE things (id TEXT PRIMARY KEY, amount BIGINT CHECK (amount >= 0), "
    "part_of TEXT REFERENCES things (id))";

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

template <class Story>
void each_engine(Story story) {
    testing::each_empty_database([&](Database& db) {
        REQUIRE(db.run_script(kSchema).has_value());
        story(db);
    });
}

/// Holds the writer until open() is called, so that what is submitted meanwhile becomes one group.
class ClosedDoor {
public:
    explicit ClosedDoor(Database& db)
        : thread_([this, &db] {
              auto work = [this](Transaction&) -> Status {
                  entered_.count_down();
                  opened_.wait();
                  return {};
              };
              CHECK(db.write_blocking(work).has_value());
          }) {
        entered_.wait();
    }
    void open() {
        opened_.count_down();
        thread_.join();
    }

private:
    std::latch entered_{1};
    std::latch opened_{1};
    std::thread thread_;
};

TEST("what was written is read back: nulls, the largest number, any text") {
    each_engine([](Database& db) {
        const std::string odd = "a'\"\\ :no $1 \xF0\x9F\x8C\xB9\n";
        REQUIRE(insert(db, odd, INT64_MAX).has_value());
        auto work = [](Transaction& tx) -> Status {
            TRY_VOID(tx.execute(kInsert, {{"id", "none"}, {"amount", nullptr}}));
            return {};
        };
        REQUIRE(db.write_blocking(work).has_value());
        const auto rows = all(db);
        REQUIRE(rows.size() == 2);
        CHECK(rows[0].text("id") == odd);
        CHECK(rows[0].integer("amount") == INT64_MAX);
        CHECK(rows[1].is_null("amount"));
    });
}

TEST("sums, counts, comparisons and literals are whole numbers on every engine") {
    each_engine([](Database& db) {
        REQUIRE(insert(db, "a", 40).has_value());
        REQUIRE(insert(db, "b", 2).has_value());
        constexpr Query kNumbers{"test_numbers",
                                 "SELECT SUM(amount) AS total, COUNT(*) AS n, 1 AS one, MAX(amount) > :low AS more, "
                                 "COALESCE(SUM(CASE WHEN id = :none THEN amount END), 0) AS nil FROM things"};
        auto work = [&](Transaction& tx) { return tx.query(kNumbers, {{"low", 7}, {"none", "z"}}); };
        const auto row = db.read_blocking(work).value().at(0);
        CHECK(row.integer("total") == 42);
        CHECK(row.integer("n") == 2);
        CHECK(row.integer("one") == 1);
        CHECK(row.integer("more") == 1);
        CHECK(row.integer("nil") == 0);
    });
}

TEST("upserts, RETURNING and counts of changed rows agree") {
    each_engine([](Database& db) {
        constexpr Query kUpsert{"test_upsert",
                                "INSERT INTO things (id, amount) VALUES (:id, :amount) ON CONFLICT (id) DO UPDATE SET "
                                "amount = things.amount + excluded.amount RETURNING amount"};
        constexpr Query kIgnore{"test_ignore",
                                "INSERT INTO things (id, amount) VALUES (:id, 1) ON CONFLICT (id) DO NOTHING"};
        auto work = [&](Transaction& tx) -> Result<std::vector<std::int64_t>> {
            TRY(auto first, tx.query(kUpsert, {{"id", "a"}, {"amount", 1}}));
            TRY(auto second, tx.query(kUpsert, {{"id", "a"}, {"amount", 5}}));
            TRY(const auto ignored, tx.execute(kIgnore, {{"id", "a"}}));
            TRY(const auto kept, tx.execute(kIgnore, {{"id", "b"}}));
            TRY(const auto looked, tx.execute(kAll));
            TRY(const auto added, tx.execute(kAdd, {{"id", "none"}}));
            return std::vector{first[0].integer("amount"), second[0].integer("amount"), ignored, kept, looked, added};
        };
        CHECK(db.write_blocking(work).value() == std::vector<std::int64_t>{1, 6, 0, 1, 0, 0});
    });
}

TEST("a JSON array is a table, and bytes decide the order where they are asked to") {
    testing::each_database([](Database& db) {
        constexpr Query kRows{"test_rows",
                              "SELECT r.value ->> 0 AS name, CAST(r.value ->> 1 AS BIGINT) AS n, r.value ->> 2 AS none "
                              "FROM json_each(:rows) r ORDER BY (r.value ->> 0) COLLATE \"C\""};
        const char* rows = R"([["b\"'\u00e9", -1, null], ["a", 9223372036854775807, null], ["B", 3, null]])";
        auto work = [&](Transaction& tx) { return tx.query(kRows, {{"rows", rows}}); };
        const auto read = db.read_blocking(work).value();
        REQUIRE(read.size() == 3);
        CHECK(read[0].text("name") == "B");
        CHECK(read[1].integer("n") == INT64_MAX);
        CHECK(read[1].is_null("none"));
        CHECK(read[2].text("name") == "b\"'\u00e9");
    });
}

TEST("a violated constraint is told by kind and leaves nothing behind") {
    each_engine([](Database& db) {
        REQUIRE(insert(db, "a", 1).has_value());
        const auto twice = insert(db, "a", 2);
        REQUIRE(!twice.has_value());
        CHECK(twice.error().kind == ErrorKind::conflict);
        CHECK(twice.error().code == "unique_violation");
        CHECK(twice.error().cause.find("things") != std::string::npos);
        const auto negative = insert(db, "b", -1);
        REQUIRE(!negative.has_value());
        CHECK(negative.error().code == "check_violation");
        constexpr Query kOrphan{"test_orphan", "INSERT INTO things (id, part_of) VALUES ('c', 'nothing')"};
        auto orphan = [&](Transaction& tx) { return tx.execute(kOrphan); };
        CHECK(db.write_blocking(orphan).error().code == "foreign_key_violation");
        CHECK(all(db).size() == 1);
    });
}

TEST("a work that fails half way harms no neighbour of its commit") {
    each_engine([](Database& db) {
        ClosedDoor door{db};
        constexpr int kWorks = 40;
        std::vector<std::thread> threads;
        std::atomic<int> failed{0}, violated{0}, submitted{0};
        for (int i = 0; i < kWorks; ++i) {
            threads.emplace_back([&, i] {
                auto work = [i](Transaction& tx) -> Status {
                    TRY_VOID(tx.execute(kInsert, {{"id", std::to_string(i)}, {"amount", i}}));
                    if (i % 3 == 0) return Error{ErrorKind::invalid, "refused"};
                    if (i % 3 == 1) TRY_VOID(tx.execute(kInsert, {{"id", std::to_string(i)}, {"amount", i}}));
                    return {};
                };
                submitted.fetch_add(1);
                const auto outcome = db.write_blocking(work);
                if (!outcome && outcome.error().code == "refused") failed.fetch_add(1);
                if (!outcome && outcome.error().code == "unique_violation") violated.fetch_add(1);
            });
        }
        while (submitted.load() < kWorks) std::this_thread::yield();
        door.open();
        for (auto& thread : threads) thread.join();
        CHECK(failed.load() == 14);
        CHECK(violated.load() == 13);
        const auto rows = all(db);
        CHECK(rows.size() == 13);
        for (const auto& row : rows) CHECK(row.integer("amount") % 3 == 2);
    });
}

TEST("a work that goes on after a failed statement is refused as a whole") {
    each_engine([](Database& db) {
        REQUIRE(insert(db, "a", 1).has_value());
        auto careless = [](Transaction& tx) -> Status {
            (void)tx.execute(kInsert, {{"id", "b"}, {"amount", 1}});
            (void)tx.execute(kInsert, {{"id", "a"}, {"amount", 1}});
            CHECK(!tx.execute(kInsert, {{"id", "c"}, {"amount", 1}}).has_value());
            return {};
        };
        CHECK(db.write_blocking(careless).error().kind == ErrorKind::internal);
        CHECK(all(db).size() == 1);
        CHECK(insert(db, "d", 1).has_value());
    });
}

using Numbers = Batch<std::int64_t, std::string>;

/// Inserts every number in one statement; odd ones are refused, and 100 makes the whole statement fail.
Result<std::vector<Result<std::string>>> insert_all(Transaction& tx, std::span<const std::int64_t* const> numbers,
                                                    std::atomic<int>& runs) {
    runs.fetch_add(1);
    std::vector<Result<std::string>> answers;
    for (const auto* number : numbers) {
        if (*number % 2 == 1) {
            answers.emplace_back(Error{ErrorKind::invalid, "odd"});
            continue;
        }
        const std::int64_t amount = *number == 100 ? -1 : *number;
        TRY_VOID(tx.execute(kInsert, {{"id", std::to_string(*number)}, {"amount", amount}}));
        answers.emplace_back(std::to_string(*number));
    }
    return answers;
}

TEST("commands of one batch that wait together are one run; one that breaks the run fails alone") {
    each_engine([](Database& db) {
        for (const std::int64_t bad : {0, 100}) {
            REQUIRE(db.run_script("DELETE FROM things").has_value());
            std::atomic<int> runs{0}, submitted{0};
            const Numbers batch{[&](Transaction& tx, auto numbers) { return insert_all(tx, numbers, runs); }};
            ClosedDoor door{db};
            std::vector<std::thread> threads;
            for (std::int64_t number = 1; number <= 20; ++number) {
                threads.emplace_back([&, number] {
                    submitted.fetch_add(1);
                    const std::int64_t mine = number == 20 && bad ? bad : number;
                    const auto answer = db.write_batched_blocking(batch, mine);
                    CHECK(answer.has_value() == (mine % 2 == 0 && mine != 100));
                    if (answer) CHECK(*answer == std::to_string(mine));
                });
            }
            while (submitted.load() < 20) std::this_thread::yield();
            door.open();
            for (auto& thread : threads) thread.join();
            CHECK(all(db).size() == (bad ? 9 : 10));
            // The commands that were not yet queued when the door opened make a second group at most.
            CHECK(runs.load() <= (bad ? 22 : 20));
        }
    });
}

TEST("a thousand increments from many threads lose none, and a reader sees what was answered") {
    each_engine([](Database& db) {
        REQUIRE(insert(db, "counter", 0).has_value());
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 125; ++i) {
                    auto work = [](Transaction& tx) { return tx.execute(kAdd, {{"id", "counter"}}); };
                    CHECK(db.write_blocking(work).value() == 1);
                    CHECK(all(db).at(0).integer("amount") > 0);
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(all(db)[0].integer("amount") == 1000);
    });
}

TEST("statements that nobody waits for run in their order, and what was asked is what was true then") {
    each_engine([](Database& db) {
        auto work = [](Transaction& tx) -> Result<std::vector<std::size_t>> {
            auto none = tx.ask(kAll);
            tx.send(kInsert, {{"id", "a"}, {"amount", 1}});
            tx.send(kInsert, {{"id", "b"}, {"amount", 2}});
            auto two = tx.ask(kAll);
            tx.send(kAdd, {{"id", "a"}}, Expected{1, internal_error("not one")});
            TRY(const auto later, tx.query(kAll));
            TRY(const auto after, two.rows());
            TRY(const auto before, none.rows());
            CHECK(later.at(0).integer("amount") == 2);
            CHECK(after.at(0).integer("amount") == 1);
            return std::vector{before.size(), after.size(), later.size()};
        };
        CHECK(db.write_blocking(work).value() == std::vector<std::size_t>{0, 2, 2});
    });
}

TEST("what was sent and failed fails its work alone, with its own error, also if nobody asked") {
    each_engine([](Database& db) {
        REQUIRE(insert(db, "a", 1).has_value());
        ClosedDoor door{db};
        std::atomic<int> submitted{0};
        std::vector<std::thread> threads;
        const auto expect = [&](auto work, const char* code) {
            threads.emplace_back([&, work, code] {
                submitted.fetch_add(1);
                const auto outcome = db.write_blocking(work);
                CHECK(std::string{outcome ? "ok" : outcome.error().code} == code);
            });
        };
        expect(
            [](Transaction& tx) -> Status {
                tx.send(kInsert, {{"id", "a"}, {"amount", 1}});
                tx.send(kInsert, {{"id", "b"}, {"amount", 1}});
                return {};
            },
            "unique_violation");
        expect(
            [](Transaction& tx) -> Status {
                tx.send(kInsert, {{"id", "c"}, {"amount", -1}});
                auto asked = tx.ask(kAll);
                CHECK(asked.rows().error().code == "check_violation");
                return {};
            },
            "internal");
        expect(
            [](Transaction& tx) -> Status {
                tx.send(kInsert, {{"id", "d"}, {"amount", 1}});
                tx.send(kAdd, {{"id", "nobody"}}, Expected{1, Error{ErrorKind::conflict, "nobody"}});
                return {};
            },
            "nobody");
        expect(
            [](Transaction& tx) -> Status {
                tx.send(kInsert, {{"id", "e"}, {"amount", 1}});
                return Error{ErrorKind::invalid, "refused"};
            },
            "refused");
        expect(
            [](Transaction& tx) -> Status {
                tx.send(kInsert, {{"id", "f"}, {"amount", 1}});
                return {};
            },
            "ok");
        while (submitted.load() < 5) std::this_thread::yield();
        door.open();
        for (auto& thread : threads) thread.join();
        const auto rows = all(db);
        REQUIRE(rows.size() == 2);
        CHECK(rows[1].text("id") == "f");
    });
}

TEST("a read sees one moment, whatever is written meanwhile, and refuses to write") {
    each_engine([](Database& db) {
        REQUIRE(insert(db, "a", 1).has_value());
        auto twice = [&](Transaction& tx) -> Result<bool> {
            TRY(const auto before, tx.query(kAll));
            REQUIRE(insert(db, "b", 2).has_value());
            TRY(const auto after, tx.query(kAll));
            return before.size() == 1 && after.size() == 1;
        };
        CHECK(db.read_blocking(twice).value());
        CHECK(all(db).size() == 2);
        auto work = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "c"}, {"amount", 1}}); };
        CHECK(!db.read_blocking(work).has_value());
        CHECK(all(db).size() == 2);
    });
}

TEST("a missing, unknown or misspelt parameter is our bug and is said, not bound to null") {
    each_engine([](Database& db) {
        auto missing = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "a"}}); };
        auto unknown = [](Transaction& tx) { return tx.execute(kInsert, {{"id", "a"}, {"amuont", 1}}); };
        CHECK(db.write_blocking(missing).error().kind == ErrorKind::internal);
        CHECK(db.write_blocking(unknown).error().kind == ErrorKind::internal);
        CHECK(all(db).empty());
    });
}

TEST("listeners hear of commits only, and before the answer") {
    each_engine([](Database& db) {
        std::atomic<int> heard{0};
        db.on_commit([&heard] { heard.fetch_add(1); });
        REQUIRE(insert(db, "a", 7).has_value());
        CHECK(heard.load() == 1);
        CHECK(!insert(db, "a", 8).has_value());
        CHECK(heard.load() == 1);
    });
}

TEST("a script is applied whole or not at all") {
    each_engine([](Database& db) {
        CHECK(db.run_script("CREATE TABLE more (id TEXT); SELECT nonsense FROM nowhere;").has_error());
        CHECK(db.run_script("CREATE TABLE more (id TEXT); INSERT INTO more VALUES ('a'), ('b')").has_value());
    });
}

}  // namespace
}  // namespace confidente::db
