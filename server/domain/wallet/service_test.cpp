#include "domain/wallet/service.hpp"

#include <atomic>
#include <thread>

#include "domain/wallet/idempotency.hpp"
#include "domain/wallet/verify.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::wallet {
namespace {

struct World {
    explicit World(db::Database& database) : db(database) {}
    ManualClock clock;
    SystemRandom random;
    Service wallet{clock, random, Config{}};
    db::Database& db;

    template <class F>
    auto write(F work) {
        return db.write_blocking(work);
    }
    void buy(const std::string& user, std::int64_t tokens) {
        auto work = [&](db::Transaction& tx) {
            const std::string id = make_uuid_v7(clock.utc_now(), random);
            return wallet.settle_purchase(tx, {id, user, tokens, "sandbox", 990, "BRL"});
        };
        REQUIRE(write(work).has_value());
    }
    Result<Transfer> gift(const std::string& key, const std::string& from, std::int64_t amount) {
        auto work = [&](db::Transaction& tx) { return wallet.pay_gift(tx, {key, from, "model", amount, "{}"}); };
        return write(work);
    }
    Balance balance(const std::string& user) {
        auto work = [&](db::Transaction& tx) { return wallet.balance_of(tx, user); };
        return db.read_blocking(work).value();
    }
    VerifyReport verified() {
        auto work = [](db::Transaction& tx) { return verify(tx); };
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

TEST("bought tokens are spent on a gift, the model's share waits and the journal proves it") {
    in_world([](World& world) {
        world.buy("ana", 100);
        REQUIRE(world.gift("g1", "ana", 25).has_value());
        CHECK(world.balance("ana").tokens == 75);
        CHECK(world.balance("model").pending == 18);
        const auto report = world.verified();
        CHECK(report.clean());
        CHECK(report.transfers == 2);
        CHECK(report.entries == 7);
    });
}

TEST("a gift beyond the balance is refused and moves nothing") {
    in_world([](World& world) {
        world.buy("ana", 10);
        const auto refused = world.gift("g1", "ana", 11);
        REQUIRE(!refused.has_value());
        CHECK(refused.error().kind == ErrorKind::payment_required);
        CHECK(refused.error().code == "insufficient_tokens");
        CHECK(world.balance("ana").tokens == 10);
        CHECK(world.balance("model").pending == 0);
        CHECK(!world.gift("g2", "nobody", 1).has_value());
        CHECK(world.verified().clean());
    });
}

TEST("the same key moves tokens once") {
    in_world([](World& world) {
        world.buy("ana", 100);
        const auto first = world.gift("g1", "ana", 10);
        const auto second = world.gift("g1", "ana", 10);
        REQUIRE(second.has_value());
        CHECK(second->repeated);
        CHECK(second->id == first->id);
        CHECK(world.balance("ana").tokens == 90);
    });
}

TEST("many spenders of one balance get exactly what it holds") {
    in_world([](World& world) {
        world.buy("ana", 1003);
        std::atomic<int> paid{0};
        std::atomic<int> refused{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 25; ++i) {
                    const auto sent = world.gift(std::to_string(t) + "-" + std::to_string(i), "ana", 10);
                    if (sent) paid.fetch_add(1);
                    if (!sent && sent.error().code == "insufficient_tokens") refused.fetch_add(1);
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(paid.load() == 100);
        CHECK(refused.load() == 100);
        CHECK(world.balance("ana").tokens == 3);
        CHECK(world.balance("model").pending == 700);
        CHECK(world.verified().clean());
    });
}

TEST("a key repeats its first answer, and refuses another request") {
    in_world([](World& world) {
        const OnceOnly once{"ana", "gift", "key-1", "rosa x1"};
        auto keep = [&](db::Transaction& tx) { return keep_answer(tx, once, "answer", UtcTime{1}); };
        auto find = [&](db::Transaction& tx) { return first_answer(tx, once); };
        auto other = [&](db::Transaction& tx) { return first_answer(tx, {"ana", "gift", "key-1", "rosa x2"}); };
        auto someone = [&](db::Transaction& tx) { return first_answer(tx, {"bia", "gift", "key-1", "rosa x1"}); };
        auto spaces = [&](db::Transaction& tx) { return first_answer(tx, {"ana", "gift", "a key", "rosa x1"}); };
        CHECK(!world.write(find).value().has_value());
        REQUIRE(world.write(keep).has_value());
        CHECK(world.write(find).value() == "answer");
        CHECK(world.write(other).error().code == "idempotency_key_reused");
        CHECK(!world.write(someone).value().has_value());
        CHECK(world.write(spaces).error().code == "idempotency_key_invalid");
    });
}

TEST("the statement lists what came and went, newest first, page by page") {
    in_world([](World& world) {
        world.buy("ana", 100);
        for (int i = 0; i < 4; ++i) REQUIRE(world.gift(std::to_string(i), "ana", 10).has_value());
        auto first = [&](db::Transaction& tx) { return world.wallet.statement(tx, "ana", std::nullopt, 3); };
        const auto page = world.write(first).value();
        REQUIRE(page.size() == 3);
        CHECK(page[0].amount == -10);
        CHECK(page[0].balance_after == 60);
        auto second = [&](db::Transaction& tx) {
            return world.wallet.statement(tx, "ana", StatementPlace{page[2].seq, page[2].line}, 3);
        };
        const auto rest = world.write(second).value();
        REQUIRE(rest.size() == 2);
        CHECK(rest[1].kind == "purchase.settled");
        CHECK(rest[1].amount == 100);
        auto model = [&](db::Transaction& tx) { return world.wallet.statement(tx, "model", std::nullopt, 9); };
        CHECK(world.write(model).value().size() == 4);
    });
}

/// Takes away what keeps the journal append-only, as someone with the rights to it might.
std::string without_guards(const db::Database& db) {
    if (db.engine() == db::Engine::postgres)
        return "ALTER TABLE transfers DISABLE TRIGGER ALL; ALTER TABLE entries DISABLE TRIGGER ALL";
    return "DROP TRIGGER transfers_no_update; DROP TRIGGER entries_no_update; DROP TRIGGER entries_no_delete";
}

EACH_DATABASE_TEST("verify names the row that someone changed behind the ledger's back") {
    struct Case {
        const char* harm;
        const char* invariant;
        const char* table;
    };
    const Case cases[] = {
        {"UPDATE accounts SET credits = credits + 5 WHERE id = 'T.client.ana'", "I3", "accounts"},
        {"UPDATE journal_head SET seq = 9", "I5", "journal_head"},
        {"UPDATE commissions SET commission = commission + 1", "I10", "commissions"},
        {"UPDATE transfers SET detail = '{\"x\":1}' WHERE seq = 1", "I5", "transfers"},
        {"UPDATE entries SET credit = credit + 1 WHERE line = 1", "I3", "entries"},
        {"DELETE FROM entries WHERE account_id = 'T.fee'", "I1", "transfers"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.harm);
        auto db = testing::migrated_database();
        World world{*db};
        world.buy("ana", 100);
        REQUIRE(world.gift("g1", "ana", 50).has_value());
        REQUIRE(world.verified().clean());
        REQUIRE(db->run_script(without_guards(*db)).has_value());
        REQUIRE(db->run_script(one.harm).has_value());
        const auto report = world.verified();
        REQUIRE(!report.clean());
        CHECK(report.wrong->invariant == one.invariant);
        CHECK(report.wrong->table == one.table);
    }
}

}  // namespace
}  // namespace confidente::wallet
