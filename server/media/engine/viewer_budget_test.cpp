#include "media/engine/viewer_budget.hpp"

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

TEST("without loss everything fits, and light loss changes nothing") {
    ViewerBudget budget;
    Instant now{0};
    for (int i = 0; i < 30; ++i, now = now + 1s) budget.report(i % 2 ? kLightLoss + 5 : 0, 2'000'000, 2'500'000, now);
    CHECK(budget.bps() == 0);
}

TEST("heavy loss lowers the budget below what was sent, once until it can have had its effect") {
    ViewerBudget budget;
    const Instant now{0};
    budget.report(64, 2'000'000, 2'500'000, now);
    CHECK(budget.bps() == 1'350'000);
    budget.report(64, 2'000'000, 2'500'000, now + 1s);
    CHECK(budget.bps() == 1'350'000);
    budget.report(64, 1'000'000, 2'500'000, now + 3s);
    CHECK(budget.bps() == 675'000);
    for (int i = 0; i < 100; ++i) budget.report(255, 50'000, 2'500'000, now + Duration{10s} * i);
    CHECK(budget.bps() == kMinBudgetBps);
}

TEST("calm raises it step by step until the best layer fits, then it is forgotten") {
    ViewerBudget budget;
    Instant now{0};
    budget.report(128, 1'000'000, 1'000'000, now);
    const auto low = budget.bps();
    now = now + 1s;
    for (int i = 0; i < 5; ++i, now = now + 1s) budget.report(0, low, 1'000'000, now);
    CHECK(budget.bps() == low);
    budget.report(0, low, 1'000'000, now);
    CHECK(budget.bps() == low + low / 4);
    int seconds = 0;
    for (; seconds < 120 && budget.bps() != 0; ++seconds, now = now + 1s) budget.report(0, low, 1'000'000, now);
    CHECK(budget.bps() == 0);
    CHECK(seconds > 15);
}

TEST("a receiver's own estimate binds beside the loss, whichever is less") {
    ViewerBudget budget;
    budget.receiver_estimate(800'000);
    CHECK(budget.bps() == 800'000);
    budget.report(128, 1'000'000, 2'500'000, Instant{0});
    CHECK(budget.bps() == 450'000);
    budget.receiver_estimate(1);
    CHECK(budget.bps() == kMinBudgetBps);
}
