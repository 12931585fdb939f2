// SHA-256 as the journal's chain and the idempotency table use it.
#pragma once

#include <string>
#include <string_view>

namespace confidente::wallet {

/// 64 characters of hex.
std::string sha256_hex(std::string_view text);

}  // namespace confidente::wallet
