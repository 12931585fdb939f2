#include "domain/payments/service.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "domain/wallet/idempotency.hpp"
#include "domain/wallet/view.hpp"
#include "platform/bus/outbox.hpp"

namespace confidente::payments {

namespace {

constexpr std::array<Package, 4> kPackages{{{"tokens-100", "100 tokens", 100, 990, "BRL"},
                                            {"tokens-550", "550 tokens", 550, 4990, "BRL"},
                                            {"tokens-1200", "1.200 tokens", 1200, 9990, "BRL"},
                                            {"tokens-2600", "2.600 tokens", 2600, 19990, "BRL"}}};

constexpr db::Query kInsert{
    "purchases_insert",
    "INSERT INTO purchases (id, user_id, package_id, tokens, price_minor, currency, provider, status, created_at) "
    "VALUES (:id, :user_id, :package_id, :tokens, :price_minor, :currency, :provider, 'pending', :created_at)"};
constexpr db::Query kFind{"purchases_find",
                          "SELECT id, user_id, package_id, tokens, price_minor, currency, provider, status "
                          "FROM purchases WHERE id = :id"};
constexpr db::Query kAttach{"purchases_attach", "UPDATE purchases SET provider_ref = :provider_ref WHERE id = :id"};
constexpr db::Query kSettle{"purchases_settle",
                            "UPDATE purchases SET status = 'settled', settled_at = :now "
                            "WHERE id = :id AND status = 'pending'"};

Result<Package> find_package(std::string_view id) {
    const auto found = std::find_if(kPackages.begin(), kPackages.end(), [&](const auto& p) { return p.id == id; });
    if (found != kPackages.end()) return *found;
    return Error{ErrorKind::not_found, "package_not_found", "There is no such package."};
}

PurchaseStatus status_of(std::string_view text) {
    if (text == "settled") return PurchaseStatus::settled;
    return text == "canceled" ? PurchaseStatus::canceled : PurchaseStatus::pending;
}

}  // namespace

std::span<const Package> packages() { return kPackages; }

std::string_view to_string(PurchaseStatus status) {
    switch (status) {
        case PurchaseStatus::settled:
            return "settled";
        case PurchaseStatus::canceled:
            return "canceled";
        case PurchaseStatus::pending:
            break;
    }
    return "pending";
}

Result<Purchase> Service::open(db::Transaction& tx, const OpenPurchase& command) {
    const wallet::OnceOnly once{command.user_id, "purchase", command.key, command.package_id + "|" + command.currency};
    TRY(const auto first, wallet::first_answer(tx, once));
    if (first) return find(tx, {*first});
    TRY(const auto package, find_package(command.package_id));
    if (package.currency != command.currency) {
        return validation_error("currency", "currency_not_supported", "The package is not sold in this currency.");
    }
    const UtcTime now = clock_.utc_now();
    const Purchase purchase{PurchaseId::make(now, random_),
                            command.user_id,
                            command.package_id,
                            package.tokens,
                            package.price_minor,
                            command.currency,
                            command.provider,
                            PurchaseStatus::pending};
    TRY_VOID(tx.execute(kInsert, {{"id", purchase.id.value},
                                  {"user_id", purchase.user_id},
                                  {"package_id", purchase.package_id},
                                  {"tokens", purchase.tokens},
                                  {"price_minor", purchase.price_minor},
                                  {"currency", purchase.currency},
                                  {"provider", purchase.provider},
                                  {"created_at", now.ms}}));
    TRY_VOID(wallet::keep_answer(tx, once, purchase.id.value, now));
    const audit::Act act{
        .action = "purchase.open", .actor = purchase.user_id, .object = purchase.id.value, .from = command.from};
    TRY_VOID(audit::append(tx, act, now));
    return purchase;
}

Status Service::attach(db::Transaction& tx, const PurchaseId& id, std::string_view provider_ref) {
    TRY_VOID(tx.execute(kAttach, {{"id", id.value}, {"provider_ref", provider_ref}}));
    return {};
}

Result<Purchase> Service::find(db::Transaction& tx, const PurchaseId& id) {
    TRY(auto rows, tx.query(kFind, {{"id", id.value}}));
    if (rows.empty()) return Error{ErrorKind::not_found, "purchase_not_found", "There is no such purchase."};
    const auto& row = rows[0];
    return Purchase{{row.text("id")},      row.text("user_id"),          row.text("package_id"),
                    row.integer("tokens"), row.integer("price_minor"),   row.text("currency"),
                    row.text("provider"),  status_of(row.text("status"))};
}

Result<Purchase> Service::settle(db::Transaction& tx, const PurchaseId& id) {
    TRY(auto purchase, find(tx, id));
    if (purchase.status == PurchaseStatus::settled) return purchase;
    const UtcTime now = clock_.utc_now();
    TRY(const auto changed, tx.execute(kSettle, {{"id", id.value}, {"now", now.ms}}));
    if (changed != 1) return Error{ErrorKind::conflict, "purchase_canceled", "The purchase was canceled."};
    TRY_VOID(wallet_.settle_purchase(tx, {purchase.id.value, purchase.user_id, purchase.tokens, purchase.provider,
                                          purchase.price_minor, purchase.currency}));
    const audit::Act act{.action = "purchase.settle",
                         .actor = purchase.user_id,
                         .object = purchase.id.value,
                         .reason = purchase.provider};
    TRY_VOID(audit::append(tx, act, now));
    TRY(const auto balance, wallet_.balance_of(tx, purchase.user_id));
    const json::Object event{{"userId", purchase.user_id},
                             {"wallet", wallet::wallet_view(balance, wallet::Earnings::hidden)}};
    TRY_VOID(bus::append(tx, "wallet", purchase.user_id, boost::json::serialize(event), now));
    purchase.status = PurchaseStatus::settled;
    return purchase;
}

}  // namespace confidente::payments
