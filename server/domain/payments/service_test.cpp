#include "domain/payments/service.hpp"

#include "domain/wallet/verify.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::payments {
namespace {

struct World {
    explicit World(db::Database& database) : db(database) {
        REQUIRE(db.run_script("INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, "
                              "updated_at) VALUES ('ana', 'client', 'a@x', 'h', 'Ana', '1990-01-01', 1, 1)")
                    .has_value());
    }
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    wallet::Service wallet{clock, random, wallet::Config{}};
    Service payments{clock, random, wallet};

    Result<Purchase> open(const std::string& package, const std::string& key, const std::string& currency = "BRL") {
        auto work = [&](db::Transaction& tx) { return payments.open(tx, {"ana", package, currency, "sandbox", key}); };
        return db.write_blocking(work);
    }
    Result<Purchase> settle(const PurchaseId& id) {
        auto work = [&](db::Transaction& tx) { return payments.settle(tx, id); };
        return db.write_blocking(work);
    }
    std::int64_t tokens() {
        auto work = [&](db::Transaction& tx) { return wallet.balance_of(tx, "ana"); };
        return db.read_blocking(work).value().tokens;
    }
};

template <class Story>
void in_world(Story story) {
    testing::each_database([&](db::Database& db) {
        World world{db};
        story(world);
    });
}

TEST("tokens come when the payment settles, once, however often it is reported") {
    in_world([](World& world) {
        const auto purchase = world.open("tokens-550", "k1").value();
        CHECK(purchase.price_minor == 4990);
        CHECK(world.tokens() == 0);
        CHECK(world.settle(purchase.id).value().status == PurchaseStatus::settled);
        CHECK(world.settle(purchase.id).value().status == PurchaseStatus::settled);
        CHECK(world.tokens() == 550);
        auto verify = [](db::Transaction& tx) { return wallet::verify(tx); };
        CHECK(world.db.read_blocking(verify).value().clean());
    });
}

TEST("the same key opens one purchase; another body under it is refused") {
    in_world([](World& world) {
        const auto first = world.open("tokens-100", "k1").value();
        CHECK(world.open("tokens-100", "k1").value().id == first.id);
        CHECK(world.open("tokens-550", "k1").error().code == "idempotency_key_reused");
        CHECK(world.open("tokens-100", "k2").value().id != first.id);
    });
}

TEST("unknown packages, currencies and purchases are refused") {
    in_world([](World& world) {
        CHECK(world.open("tokens-1", "k1").error().code == "package_not_found");
        CHECK(world.open("tokens-100", "k1", "USD").error().code == "validation_failed");
        CHECK(world.settle({"nope"}).error().code == "purchase_not_found");
    });
}

}  // namespace
}  // namespace confidente::payments
