#include "platform/base/ids.hpp"

#include <set>
#include <thread>
#include <vector>

#include "testing/test.hpp"

using namespace confidente;

TEST("ids of a sequence are UUIDv7s of their millisecond, and no two are the same, whichever thread asks") {
    SeededRandom random{7};
    UuidSequence sequence{random};
    constexpr std::size_t kThreads = 4, kEach = 2000;
    std::vector<std::vector<std::string>> made(kThreads);
    std::vector<std::thread> threads;
    for (auto& mine : made)
        threads.emplace_back([&mine, &sequence] {
            for (std::size_t i = 0; i < kEach; ++i) mine.push_back(sequence.next({0x0192'3456'789a}));
        });
    for (auto& thread : threads) thread.join();
    std::set<std::string> all;
    for (const auto& mine : made) all.insert(mine.begin(), mine.end());
    CHECK(all.size() == kThreads * kEach);
    for (const auto& id : all) {
        REQUIRE(is_uuid(id));
        CHECK(id.starts_with("01923456-789a-7"));
        CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
    }
}

TEST("two sequences share no id") {
    SystemRandom random;
    UuidSequence one{random}, other{random};
    std::set<std::string> all;
    for (int i = 0; i < 1000; ++i) {
        all.insert(one.next({1}));
        all.insert(other.next({1}));
    }
    CHECK(all.size() == 2000);
}
