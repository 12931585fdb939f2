#include "platform/audit/audit.hpp"

#include <filesystem>
#include <fstream>

#include "platform/audit/checkpoints.hpp"
#include "testing/database.hpp"

namespace confidente::audit {
namespace {

constexpr UtcTime kNow{1'790'000'000'000};
constexpr int kRows = 40;

constexpr db::Query kRead{"test_audit_read", "SELECT seq, hash FROM audit_log ORDER BY seq"};

void fill(db::Database& db, int rows) {
    auto work = [&](db::Transaction& tx) -> Status {
        for (int i = 0; i < rows; ++i) {
            const Act act{"auth.login", "u" + std::to_string(i % 5), "s" + std::to_string(i), "", {"192.0.2.1", "s"}};
            TRY_VOID(append(tx, act, kNow + std::chrono::seconds{i}));
        }
        return {};
    };
    REQUIRE(db.write_blocking(work).has_value());
}

Report verified(db::Database& db, const std::vector<Head>& known = {}) {
    auto work = [&](db::Transaction& tx) { return verify(tx, known); };
    return db.read_blocking(work).value();
}

Head head_of(db::Database& db) {
    auto work = [](db::Transaction& tx) { return head(tx); };
    return db.read_blocking(work).value();
}

/// What somebody with the database's own rights could do.
void lift_guards(db::Database& db) {
    const auto* script = db.engine() == db::Engine::sqlite
                             ? "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;"
                             : "DROP TRIGGER audit_log_append_only ON audit_log;";
    REQUIRE(db.run_script(script).has_value());
}

/// One random harm as SQL, and its undoing: the whole table is put back from a copy.
std::string harm(SeededRandom& random) {
    static constexpr const char* kColumns[] = {"at",      "action", "actor_id",  "session_id", "object_id",
                                               "address", "reason", "prev_hash", "hash"};
    const auto seq = std::to_string(1 + random.below(kRows));
    switch (random.below(4)) {
        case 0: {
            const std::string column = kColumns[random.below(std::size(kColumns))];
            const std::string value = column == "at" ? "at + 1" : column + " || 'x'";
            return "UPDATE audit_log SET " + column + " = " + value + " WHERE seq = " + seq + ";";
        }
        case 1:
            return "DELETE FROM audit_log WHERE seq = " + seq + ";";
        case 2: {  // two rows change places
            const auto other = std::to_string(1 + (std::stoull(seq) % kRows));
            return "UPDATE audit_log SET seq = -1 WHERE seq = " + seq + "; UPDATE audit_log SET seq = " + seq +
                   " WHERE seq = " + other + "; UPDATE audit_log SET seq = " + other + " WHERE seq = -1;";
        }
        default:  // the tail is cut off
            return "DELETE FROM audit_log WHERE seq >= " + seq + ";";
    }
}

}  // namespace

TEST("acts are chained, and the database refuses to change or remove them") {
    testing::each_database([](db::Database& db) {
        fill(db, kRows);
        const auto report = verified(db);
        CHECK(report.rows == kRows);
        CHECK_FALSE(report.wrong);
        CHECK_FALSE(db.run_script("UPDATE audit_log SET actor_id = 'me'").has_value());
        CHECK_FALSE(db.run_script("DELETE FROM audit_log").has_value());
        CHECK_FALSE(verified(db).wrong);
    });
}

TEST("every random edit, deletion, move and truncation is found") {
    testing::each_database([](db::Database& db) {
        fill(db, kRows);
        lift_guards(db);
        REQUIRE(db.run_script("CREATE TABLE copy AS SELECT * FROM audit_log").has_value());
        SeededRandom random{7};
        for (int round = 0; round < 300; ++round) {
            const auto sql = harm(random);
            CAPTURE(sql);
            REQUIRE(db.run_script(sql).has_value());
            REQUIRE(verified(db).wrong);
            REQUIRE(db.run_script("DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM copy;").has_value());
        }
        CHECK_FALSE(verified(db).wrong);
    });
}

TEST("the first wrong row is named") {
    testing::each_database([](db::Database& db) {
        fill(db, kRows);
        lift_guards(db);
        REQUIRE(db.run_script("UPDATE audit_log SET actor_id = 'me' WHERE seq = 17 OR seq = 30").has_value());
        CHECK(verified(db).wrong.value().seq == 17);
    });
}

TEST("a chain that was written anew, or whose tail and head were cut, does not fit its signed checkpoints") {
    testing::each_database([](db::Database& db) {
        fill(db, kRows);
        const std::vector<Head> known{head_of(db)};
        CHECK_FALSE(verified(db, known).wrong);
        lift_guards(db);
        auto read = [](db::Transaction& tx) { return tx.query(kRead); };
        const auto rows = db.read_blocking(read).value();
        const auto shorter = "DELETE FROM audit_log WHERE seq > 30; UPDATE audit_head SET seq = 30, hash = '" +
                             rows[29].text("hash") + "';";
        REQUIRE(db.run_script(shorter).has_value());
        CHECK_FALSE(verified(db).wrong);  // without a witness nobody could tell
        CHECK(verified(db, known).wrong.value().seq == 31);
        fill(db, 10);
        CHECK(verified(db).rows == kRows);
        CHECK_FALSE(verified(db).wrong);
        CHECK(verified(db, known).wrong.value().seq == kRows);
    });
}

TEST("checkpoints are read back, and a line that we did not sign is refused") {
    SeededRandom random{1};
    const auto file = std::filesystem::temp_directory_path() / ("checkpoints-" + SystemRandom{}.token(12));
    const auto key = crypto::SigningKey::generate(random).value();
    const Checkpoints checkpoints{file, key};
    CHECK(checkpoints.read().value().empty());
    REQUIRE(checkpoints.write({3, "aa"}, kNow).has_value());
    REQUIRE(checkpoints.write({9, "bb"}, kNow).has_value());
    const auto known = checkpoints.read().value();
    REQUIRE(known.size() == 2);
    CHECK(known[1].seq == 9);
    CHECK(known[1].hash == "bb");
    CHECK_FALSE(Checkpoints{file, crypto::SigningKey::generate(random).value()}.read().has_value());
    std::ofstream{file, std::ios::app} << "10 cc 2026-01-01T00:00:00.000Z AAAA\n";
    CHECK(checkpoints.read().error().code == "audit_checkpoint_forged");
    std::filesystem::remove(file);
}

TEST("a pseudonym is the same for one address on one server, and hides it") {
    SeededRandom random{1};
    const auto key = crypto::SigningKey::generate(random).value(), other = crypto::SigningKey::generate(random).value();
    CHECK(Pseudonyms{key}.of("a@b.c") == Pseudonyms{key}.of("a@b.c"));
    CHECK(Pseudonyms{key}.of("a@b.c") != Pseudonyms{key}.of("b@b.c"));
    CHECK(Pseudonyms{key}.of("a@b.c") != Pseudonyms{other}.of("a@b.c"));
    CHECK(Pseudonyms{key}.of("a@b.c").find('@') == std::string::npos);
}

}  // namespace confidente::audit
