#include "domain/wallet/service.hpp"

#include <boost/json.hpp>

#include "platform/base/check.hpp"

namespace confidente::wallet {

namespace {

constexpr db::Query kEarned{"wallet_earned",
                            "SELECT total FROM commissions WHERE model_id = :model_id AND rate = :rate"};
constexpr db::Query kEarn{"wallet_earn",
                          "INSERT INTO commissions (model_id, rate, total, commission) "
                          "VALUES (:model_id, :rate, :amount, :commission) ON CONFLICT (model_id, rate) DO UPDATE SET "
                          "total = commissions.total + :amount, commission = commissions.commission + :commission"};
constexpr db::Query kStatement{
    "wallet_statement",
    "SELECT t.id, t.seq, e.line, t.kind, t.detail, t.created_at, e.account_id, e.debit, e.credit, e.balance "
    "FROM entries e JOIN transfers t ON t.id = e.transfer_id "
    "WHERE e.account_id IN (:client, :pending, :available) "
    "AND (t.seq < :before OR (t.seq = :before AND e.line > :line)) "
    "ORDER BY t.seq DESC, e.line LIMIT :limit"};

}  // namespace

Result<Balance> Service::balance_of(db::Transaction& tx, std::string_view user_id) const {
    Balance balance;
    TRY(balance.tokens, account_balance(tx, client_tokens(user_id).id));
    TRY(balance.pending, account_balance(tx, pending_tokens(user_id).id));
    TRY(balance.available, account_balance(tx, available_tokens(user_id).id));
    return balance;
}

Result<Transfer> Service::post(db::Transaction& tx, std::string_view kind, std::string_view key,
                               std::string_view detail, const Postings& postings) {
    TRY(auto before, find_transfer(tx, kind, key));
    if (before) return *before;
    const UtcTime now = clock_.utc_now();
    const NewTransfer transfer{TransferId::make(now, random_), std::string{kind}, std::string{key}, std::string{detail},
                               now};
    return write_transfer(tx, transfer, postings);
}

Result<Transfer> Service::settle_purchase(db::Transaction& tx, const SettledPurchase& purchase) {
    TRY(auto postings, purchase_postings(purchase.user_id, purchase.tokens, purchase.provider, purchase.price_minor,
                                         purchase.currency));
    const boost::json::object detail{{"purchaseId", purchase.purchase_id},
                                     {"price", {{"amount", purchase.price_minor}, {"currency", purchase.currency}}}};
    return post(tx, "purchase.settled", purchase.purchase_id, boost::json::serialize(detail), postings);
}

Result<Transfer> Service::pay(db::Transaction& tx, std::string_view kind, const Payment& payment) {
    check(payment.amount > 0);
    check(payment.from != payment.model_id);
    TRY(auto before, find_transfer(tx, kind, payment.key));
    if (before) return *before;
    const std::int64_t rate = config_.commission.value;
    TRY(auto earned, tx.query(kEarned, {{"model_id", payment.model_id}, {"rate", rate}}));
    const std::int64_t total = earned.empty() ? 0 : earned[0].integer("total");
    TRY(const auto commission, commission_on(total, payment.amount, config_.commission));
    TRY(auto postings, earning_postings(payment.from, payment.model_id, payment.amount, commission));
    TRY(auto transfer, post(tx, kind, payment.key, payment.detail, postings));
    TRY_VOID(tx.execute(
        kEarn,
        {{"model_id", payment.model_id}, {"rate", rate}, {"amount", payment.amount}, {"commission", commission}}));
    return transfer;
}

Result<Transfer> Service::pay_gift(db::Transaction& tx, const Payment& payment) { return pay(tx, "gift", payment); }

Result<Transfer> Service::pay_ticket(db::Transaction& tx, const Payment& payment) { return pay(tx, "ticket", payment); }

std::string Service::ticket_key(std::string_view live_id, std::string_view user_id) {
    return std::string{live_id} + ":" + std::string{user_id};
}

Result<std::vector<StatementLine>> Service::statement(db::Transaction& tx, std::string_view user_id,
                                                      std::optional<StatementPlace> before, std::int64_t limit) const {
    const auto place = before.value_or(StatementPlace{INT64_MAX, 0});
    TRY(auto rows, tx.query(kStatement, {{"client", client_tokens(user_id).id},
                                         {"pending", pending_tokens(user_id).id},
                                         {"available", available_tokens(user_id).id},
                                         {"before", place.seq},
                                         {"line", place.line},
                                         {"limit", limit}}));
    std::vector<StatementLine> lines;
    for (const auto& row : rows) {
        lines.push_back({row.text("id"), row.integer("seq"), row.integer("line"), row.text("kind"),
                         row.text("account_id"), row.integer("credit") - row.integer("debit"), row.integer("balance"),
                         row.text("detail"), UtcTime{row.integer("created_at")}});
    }
    return lines;
}

}  // namespace confidente::wallet
