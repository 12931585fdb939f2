// The small world of this slice's tests: two models with lives, clients with and without tokens, on every engine.
#pragma once

#include <string>
#include <vector>

#include "domain/gifts/service.hpp"
#include "domain/wallet/verify.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::gifts {

inline constexpr const char* kPeople = R"(
INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES
  ('rich', 'client', 'r@x', 'h', 'Rita', '1990-01-01', 1, 1), ('ana', 'client', 'a@x', 'h', 'Ana', '1990-01-01', 1, 1),
  ('poor', 'client', 'b@x', 'h', 'Bia', '1990-01-01', 1, 1),
  ('luna', 'model', 'l@x', 'h', 'Luna', '1990-01-01', 1, 1), ('sol', 'model', 's@x', 'h', 'Sol', '1990-01-01', 1, 1);
INSERT INTO chats (id, kind, status, created_at, updated_at) VALUES ('c', 'live', 'active', 1, 1);
INSERT INTO lives (id, model_id, chat_id, title, description, price, status, created_at, updated_at) VALUES
  ('on', 'luna', 'c', 't', 'd', 0, 'live', 1, 1), ('other', 'sol', 'c', 't', 'd', 0, 'live', 1, 1),
  ('paid', 'luna', 'c', 't', 'd', 30, 'live', 1, 1), ('over', 'luna', 'c', 't', 'd', 0, 'ended', 1, 1);
)";

/// `rich` has 1000 tokens, `ana` 105, `poor` 25.
struct World {
    explicit World(db::Database& database) : db(database) {
        REQUIRE(db.run_script(kPeople).has_value());
        auto buy = [&](db::Transaction& tx) -> Status {
            TRY_VOID(wallet.settle_purchase(tx, {"p1", "rich", 1000, "sandbox", 990, "BRL"}));
            TRY_VOID(wallet.settle_purchase(tx, {"p2", "ana", 105, "sandbox", 990, "BRL"}));
            TRY_VOID(wallet.settle_purchase(tx, {"p3", "poor", 25, "sandbox", 990, "BRL"}));
            return {};
        };
        REQUIRE(db.write_blocking(buy).has_value());
    }
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    wallet::Service wallet{clock, random, wallet::Config{}};
    Service gifts{clock, random, wallet};

    /// One gift of Ana's.
    Result<SentGift> send(const std::string& key, const std::string& live = "on", const std::string& type = "rosa",
                          std::int64_t amount = 1) {
        auto work = [&](db::Transaction& tx) { return gifts.send(tx, {{live}, {"ana"}, type, amount, key}); };
        return db.write_blocking(work);
    }
    std::vector<Result<SentGift>> send_all(const std::vector<SendGift>& commands) {
        auto work = [&](db::Transaction& tx) {
            std::vector<const SendGift*> pointers;
            for (const auto& command : commands) pointers.push_back(&command);
            return gifts.send_all(tx, pointers);
        };
        return db.write_blocking(work).value();
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

}  // namespace confidente::gifts
