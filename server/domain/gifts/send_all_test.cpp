// Gifts that are written together, on every engine: each is decided as if it had come alone.
#include <atomic>
#include <thread>

#include "domain/gifts/world_test.hpp"

namespace confidente::gifts {
namespace {

SendGift rose(const char* user, const char* key, const char* live = "on") { return {{live}, {user}, "rosa", 1, key}; }

TEST("a poor client fails alone, at the very gift that is too much, and the others' balances run on") {
    in_world([](World& world) {
        const auto sent = world.send_all({rose("rich", "1"), rose("poor", "1"), rose("poor", "2"), rose("poor", "3"),
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
    in_world([](World& world) {
        const auto sent = world.send_all({rose("rich", "k"),
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
        CHECK(world.send_all({rose("rich", "k")})[0]->answer == sent[0]->answer);
        CHECK(world.balance("rich").tokens == 990);
        CHECK(world.whole());
    });
}

TEST("a storm of senders spends what there is and not a token more") {
    in_world([](World& world) {
        std::atomic<int> paid{0}, refused{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 16; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 10; ++i) {
                    SendGift command = rose("rich", "", t % 2 ? "on" : "other");
                    command.key = std::to_string(t * 10 + i);
                    const auto sent = world.db.write_batched_blocking(world.gifts.batch(), command);
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
