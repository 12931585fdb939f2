#include "platform/base/task.hpp"

#include <deque>

#include "platform/base/result.hpp"
#include "testing/test.hpp"

using namespace confidente;

namespace {
/// An event loop that a test turns by hand.
class Loop final : public Executor {
public:
    void post(std::function<void()> work) override { waiting.push_back(std::move(work)); }
    void turn() {
        while (!waiting.empty()) {
            auto work = std::move(waiting.front());
            waiting.pop_front();
            work();
        }
    }
    std::deque<std::function<void()>> waiting;
};

Task<int> doubled(std::shared_ptr<int> value) { co_return *value * 2; }

Task<Result<int>> sum(std::shared_ptr<int> value, std::function<void()>& resume) {
    std::function<void(std::function<void(int)>)> begin = [&](std::function<void(int)> done) {
        resume = [done] { done(5); };
    };
    Callback<int> waiting{begin};
    const int late = co_await waiting;
    auto task = doubled(value);
    const int soon = co_await task;
    co_return late + soon;
}
}  // namespace

TEST("a coroutine that waited goes on through its own executor, and frees what it held") {
    Loop loop;
    Executor::set_current(&loop);
    auto value = std::make_shared<int>(3);
    std::function<void()> resume;
    int got = 0;
    start<Result<int>>(sum(value, resume), [&](Result<int> result) { got = *result; });
    CHECK(got == 0);
    resume();
    CHECK(got == 0);  // another room's thread only posts
    loop.turn();
    CHECK(got == 11);
    CHECK(value.use_count() == 1);
    Executor::set_current(nullptr);
}
