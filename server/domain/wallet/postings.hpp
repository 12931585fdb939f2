// What a transfer moves, decided before anything is written. Pure.
//
// Invariants: Postings exist only balanced: at least two lines, each debits or credits a positive amount, and in every
// unit the debits equal the credits (I1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/wallet/amount.hpp"
#include "platform/base/result.hpp"

namespace confidente::wallet {

enum class Side : std::uint8_t { debit, credit };        ///< on which side the account grows
enum class Limit : std::uint8_t { not_negative, none };  ///< what the database holds the balance to

/// An account of the chart, which opens itself when it is first used.
struct Account {
    std::string id;    ///< `T.client.<user>`, `C.psp.sandbox.BRL`, …
    std::string unit;  ///< `TOKEN` or an ISO 4217 code
    Side side = Side::credit;
    Limit limit = Limit::not_negative;
};

inline constexpr std::string_view kToken = "TOKEN";

Account issued_tokens();
Account client_tokens(std::string_view user_id);
Account pending_tokens(std::string_view model_id);
Account available_tokens(std::string_view model_id);
Account fee_tokens();
Account money_at(std::string_view provider, std::string_view currency);
Account deferred_money(std::string_view currency);

struct Line {
    Account account;
    std::int64_t debit = 0;
    std::int64_t credit = 0;
};
Line debit(Account account, std::int64_t amount);
Line credit(Account account, std::int64_t amount);

class Postings {
public:
    /// Internal error `unbalanced_postings` if the invariant does not hold. Lines of zero are left out.
    static Result<Postings> balanced(std::vector<Line> lines);
    const std::vector<Line>& lines() const { return lines_; }

private:
    explicit Postings(std::vector<Line> lines) : lines_(std::move(lines)) {}
    std::vector<Line> lines_;
};

/// D provider, C deferred in money; D issued, C client in tokens.
Result<Postings> purchase_postings(std::string_view user_id, std::int64_t tokens, std::string_view provider,
                                   std::int64_t price_minor, std::string_view currency);
/// D client, C pending of the model, C fee. 0 ≤ commission ≤ amount.
Result<Postings> earning_postings(std::string_view from, std::string_view model_id, std::int64_t amount,
                                  std::int64_t commission);

}  // namespace confidente::wallet
