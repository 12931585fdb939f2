#include "domain/gifts/service.hpp"

#include <atomic>
#include <thread>

#include "domain/gifts/world_test.hpp"

namespace confidente::gifts {
namespace {

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
