#include "domain/payments/routes.hpp"

#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>

#include "domain/wallet/routes.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::payments {
namespace {

constexpr const char* kPeople =
    "INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES "
    "('ana', 'client', 'a@x', 'h', 'Ana', '1990-01-01', 1, 1), ('bia', 'client', 'b@x', 'h', 'Bia', '1990-01-01', 1, "
    "1), ('luna', 'model', 'l@x', 'h', 'Luna', '1990-01-01', 1, 1)";

struct World {
    explicit World(db::Database& database) : db(database) {
        REQUIRE(db.run_script(kPeople).has_value());
        add_routes(router, {db, payments, wallet, provider, clock});
        wallet::add_routes(router, {db, wallet, cursors});
    }
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    wallet::Service wallet{clock, random, wallet::Config{}};
    Service payments{clock, random, wallet};
    Sandbox provider;
    http::Cursors cursors{"a key"};
    http::Router router;

    struct Call {
        std::string user;
        http::Method method = http::Method::get;
        std::string path;
        std::string body = {};
        std::string key = {};
        std::string query = {};
    };
    Result<http::Response> call(const Call& call) {
        auto match = router.match(call.method, call.path);
        REQUIRE(match.route != nullptr);
        http::Request request;
        request.method = call.method;
        request.path = call.path;
        request.query = call.query;
        request.params = match.params;
        request.body = call.body;
        request.headers = {{"Content-Type", "application/json"}};
        if (!call.key.empty()) request.headers.emplace_back("Idempotency-Key", call.key);
        http::Principal who;
        who.user_id = call.user;
        who.role = call.user == "luna" ? http::Role::model : http::Role::client;
        request.principal = who;
        std::mutex mutex;  // guards answer
        std::condition_variable ready;
        std::optional<Result<http::Response>> answer;
        std::function<void(Result<http::Response>)> done = [&](Result<http::Response> given) {
            const std::scoped_lock lock{mutex};
            answer.emplace(std::move(given));
            ready.notify_one();
        };
        start(match.route->handler(std::move(request)), done);
        std::unique_lock lock{mutex};
        ready.wait(lock, [&] { return answer.has_value(); });
        return std::move(*answer);
    }
    json::Value body(const Call& one) { return boost::json::parse(call(one).value().body); }
    Result<http::Response> buy(const std::string& user, const std::string& key) {
        return call(
            {user, http::Method::post, "/api/wallet/purchases", R"({"packageId":"tokens-100","currency":"BRL"})", key});
    }
};

TEST("a client buys tokens: package, purchase, confirmation, balance, statement") {
    testing::each_database([](db::Database& db) {
        World world{db};
        const auto packages = world.body({"ana", http::Method::get, "/api/wallet/packages"});
        CHECK(packages.at("items").as_array().size() == 4);
        CHECK(packages.at("items").at(0).at("price").at("amount").as_int64() == 990);

        const auto bought = world.buy("ana", "key-1").value();
        CHECK(bought.status == 201);
        CHECK(world.buy("ana", "key-1").value().body == bought.body);
        const auto purchase = boost::json::parse(bought.body);
        CHECK(purchase.at("purchase").at("status").as_string() == "pending");
        CHECK(purchase.at("payment").at("provider").as_string() == "sandbox");
        const std::string id{purchase.at("purchase").at("id").as_string()};
        const std::string confirm = "/api/payments/sandbox/" + id + "/confirm";

        const auto stolen = world.call({"bia", http::Method::post, confirm});
        CHECK(stolen.error().kind == ErrorKind::not_found);
        CHECK(world.body({"ana", http::Method::post, confirm}).at("balance").as_int64() == 100);
        CHECK(world.body({"ana", http::Method::post, confirm}).at("balance").as_int64() == 100);
        // The answer to the key is the first one, though the purchase has settled since.
        CHECK(world.buy("ana", "key-1").value().body == bought.body);

        const auto wallet = world.body({"ana", http::Method::get, "/api/wallet"});
        CHECK(wallet.at("balance").as_int64() == 100);
        CHECK(wallet.at("currency").as_string() == "TOKEN");
        CHECK(!wallet.as_object().contains("earnings"));
        const auto statement = world.body({"ana", http::Method::get, "/api/wallet/transactions"});
        REQUIRE(statement.at("items").as_array().size() == 1);
        CHECK(statement.at("items").at(0).at("kind").as_string() == "purchase");
        CHECK(statement.at("nextCursor").is_null());
    });
}

TEST("a model sees what she earned and from whom; the statement pages without losing a line") {
    testing::each_database([](db::Database& db) {
        World world{db};
        auto work = [&](db::Transaction& tx) -> Status {
            TRY_VOID(world.wallet.settle_purchase(tx, {"p", "ana", 100, "sandbox", 990, "BRL"}));
            for (const auto* key : {"1", "2", "3"}) {
                const std::string detail = R"({"giftType":"rosa","quantity":1,"from":"ana","to":"luna"})";
                TRY_VOID(world.wallet.pay_gift(tx, {key, "ana", "luna", 10, detail}));
            }
            return {};
        };
        REQUIRE(db.write_blocking(work).has_value());
        CHECK(world.body({"luna", http::Method::get, "/api/wallet"}).at("earnings").at("pending").as_int64() == 21);
        World::Call page{"luna", http::Method::get, "/api/wallet/transactions", "", "", "limit=2"};
        const auto first = world.body(page);
        REQUIRE(first.at("items").as_array().size() == 2);
        CHECK(first.at("items").at(0).at("counterparty").at("name").as_string() == "Ana");
        CHECK(first.at("items").at(0).at("amount").as_int64() == 7);
        page.query = "limit=2&cursor=" + std::string{first.at("nextCursor").as_string()};
        const auto second = world.body(page);
        CHECK(second.at("items").as_array().size() == 1);
        CHECK(second.at("nextCursor").is_null());
        page.query = "cursor=x";
        CHECK(world.call(page).error().code == "invalid_cursor");
    });
}

TEST("a purchase without a key, of nothing, or in nonsense is refused") {
    testing::each_database([](db::Database& db) {
        World world{db};
        CHECK(world.buy("ana", "").error().code == "idempotency_key_required");
        CHECK(world.buy("ana", std::string(129, 'k')).error().code == "idempotency_key_invalid");
        const auto post = [&](std::string body) {
            return world.call({"ana", http::Method::post, "/api/wallet/purchases", std::move(body), "k"}).error().code;
        };
        CHECK(post("{") == "malformed_json");
        CHECK(post("{}") == "validation_failed");
        CHECK(post(R"({"packageId":"tokens-100","currency":"BRL","price":1})") == "validation_failed");
        CHECK(post(R"({"packageId":"free","currency":"BRL"})") == "package_not_found");
    });
}

}  // namespace
}  // namespace confidente::payments
