// The keys that sign tokens, in a folder: `tokens-<second from which it signs>.key`, each with mode 0600.
//
// Invariants: a new key lies in the folder some seconds before it signs, so that every process that looks once a
// second knows it before it meets its first token; an old key stays until no token that it signed can still be good.
// So a roll refuses nobody.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/crypto/tokens.hpp"

namespace confidente::crypto {

inline constexpr Duration kKeyLead = 5s;                           ///< between a key's making and its first signature
inline constexpr Duration kKeyOverlap = std::chrono::hours{1};     ///< far beyond the life of any token
inline constexpr Duration kKeyLife = std::chrono::hours{24 * 90};  ///< then the server rolls by itself
inline constexpr std::size_t kMaxKeys = 8;

/// All keys of the folder, oldest first; makes the first one. A `tokens.key` of earlier versions is taken in.
Result<std::vector<TimedKey>> load_keys(const std::filesystem::path& folder, UtcTime now, Random& random);
/// Makes the next key. Errors: `too_many_keys` when as many as kMaxKeys lie there.
Status roll_keys(const std::filesystem::path& folder, UtcTime now, Random& random);
/// True when the newest key is older than kKeyLife.
bool roll_is_due(const std::vector<TimedKey>& keys, UtcTime now);
/// Removes the files of keys that a newer one replaced longer than kKeyOverlap ago. True when there were any.
bool retire_keys(const std::filesystem::path& folder, const std::vector<TimedKey>& keys, UtcTime now);

}  // namespace confidente::crypto
