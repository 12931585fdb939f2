#include "domain/auth/recovery.hpp"

#include "domain/auth/mail_words.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::auth {
namespace {

constexpr std::size_t kResetTokenLength = 43;  // 256 bits and a little, six bits each
constexpr std::string_view kReset = "password_reset", kChanged = "password_changed", kEnded = "session_ended";
constexpr Duration kOrderLife = std::chrono::hours{1};    // who still waits then has asked again
constexpr Duration kNoticeLife = std::chrono::hours{72};  // a warning is worth sending late

constexpr db::Query kFindByEmail{"find_user_by_email", "SELECT id, name FROM users WHERE email = :email"};
constexpr db::Query kRecentResets{"recent_password_resets",
                                  "SELECT COUNT(*) AS n FROM password_resets "
                                  "WHERE user_id = :user_id AND created_at > :since"};
// A link that was replaced has no life left.
constexpr db::Query kReplaceResets{"replace_password_resets",
                                   "UPDATE password_resets SET expires_at = :now "
                                   "WHERE user_id = :user_id AND used_at IS NULL AND expires_at > :now"};
constexpr db::Query kForgetResets{"forget_password_resets",
                                  "DELETE FROM password_resets WHERE user_id = :user_id AND created_at <= :since"};
// An attempt to send that failed does not count: its link reached nobody.
constexpr db::Query kForgetReset{"forget_password_reset", "DELETE FROM password_resets WHERE id = :id"};
constexpr db::Query kInsertReset{"insert_password_reset",
                                 "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at) "
                                 "VALUES (:id, :user_id, :token_hash, :now, :expires_at)"};
constexpr db::Query kFindReset{"find_password_reset",
                               "SELECT user_id FROM password_resets "
                               "WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > :now"};
constexpr db::Query kUseReset{"use_password_reset",
                              "UPDATE password_resets SET used_at = :now "
                              "WHERE token_hash = :token_hash AND used_at IS NULL AND expires_at > :now"};
constexpr db::Query kSetPassword{"set_password",
                                 "UPDATE users SET password_hash = :hash, updated_at = :now WHERE id = :id"};

Error invalid_token() {
    return {.kind = ErrorKind::unprocessable,
            .code = "invalid_reset_token",
            .detail = "The link has expired or was used already; ask for a new one.",
            .fields = {{"token", "invalid_reset_token", "has expired or was used already"}}};
}

}  // namespace

Status Recovery::request(db::Transaction& tx, std::string_view email, std::string_view pseudonym,
                         std::string_view language, const audit::Origin& from) const {
    const auto now = clock_.utc_now();
    const mail::Order order{std::string{kReset}, std::string{email}, std::string{language}, kOrderLife};
    TRY_VOID(mail::enqueue(tx, order, now, random_));
    return audit::append(
        tx, {.action = "auth.password_reset_requested", .object = std::string{pseudonym}, .from = from}, now);
}

Result<std::string> Recovery::owner(db::Transaction& tx, std::string_view token) const {
    TRY(const auto rows,
        tx.query(kFindReset, {{"token_hash", crypto::sha256_hex(token)}, {"now", clock_.utc_now().ms}}));
    if (rows.empty()) return invalid_token();
    return rows[0].text("user_id");
}

Result<std::vector<std::string>> Recovery::reset(db::Transaction& tx, std::string_view token,
                                                 std::string_view password_hash, std::string_view language,
                                                 const audit::Origin& from) const {
    const auto now = clock_.utc_now();
    TRY(const auto user_id, owner(tx, token));
    TRY(const auto used, tx.execute(kUseReset, {{"token_hash", crypto::sha256_hex(token)}, {"now", now.ms}}));
    if (used == 0) return invalid_token();
    TRY_VOID(tx.execute(kReplaceResets, {{"user_id", user_id}, {"now", now.ms}}));
    TRY_VOID(tx.execute(kSetPassword, {{"id", user_id}, {"hash", password_hash}, {"now", now.ms}}));
    TRY(auto sessions, service_.end_all_sessions(tx, user_id));
    TRY_VOID(
        audit::append(tx, {.action = "auth.password_reset", .actor = user_id, .object = user_id, .from = from}, now));
    const mail::Order notice{std::string{kChanged}, user_id, std::string{language}, kNoticeLife};
    TRY_VOID(mail::enqueue(tx, notice, now, random_));
    return sessions;
}

Status Recovery::tell_of_reuse(db::Transaction& tx, std::string_view user_id, std::string_view language) const {
    const mail::Order notice{std::string{kEnded}, std::string{user_id}, std::string{language}, kNoticeLife};
    return mail::enqueue(tx, notice, clock_.utc_now(), random_);
}

Result<std::optional<mail::Message>> Recovery::write(db::Transaction& tx, const mail::Order& order) const {
    if (order.kind == kReset) return write_reset(tx, order);
    const auto user = find_user(tx, order.recipient);
    if (!user && user.error().kind == ErrorKind::not_found) return std::optional<mail::Message>{};
    if (!user) return user.error();
    const Letter letter{user->email, user->name, settings_.public_url + "/entrar", order.language};
    if (order.kind == kChanged) return std::optional{password_changed_letter(letter)};
    if (order.kind == kEnded) return std::optional{session_ended_letter(letter)};
    return internal_error("there are no words for mails of the kind " + order.kind);
}

Result<std::optional<mail::Message>> Recovery::write_reset(db::Transaction& tx, const mail::Order& order) const {
    const auto now = clock_.utc_now();
    const auto hour_ago = now - std::chrono::hours{1};
    TRY(const auto users, tx.query(kFindByEmail, {{"email", order.recipient}}));
    if (users.empty()) return std::optional<mail::Message>{};
    const auto& user_id = users[0].text("id");
    TRY_VOID(tx.execute(kForgetReset, {{"id", order.id}}));
    TRY_VOID(tx.execute(kForgetResets, {{"user_id", user_id}, {"since", hour_ago.ms}}));
    TRY(const auto recent, tx.query(kRecentResets, {{"user_id", user_id}, {"since", hour_ago.ms}}));
    if (recent[0].integer("n") >= settings_.resets_per_hour) return std::optional<mail::Message>{};
    TRY_VOID(tx.execute(kReplaceResets, {{"user_id", user_id}, {"now", now.ms}}));
    const auto token = random_.token(kResetTokenLength);
    TRY_VOID(tx.execute(kInsertReset, {{"id", order.id},
                                       {"user_id", user_id},
                                       {"token_hash", crypto::sha256_hex(token)},
                                       {"now", now.ms},
                                       {"expires_at", (now + kResetTokenLife).ms}}));
    // Behind the #, where no server and no Referer header ever sees it.
    return std::optional{reset_letter({order.recipient, users[0].text("name"),
                                       settings_.public_url + "/redefinir-senha#token=" + token, order.language})};
}

}  // namespace confidente::auth
