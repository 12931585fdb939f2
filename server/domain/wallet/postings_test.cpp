#include "domain/wallet/postings.hpp"

#include "platform/base/random.hpp"
#include "testing/test.hpp"

namespace confidente::wallet {
namespace {

TEST("any split of a total into gifts pays the same commission") {
    SeededRandom random{20261123};
    for (int round = 0; round < 2000; ++round) {
        const BasisPoints rate{static_cast<std::int64_t>(random.below(10'001))};
        const auto total = static_cast<std::int64_t>(random.below(1'000'000)) + 1;
        std::int64_t earned = 0;
        std::int64_t commission = 0;
        while (earned < total) {
            const auto most = static_cast<std::uint64_t>(total - earned);
            const auto gift = static_cast<std::int64_t>(random.below(most)) + 1;
            const auto part = commission_on(earned, gift, rate).value();
            REQUIRE(part >= 0);
            REQUIRE(part <= gift);
            commission += part;
            earned += gift;
        }
        REQUIRE(commission == share_of(total, rate));
    }
}

TEST("a thousand gifts of one token pay thirty percent, not nothing") {
    std::int64_t commission = 0;
    for (std::int64_t i = 0; i < 1000; ++i) commission += commission_on(i, 1, {3000}).value();
    CHECK(commission == 300);
}

TEST("shares are exact at the edge of the number range, and a total beyond it is refused") {
    CHECK(share_of(INT64_MAX, {10'000}) == INT64_MAX);
    CHECK(share_of(INT64_MAX, {0}) == 0);
    CHECK(commission_on(INT64_MAX, 1, {3000}).error().code == "amount_too_large");
}

TEST("postings that do not balance cannot be made") {
    const auto refused = [](std::vector<Line> lines) {
        const auto made = Postings::balanced(std::move(lines));
        return !made.has_value();
    };
    CHECK(refused({}));
    CHECK(refused({debit(issued_tokens(), 5)}));
    CHECK(refused({debit(issued_tokens(), 5), credit(client_tokens("u"), 4)}));
    CHECK(refused({debit(issued_tokens(), -5), credit(client_tokens("u"), -5)}));
    CHECK(refused({debit(issued_tokens(), 5), credit(deferred_money("BRL"), 5)}));
    CHECK(refused({debit(issued_tokens(), INT64_MAX), debit(issued_tokens(), INT64_MAX), credit(fee_tokens(), 2)}));
    CHECK(refused({Line{fee_tokens(), 3, 3}, Line{issued_tokens(), 3, 3}}));
    CHECK(!refused({debit(issued_tokens(), 5), credit(client_tokens("u"), 5)}));
}

TEST("random lines make postings exactly when every unit sums to zero") {
    SeededRandom random{7};
    for (int round = 0; round < 5000; ++round) {
        std::vector<Line> lines;
        std::int64_t tokens = 0;
        std::int64_t money = 0;
        std::size_t moved = 0;
        for (std::uint64_t i = 0, n = random.below(5); i < n; ++i) {
            const auto amount = static_cast<std::int64_t>(random.below(3));
            const bool token = random.below(2) == 0;
            const bool left = random.below(2) == 0;
            auto account = token ? fee_tokens() : deferred_money("BRL");
            lines.push_back(left ? debit(account, amount) : credit(account, amount));
            (token ? tokens : money) += left ? amount : -amount;
            moved += amount != 0 ? 1 : 0;
        }
        REQUIRE(Postings::balanced(lines).has_value() == (tokens == 0 && money == 0 && moved >= 2));
    }
}

}  // namespace
}  // namespace confidente::wallet
