#include "domain/wallet/postings.hpp"

#include <map>

#include "platform/base/check.hpp"

namespace confidente::wallet {

std::int64_t share_of(std::int64_t total, BasisPoints rate) {
    check(total >= 0 && rate.value >= 0 && rate.value <= 10'000);
    return total / 10'000 * rate.value + total % 10'000 * rate.value / 10'000;
}

Result<std::int64_t> commission_on(std::int64_t before, std::int64_t amount, BasisPoints rate) {
    check(before >= 0 && amount >= 0);
    TRY(const auto after, checked_add(before, amount));
    return share_of(after, rate) - share_of(before, rate);
}

namespace {
Account tokens(std::string id, Side side, Limit limit) { return {std::move(id), std::string{kToken}, side, limit}; }
}  // namespace

Account issued_tokens() { return tokens("T.issued", Side::debit, Limit::none); }
Account client_tokens(std::string_view user_id) {
    return tokens("T.client." + std::string{user_id}, Side::credit, Limit::not_negative);
}
Account pending_tokens(std::string_view model_id) {
    return tokens("T.pending." + std::string{model_id}, Side::credit, Limit::not_negative);
}
Account available_tokens(std::string_view model_id) {
    return tokens("T.avail." + std::string{model_id}, Side::credit, Limit::not_negative);
}
Account fee_tokens() { return tokens("T.fee", Side::credit, Limit::not_negative); }
Account money_at(std::string_view provider, std::string_view currency) {
    const std::string unit{currency};
    return {"C.psp." + std::string{provider} + "." + unit, unit, Side::debit, Limit::none};
}
Account deferred_money(std::string_view currency) {
    const std::string unit{currency};
    return {"C.deferred." + unit, unit, Side::credit, Limit::none};
}

Line debit(Account account, std::int64_t amount) { return {std::move(account), amount, 0}; }
Line credit(Account account, std::int64_t amount) { return {std::move(account), 0, amount}; }

Result<Postings> Postings::balanced(std::vector<Line> lines) {
    const auto refused = [](std::string cause) {
        return Error{ErrorKind::internal, "unbalanced_postings", "", std::move(cause)};
    };
    std::erase_if(lines, [](const Line& line) { return line.debit == 0 && line.credit == 0; });
    if (lines.size() < 2) return refused("fewer than two lines");
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> sums;  // by unit: debits, credits
    for (const auto& line : lines) {
        if (line.debit < 0 || line.credit < 0) return refused(line.account.id + " is given a negative amount");
        if (line.debit != 0 && line.credit != 0) return refused(line.account.id + " is on both sides of a line");
        auto& [debits, credits] = sums[line.account.unit];
        TRY(debits, checked_add(debits, line.debit));
        TRY(credits, checked_add(credits, line.credit));
    }
    for (const auto& [unit, sum] : sums) {
        if (sum.first != sum.second) return refused(unit + " does not sum to zero");
    }
    return Postings{std::move(lines)};
}

Result<Postings> purchase_postings(std::string_view user_id, std::int64_t amount, std::string_view provider,
                                   std::int64_t price_minor, std::string_view currency) {
    return Postings::balanced({debit(money_at(provider, currency), price_minor),
                               credit(deferred_money(currency), price_minor), debit(issued_tokens(), amount),
                               credit(client_tokens(user_id), amount)});
}

Result<Postings> earning_postings(std::string_view from, std::string_view model_id, std::int64_t amount,
                                  std::int64_t commission) {
    check(commission >= 0 && commission <= amount);
    return Postings::balanced({debit(client_tokens(from), amount),
                               credit(pending_tokens(model_id), amount - commission),
                               credit(fee_tokens(), commission)});
}

}  // namespace confidente::wallet
