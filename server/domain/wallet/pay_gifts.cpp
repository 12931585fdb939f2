// The set-based form of Service::pay_gift(), for the batches in which gifts are committed.
#include <map>
#include <set>

#include "domain/wallet/ledger_batch.hpp"
#include "domain/wallet/service.hpp"
#include "platform/base/check.hpp"
#include "platform/json/rows.hpp"

namespace confidente::wallet {

namespace {

constexpr db::Query kEarned{"wallet_earned_by_many",
                            "SELECT c.model_id, c.total, c.commission FROM json_each(:models) r "
                            "JOIN commissions c ON c.model_id = r.value ->> 0 AND c.rate = :rate"};
// WHERE TRUE tells SQLite that ON CONFLICT does not belong to a join.
constexpr db::Query kEarn{
    "wallet_earn_many",
    "INSERT INTO commissions (model_id, rate, total, commission) "
    "SELECT r.value ->> 0, CAST(r.value ->> 1 AS BIGINT), CAST(r.value ->> 2 AS BIGINT), "
    "CAST(r.value ->> 3 AS BIGINT) FROM json_each(:rows) r WHERE TRUE "
    "ON CONFLICT (model_id, rate) DO UPDATE SET total = excluded.total, commission = excluded.commission"};

/// What a model has earned at the rate in force.
struct Earned {
    std::int64_t total = 0, commission = 0;
    bool changed = false;
};
using EarnedByModel = std::map<std::string, Earned>;

db::Asked ask_earned(db::Transaction& tx, const std::vector<Payment>& payments, BasisPoints rate) {
    std::set<std::string_view> earning;
    for (const auto& payment : payments) earning.insert(payment.model_id);
    json::Rows models;
    for (const auto model : earning) models.add(model);
    return tx.ask(kEarned, {{"models", models.text()}, {"rate", rate.value}});
}

Result<EarnedByModel> earned_so_far(db::Asked asked) {
    EarnedByModel earned;
    TRY(const auto rows, asked.rows());
    for (const auto& row : rows)
        earned[row.text("model_id")] = {row.integer("total"), row.integer("commission"), false};
    return earned;
}

void keep_earned(db::Transaction& tx, const EarnedByModel& earned, BasisPoints rate) {
    json::Rows rows;
    for (const auto& [model, sum] : earned) {
        if (sum.changed) rows.add(model, rate.value, sum.total, sum.commission);
    }
    if (!rows.empty()) tx.send(kEarn, {{"rows", rows.text()}});
}

std::vector<std::string> accounts_of(const std::vector<Payment>& payments) {
    std::map<std::string, bool> ids{{fee_tokens().id, true}};
    for (const auto& payment : payments) {
        for (const auto* user : {&payment.from, &payment.model_id}) {
            for (const auto& account : {client_tokens(*user), pending_tokens(*user), available_tokens(*user)})
                ids.emplace(account.id, true);
        }
    }
    std::vector<std::string> list;
    for (auto& [id, wanted] : ids) list.push_back(id);
    return list;
}

Balance balance_in(const LedgerBatch& ledger, std::string_view user) {
    return {ledger.balance(client_tokens(user).id), ledger.balance(pending_tokens(user).id),
            ledger.balance(available_tokens(user).id)};
}

}  // namespace

Result<std::vector<Result<PaidGift>>> Service::pay_gifts(db::Transaction& tx, const std::vector<Payment>& payments) {
    std::vector<Result<PaidGift>> paid;
    if (payments.empty()) return paid;
    const BasisPoints rate = config_.commission;
    auto asked_earned = ask_earned(tx, payments, rate);
    auto asked_ledger = LedgerBatch::ask(tx, accounts_of(payments));
    TRY(auto earned, earned_so_far(std::move(asked_earned)));
    TRY(auto ledger, LedgerBatch::load(std::move(asked_ledger)));
    const UtcTime now = clock_.utc_now();
    auto pay_one = [&](const Payment& payment) -> Result<PaidGift> {
        check(payment.amount > 0);
        check(payment.from != payment.model_id);
        Earned& sum = earned[payment.model_id];
        TRY(const auto commission, commission_on(sum.total, payment.amount, rate));
        TRY(const auto postings, earning_postings(payment.from, payment.model_id, payment.amount, commission));
        TRY(auto transfer,
            ledger.add({TransferId::make(now, random_), "gift", payment.key, payment.detail, now}, postings));
        sum = {sum.total + payment.amount, sum.commission + commission, true};
        return PaidGift{std::move(transfer), balance_in(ledger, payment.from), balance_in(ledger, payment.model_id)};
    };
    for (const auto& payment : payments) paid.push_back(pay_one(payment));
    ledger.write(tx);
    keep_earned(tx, earned, rate);
    return paid;
}

}  // namespace confidente::wallet
