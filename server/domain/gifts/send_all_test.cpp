// Gifts that are written together, on every engine: each is decided as if it had come alone.
#include <atomic>
#include <thread>

#include "domain/gifts/service.hpp"
#include "domain/wallet/verify.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::gifts {
namespace {

constexpr const char* kPeople = R"(
INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES
  ('rich', 'client', 'a@x', 'h', 'Ana', '1990-01-01', 1, 1), ('poor', 'client', 'b@x', 'h', 'Bia', '1990-01-01', 1, 1),
  ('luna', 'model', 'l@x', 'h', 'Luna', '1990-01-01', 1, 1), ('sol', 'model', 's@x', 'h', 'Sol', '1990-01-01', 1, 1);
INSERT INTO chats (id, kind, status, created_at, updated_at) VALUES ('c', 'live', 'active', 1, 1);
INSERT INTO lives (id, model_id, chat_id, title, description, price, status, created_at, updated_at) VALUES
  ('on', 'luna', 'c', 't', 'd', 0, 'live', 1, 1), ('other', 'sol', 'c', 't', 'd', 0, 'live', 1, 1);
)";

struct World {
    explicit World(db::Database& database) : db(database) {
        REQUIRE(db.run_script(kPeople).has_value());
        auto buy = [&](db::Transaction& tx) -> Status {
            TRY_VOID(wallet.settle_purchase(tx, {"p1", "rich", 1000, "sandbox", 990, "BRL"}));
            TRY_VOID(wallet.settle_purchase(tx, {"p2", "poor", 25, "sandbox", 990, "BRL"}));
            return {};
        };
        REQUIRE(db.write_blocking(buy).has_value());
    }
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    wallet::Service wallet{clock, random, wallet::Config{}};
    Service gifts{clock, random, wallet};

    std::vector<Result<SentGift>> send(const std::vector<SendGift>& commands) {
        auto work = [&](db::Transaction& tx) {
            std::vector<const SendGift*> pointers;
            for (const auto& command : commands) pointers.push_back(&command);
            return gifts.send_all(tx, pointers);
        };
        return db.write_blocking(work).value();
    }
    wallet::Balance balance(const char* user) {
        auto work = [&](db::Transaction& tx) { return wallet.balance_of(tx, user); };
        return db.read_blocking(work).value();
    }
    bool whole() {
        auto work = [](db::Transaction& tx) -> Result<bool> {
            TRY(const auto report, wallet::verify(tx));
            TRY(const auto unmatched, first_unmatched(tx));
            return report.clean() && !unmatched;
        };
        return db.read_blocking(work).value();
    }
};

SendGift rose(const char* user, const char* key, const char* live = "on") { return {{live}, {user}, "rosa", 1, key}; }

TEST("a poor client fails alone, at the very gift that is too much, and the others' balances run on") {
    testing::each_database([](db::Database& db) {
        World world{db};
        const auto sent = world.send({rose("rich", "1"), rose("poor", "1"), rose("poor", "2"), rose("poor", "3"),
                                      rose("rich", "2", "other"), rose("rich", "3", "nowhere"), rose("rich", "4"),
                                      rose("nobody", "1")});
        CHECK(sent[0]->answer.find("\"balance\":990") != std::string::npos);
        CHECK(sent[1]->answer.find("\"balance\":15") != std::string::npos);
        CHECK(sent[2]->answer.find("\"balance\":5") != std::string::npos);
        CHECK(sent[3].error().code == "insufficient_tokens");
        CHECK(sent[4]->answer.find("\"balance\":980") != std::string::npos);
        CHECK(sent[5].error().code == "live_not_found");
        CHECK(sent[6]->answer.find("\"balance\":970") != std::string::npos);
        CHECK(sent[7].error().code == "user_not_found");
        CHECK(world.balance("poor").tokens == 5);
        CHECK(world.balance("luna").pending == 28);
        CHECK(world.balance("sol").pending == 7);
        CHECK(world.whole());
    });
}

TEST("one key twice in a batch is one gift; with another request it is refused") {
    testing::each_database([](db::Database& db) {
        World world{db};
        const auto sent = world.send({rose("rich", "k"),
                                      rose("rich", "k"),
                                      rose("rich", "k", "other"),
                                      {{"on"}, {"poor"}, "coroa", 1, "k"},
                                      {{"on"}, {"poor"}, "coroa", 1, "k"}});
        CHECK(!sent[0]->repeated);
        CHECK(sent[1]->repeated);
        CHECK(sent[1]->answer == sent[0]->answer);
        CHECK(sent[2].error().code == "idempotency_key_reused");
        CHECK(sent[3].error().code == "insufficient_tokens");
        CHECK(sent[4].error().code == "insufficient_tokens");
        CHECK(world.send({rose("rich", "k")})[0]->answer == sent[0]->answer);
        CHECK(world.balance("rich").tokens == 990);
        CHECK(world.whole());
    });
}

TEST("a storm of senders spends what there is and not a token more") {
    testing::each_database([](db::Database& db) {
        World world{db};
        std::atomic<int> paid{0}, refused{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 16; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 10; ++i) {
                    SendGift command = rose("rich", "", t % 2 ? "on" : "other");
                    command.key = std::to_string(t * 10 + i);
                    const auto sent = db.write_batched_blocking(world.gifts.batch(), command);
                    (sent ? paid : refused).fetch_add(1);
                    if (!sent) CHECK(sent.error().code == "insufficient_tokens");
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(paid.load() == 100);
        CHECK(refused.load() == 60);
        CHECK(world.balance("rich").tokens == 0);
        CHECK(world.whole());
    });
}

}  // namespace
}  // namespace confidente::gifts
