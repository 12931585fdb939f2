#include "domain/wallet/idempotency.hpp"

#include <algorithm>

#include "platform/crypto/hash.hpp"

namespace confidente::wallet {

namespace {
constexpr std::size_t kMaxKey = 128;
constexpr db::Query kFind{"idempotency_find",
                          "SELECT request_hash, answer FROM idempotency_keys "
                          "WHERE user_id = :user_id AND operation = :operation AND key = :key"};
constexpr db::Query kKeep{"idempotency_keep",
                          "INSERT INTO idempotency_keys (user_id, operation, key, request_hash, answer, created_at) "
                          "VALUES (:user_id, :operation, :key, :request_hash, :answer, :created_at)"};
}  // namespace

Status check_key(std::string_view key) {
    const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (key.empty() || key.size() > kMaxKey || !printable) {
        return Error{ErrorKind::invalid, "idempotency_key_invalid",
                     "The idempotency key must be 1 to 128 printable characters."};
    }
    return {};
}

Result<std::optional<std::string>> first_answer(db::Transaction& tx, const OnceOnly& once) {
    TRY_VOID(check_key(once.key));
    TRY(auto rows, tx.query(kFind, {{"user_id", once.user_id}, {"operation", once.operation}, {"key", once.key}}));
    if (rows.empty()) return std::optional<std::string>{};
    if (rows[0].text("request_hash") != crypto::sha256_hex(once.request)) {
        return Error{ErrorKind::unprocessable, "idempotency_key_reused",
                     "This idempotency key was used for another request."};
    }
    return std::optional{rows[0].text("answer")};
}

Status keep_answer(db::Transaction& tx, const OnceOnly& once, std::string_view answer, UtcTime now) {
    TRY_VOID(tx.execute(kKeep, {{"user_id", once.user_id},
                                {"operation", once.operation},
                                {"key", once.key},
                                {"request_hash", crypto::sha256_hex(once.request)},
                                {"answer", answer},
                                {"created_at", now.ms}}));
    return {};
}

}  // namespace confidente::wallet
