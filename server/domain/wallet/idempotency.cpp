#include "domain/wallet/idempotency.hpp"

#include <algorithm>

#include "platform/crypto/hash.hpp"
#include "platform/json/rows.hpp"

namespace confidente::wallet {

namespace {
constexpr std::size_t kMaxKey = 128;
constexpr db::Query kFind{"idempotency_find",
                          "SELECT request_hash, answer FROM idempotency_keys "
                          "WHERE user_id = :user_id AND operation = :operation AND key = :key"};
constexpr db::Query kKeep{"idempotency_keep",
                          "INSERT INTO idempotency_keys (user_id, operation, key, request_hash, answer, created_at) "
                          "VALUES (:user_id, :operation, :key, :request_hash, :answer, :created_at)"};
constexpr db::Query kFindMany{"idempotency_find_many",
                              "SELECT k.user_id, k.key, k.request_hash, k.answer FROM json_each(:rows) r "
                              "JOIN idempotency_keys k ON k.user_id = r.value ->> 0 AND k.operation = r.value ->> 1 "
                              "AND k.key = r.value ->> 2"};
constexpr db::Query kKeepMany{
    "idempotency_keep_many",
    "INSERT INTO idempotency_keys (user_id, operation, key, request_hash, answer, created_at) "
    "SELECT r.value ->> 0, CAST(:operation AS TEXT), r.value ->> 1, r.value ->> 2, r.value ->> 3, "
    "CAST(:created_at AS BIGINT) FROM json_each(:rows) r"};

Error reused() {
    return {ErrorKind::unprocessable, "idempotency_key_reused", "This idempotency key was used for another request."};
}
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
        return reused();
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

db::Asked KnownAnswers::ask(db::Transaction& tx, std::string_view operation, const std::vector<OnceOnly>& requests) {
    json::Rows rows;
    for (const auto& once : requests) rows.add(once.user_id, operation, once.key);
    return tx.ask(kFindMany, {{"rows", rows.text()}});
}

Result<KnownAnswers> KnownAnswers::load(db::Asked asked) {
    KnownAnswers known;
    TRY(const auto found, asked.rows());
    for (const auto& row : found) {
        known.known_[{row.text("user_id"), row.text("key")}] = {row.text("request_hash"), row.text("answer"), false};
    }
    return known;
}

Result<std::optional<std::string>> KnownAnswers::first_answer(const OnceOnly& once) const {
    TRY_VOID(check_key(once.key));
    const auto found = known_.find({once.user_id, once.key});
    if (found == known_.end()) return std::optional<std::string>{};
    if (found->second.request_hash != crypto::sha256_hex(once.request)) return reused();
    return std::optional{found->second.answer};
}

void KnownAnswers::keep(const OnceOnly& once, std::string answer) {
    known_[{once.user_id, once.key}] = {crypto::sha256_hex(once.request), std::move(answer), true};
}

void KnownAnswers::write(db::Transaction& tx, std::string_view operation, UtcTime now) const {
    json::Rows rows;
    for (const auto& [whose, known] : known_) {
        if (known.fresh) rows.add(whose.first, whose.second, known.request_hash, known.answer);
    }
    if (rows.empty()) return;
    tx.send(kKeepMany, {{"rows", rows.text()}, {"operation", operation}, {"created_at", now.ms}});
}

}  // namespace confidente::wallet
