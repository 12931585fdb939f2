// The wallet's verbs: what other slices call inside their own transaction.
//
//   TRY(auto paid, wallet.pay_gift(tx, {.gift_id = id, .from = user, .model_id = model, .amount = 150, .detail =
//   json}));
//
// Errors: 402 `insufficient_tokens`, nothing moved. Every verb is repeatable: the same key gives the first transfer
// again, `repeated`, and moves nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/wallet/ledger.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/time.hpp"

namespace confidente::wallet {

struct Config {
    BasisPoints commission{3000};
};

/// Tokens of one user.
struct Balance {
    std::int64_t tokens = 0;     ///< to spend
    std::int64_t pending = 0;    ///< a model's earnings inside the risk window
    std::int64_t available = 0;  ///< a model's earnings that can be paid out
};

/// Tokens that a payment has bought.
struct SettledPurchase {
    std::string purchase_id;
    std::string user_id;
    std::int64_t tokens = 0;
    std::string provider;
    std::int64_t price_minor = 0;
    std::string currency;
};

/// Tokens that go from a client to a model, commission kept.
struct Payment {
    std::string key;  ///< the gift's id; `<live>:<user>` for a ticket
    std::string from;
    std::string model_id;
    std::int64_t amount = 0;    ///< tokens, > 0
    std::string detail = "{}";  ///< JSON object kept with the transfer
};

/// A gift that is paid, and what both then have.
struct PaidGift {
    Transfer transfer;
    Balance from;
    Balance model;
};

/// One line of a user's statement.
struct StatementLine {
    std::string transfer_id;
    std::int64_t seq = 0;
    std::int64_t line = 0;
    std::string kind;
    std::string account_id;
    std::int64_t amount = 0;  ///< tokens, negative when they left
    std::int64_t balance_after = 0;
    std::string detail;
    UtcTime at;
};

/// Where a line stands in a statement.
struct StatementPlace {
    std::int64_t seq = 0, line = 0;
};

class Service {
public:
    Service(Clock& clock, Random& random, Config config) : clock_(clock), random_(random), config_(config) {}

    Result<Balance> balance_of(db::Transaction& tx, std::string_view user_id) const;
    Result<Transfer> settle_purchase(db::Transaction& tx, const SettledPurchase& purchase);
    Result<Transfer> pay_gift(db::Transaction& tx, const Payment& payment);
    /// Many gifts with few statements, in their order, each with the balances that it leaves. The keys are new ones: a
    /// key that was used fails them all (`unique_violation`).
    Result<std::vector<Result<PaidGift>>> pay_gifts(db::Transaction& tx, const std::vector<Payment>& payments);
    /// Entry to a live, once per viewer: the key is made of live and user by ticket_key().
    Result<Transfer> pay_ticket(db::Transaction& tx, const Payment& payment);
    static std::string ticket_key(std::string_view live_id, std::string_view user_id);

    /// Newest first, from after `before`; at most `limit` lines.
    Result<std::vector<StatementLine>> statement(db::Transaction& tx, std::string_view user_id,
                                                 std::optional<StatementPlace> before, std::int64_t limit) const;
    /// The lower-level verb: postings of any kind.
    Result<Transfer> post(db::Transaction& tx, std::string_view kind, std::string_view key, std::string_view detail,
                          const Postings& postings);

private:
    Result<Transfer> pay(db::Transaction& tx, std::string_view kind, const Payment& payment);
    Clock& clock_;
    Random& random_;
    Config config_;
};

}  // namespace confidente::wallet
