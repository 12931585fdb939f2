// One effect per (user, operation, key): the answer is kept beside the effect, in its transaction, and replayed.
// Errors: 400 `idempotency_key_invalid`; 422 `idempotency_key_reused` when the key came with another request before.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::wallet {

/// A request that must take effect once.
struct OnceOnly {
    std::string user_id;
    std::string operation;  ///< `gift`, `purchase`, `confirm`, `join`
    std::string key;        ///< the client's, 1–128 printable ASCII characters
    std::string request;    ///< everything that makes it this request, in one canonical text
};

Status check_key(std::string_view key);
/// The first answer to this request, if it was made before.
Result<std::optional<std::string>> first_answer(db::Transaction& tx, const OnceOnly& once);
/// Keeps the answer; the last write of the transaction that has the effect.
Status keep_answer(db::Transaction& tx, const OnceOnly& once, std::string_view answer, UtcTime now);

/// The same for many requests of one operation: what is known of each (user, key).
class KnownAnswers {
public:
    static db::Asked ask(db::Transaction& tx, std::string_view operation, const std::vector<OnceOnly>& requests);
    static Result<KnownAnswers> load(db::Asked asked);
    /// The first answer to this request, or the refusal of a key that came with another one.
    Result<std::optional<std::string>> first_answer(const OnceOnly& once) const;
    void keep(const OnceOnly& once, std::string answer);
    /// Writes what was kept since load(), by Transaction::send().
    void write(db::Transaction& tx, std::string_view operation, UtcTime now) const;

private:
    struct Known {
        std::string request_hash, answer;
        bool fresh = false;
    };
    std::map<std::pair<std::string, std::string>, Known> known_;  ///< by user and key
};

}  // namespace confidente::wallet
