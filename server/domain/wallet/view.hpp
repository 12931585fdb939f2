// The wallet as clients see it, in answers and in `wallet:updated`.
#pragma once

#include "domain/wallet/service.hpp"
#include "platform/json/json.hpp"

namespace confidente::wallet {

enum class Earnings : std::uint8_t { hidden, shown };  ///< shown to models

/// `{balance, currency, earnings?: {pending, available}}`, whole tokens.
json::Object wallet_view(const Balance& balance, Earnings earnings);

}  // namespace confidente::wallet
