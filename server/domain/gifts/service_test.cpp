#include "domain/gifts/service.hpp"

#include <atomic>
#include <thread>

#include "domain/wallet/verify.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::gifts {
namespace {

constexpr const char* kPeople = R"(
INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES
  ('ana', 'client', 'a@x', 'h', 'Ana', '1990-01-01', 1, 1), ('luna', 'model', 'l@x', 'h', 'Luna', '1990-01-01', 1, 1);
INSERT INTO chats (id, kind, status, created_at, updated_at) VALUES ('c', 'live', 'active', 1, 1);
INSERT INTO lives (id, model_id, chat_id, title, description, price, status, created_at, updated_at) VALUES
  ('on', 'luna', 'c', 't', 'd', 0, 'live', 1, 1), ('paid', 'luna', 'c', 't', 'd', 30, 'live', 1, 1),
  ('over', 'luna', 'c', 't', 'd', 0, 'ended', 1, 1);
)";

struct World {
    explicit World(db::Database& database) : db(database) {
        REQUIRE(db.run_script(kPeople).has_value());
        auto buy = [&](db::Transaction& tx) {
            return wallet.settle_purchase(tx, {"p", "ana", 105, "sandbox", 990, "BRL"});
        };
        REQUIRE(db.write_blocking(buy).has_value());
    }
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    wallet::Service wallet{clock, random, wallet::Config{}};
    Service gifts{clock, random, wallet};

    Result<SentGift> send(const std::string& key, const std::string& live = "on", const std::string& type = "rosa",
                          std::int64_t amount = 1) {
        auto work = [&](db::Transaction& tx) { return gifts.send(tx, {{live}, {"ana"}, type, amount, key}); };
        return db.write_blocking(work);
    }
    std::int64_t count(const char* sql) {
        const db::Query query{sql, sql};
        auto work = [&](db::Transaction& tx) { return tx.query(query); };
        return db.read_blocking(work).value().at(0).integer("n");
    }
    wallet::Balance balance(const char* user) {
        auto work = [&](db::Transaction& tx) { return wallet.balance_of(tx, user); };
        return db.read_blocking(work).value();
    }
    /// The ledger is whole, and gifts, transfers and events belong together.
    bool whole() {
        auto work = [](db::Transaction& tx) -> Result<bool> {
            TRY(const auto report, wallet::verify(tx));
            TRY(const auto unmatched, first_unmatched(tx));
            return report.clean() && !unmatched;
        };
        return db.read_blocking(work).value();
    }
};

template <class Story>
void in_world(Story story) {
    testing::each_database([&](db::Database& db) {
        World world{db};
        story(world);
    });
}

TEST("a gift moves tokens, is written once and its event waits in the outbox") {
    in_world([](World& world) {
        const auto sent = world.send("k1", "on", "beijo", 2);
        REQUIRE(sent.has_value());
        CHECK(sent->answer.find("\"balance\":55") != std::string::npos);
        CHECK(sent->answer.find("\"senderName\":\"Ana\"") != std::string::npos);
        CHECK(world.balance("luna").pending == 35);
        CHECK(world.count("SELECT COUNT(*) AS n FROM outbox WHERE topic = 'gift'") == 1);
        CHECK(world.whole());
    });
}

TEST("the same gift sent twice is one gift, with the same answer to the byte") {
    in_world([](World& world) {
        const auto first = world.send("k1").value();
        const auto second = world.send("k1").value();
        CHECK(second.repeated);
        CHECK(second.answer == first.answer);
        CHECK(world.balance("ana").tokens == 95);
        CHECK(world.count("SELECT COUNT(*) AS n FROM gifts") == 1);
        CHECK(world.send("k1", "on", "beijo").error().code == "idempotency_key_reused");
    });
}

TEST("what may not be given is refused, and nothing moves") {
    in_world([](World& world) {
        CHECK(world.send("a", "nowhere").error().code == "live_not_found");
        CHECK(world.send("b", "over").error().code == "live_not_live");
        CHECK(world.send("c", "on", "castle").error().code == "gift_not_found");
        CHECK(world.send("d", "on", "rosa", 0).error().code == "validation_failed");
        CHECK(world.send("e", "on", "rosa", 101).error().code == "validation_failed");
        CHECK(world.send("f", "paid").error().code == "entry_required");
        CHECK(world.send("g", "on", "coroa").error().code == "insufficient_tokens");
        REQUIRE(world.db.run_script("INSERT INTO blocks VALUES ('luna', 'ana', 1)").has_value());
        CHECK(world.send("h").error().code == "blocked");
        CHECK(world.balance("ana").tokens == 105);
        CHECK(world.count("SELECT COUNT(*) AS n FROM outbox") == 0);
        CHECK(world.whole());
    });
}

TEST("ten senders of one key at once give one gift; of many keys, what the balance allows") {
    in_world([](World& world) {
        std::atomic<int> fresh{0};
        std::atomic<int> paid{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 10; ++t) {
            threads.emplace_back([&, t] {
                const auto same = world.send("same");
                if (same && !same->repeated) fresh.fetch_add(1);
                for (int i = 0; i < 3; ++i) {
                    if (world.send(std::to_string(t * 10 + i))) paid.fetch_add(1);
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(fresh.load() <= 1);
        CHECK(fresh.load() + paid.load() == 10);
        CHECK(world.balance("ana").tokens == 5);
        CHECK(world.whole());
    });
}

TEST("a gift whose event is missing is found") {
    in_world([](World& world) {
        REQUIRE(world.send("k1").has_value());
        REQUIRE(world.whole());
        REQUIRE(world.db.run_script("DELETE FROM outbox").has_value());
        CHECK(!world.whole());
    });
}

}  // namespace
}  // namespace confidente::gifts
