// Buying tokens: the price list, purchases, and the one path by which a payment becomes tokens.
//
// Invariants: prices and tokens are this file's, never the client's; a purchase settles at most once, whoever reports
// it and however often; tokens, status and event change in one transaction.
// Errors: 404 `package_not_found`, `purchase_not_found` (also for other people's); 422 `currency_not_supported`; those
// of wallet/idempotency.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "domain/wallet/service.hpp"
#include "platform/audit/audit.hpp"
#include "platform/base/ids.hpp"
#include "platform/db/database.hpp"

namespace confidente::payments {

struct Package {
    std::string_view id;
    std::string_view name;
    std::int64_t tokens;
    std::int64_t price_minor;
    std::string_view currency;
};
std::span<const Package> packages();

enum class PurchaseStatus : std::uint8_t { pending, settled, canceled };
std::string_view to_string(PurchaseStatus status);

struct Purchase {
    PurchaseId id;
    std::string user_id;
    std::string package_id;
    std::int64_t tokens = 0;
    std::int64_t price_minor = 0;
    std::string currency;
    std::string provider;
    PurchaseStatus status = PurchaseStatus::pending;
};

struct OpenPurchase {
    std::string user_id;
    std::string package_id;
    std::string currency;
    std::string provider;
    std::string key;  ///< the client's Idempotency-Key
    audit::Origin from = {};
};

class Service {
public:
    Service(Clock& clock, Random& random, wallet::Service& wallet) : clock_(clock), random_(random), wallet_(wallet) {}

    /// A new pending purchase, or the one that this key opened before.
    Result<Purchase> open(db::Transaction& tx, const OpenPurchase& command);
    /// Remembers the provider's own id of the payment.
    Status attach(db::Transaction& tx, const PurchaseId& id, std::string_view provider_ref);
    Result<Purchase> find(db::Transaction& tx, const PurchaseId& id);
    /// The money has arrived: tokens are credited, `wallet` goes to the outbox. Again: nothing happens.
    Result<Purchase> settle(db::Transaction& tx, const PurchaseId& id);

private:
    Clock& clock_;
    Random& random_;
    wallet::Service& wallet_;
};

}  // namespace confidente::payments
