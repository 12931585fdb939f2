#include "domain/auth/service.hpp"

#include <algorithm>

#include "platform/base/ids.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::auth {
namespace {

constexpr std::size_t kMaxEmail = 254;           // RFC 5321 §4.5.3.1.3, less the angle brackets
constexpr std::size_t kRefreshTokenLength = 43;  // 256 bits and a little, six bits each

constexpr db::Query kInsertUser{
    "insert_user",
    "INSERT INTO users (id, type, email, password_hash, name, birth_date, terms_accepted_at, created_at, updated_at) "
    "VALUES (:id, :type, :email, :password_hash, :name, :birth_date, :now, :now, :now)"};
constexpr db::Query kFindCredentials{"find_credentials",
                                     "SELECT id, type, password_hash FROM users WHERE email = :email"};
constexpr db::Query kInsertFamily{"insert_session_family",
                                  "INSERT INTO session_families (id, user_id, created_at, renewed_at, expires_at) "
                                  "VALUES (:id, :user_id, :now, :now, :expires_at)"};
constexpr db::Query kInsertSession{
    "insert_session",
    "INSERT INTO sessions (id, user_id, token_hash, family_id, generation, created_at, expires_at) "
    "VALUES (:id, :user_id, :token_hash, :family_id, :generation, :now, :expires_at)"};
constexpr db::Query kFindSession{
    "find_session",
    "SELECT s.id, s.user_id, s.family_id, s.generation, s.expires_at, f.expires_at AS ends_at, u.type "
    "FROM sessions s JOIN session_families f ON f.id = s.family_id JOIN users u ON u.id = s.user_id "
    "WHERE s.token_hash = :token_hash"};
// Whoever changes the family's row first goes first: no renewal can pass beside an ending.
constexpr db::Query kRenewFamily{"renew_session_family",
                                 "UPDATE session_families SET renewed_at = :now "
                                 "WHERE id = :id AND revoked_at IS NULL AND expires_at > :now"};
constexpr db::Query kUseSession{"use_session", "UPDATE sessions SET used_at = :now WHERE id = :id AND used_at IS NULL"};
constexpr db::Query kRevokeFamily{
    "revoke_session_family", "UPDATE session_families SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL"};
constexpr db::Query kRevokeAll{"revoke_session_families",
                               "UPDATE session_families SET revoked_at = :now "
                               "WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > :now RETURNING id"};
constexpr db::Query kIsSignedIn{"is_signed_in",
                                "SELECT 1 AS one FROM session_families "
                                "WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > :now LIMIT 1"};
constexpr db::Query kSignedOut{
    "users_signed_out",
    "SELECT DISTINCT e.user_id FROM session_families e WHERE e.revoked_at >= :since AND NOT EXISTS "
    "(SELECT 1 FROM session_families f WHERE f.user_id = e.user_id AND f.revoked_at IS NULL AND f.expires_at > :now)"};
constexpr db::Query kUpgradeHash{"upgrade_password_hash",
                                 "UPDATE users SET password_hash = :hash WHERE id = :id AND password_hash = :old"};
constexpr db::Query kEndedFamilies{"ended_session_families",
                                   "SELECT id FROM session_families WHERE expires_at < :before ORDER BY expires_at "
                                   "LIMIT :limit"};
constexpr db::Query kForgetSessions{"forget_sessions", "DELETE FROM sessions WHERE family_id = :id"};
constexpr db::Query kForgetFamily{"forget_session_family", "DELETE FROM session_families WHERE id = :id"};

constexpr std::int64_t kSwept = 100;                            // families forgotten at once
constexpr Duration kKeptAfterEnd = std::chrono::hours{24 * 2};  // so that a late reuse is still told from nonsense

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return out;
}

}  // namespace

std::optional<std::string> normal_email(std::string_view text) {
    const auto at = text.find('@');
    const bool shaped = text.size() <= kMaxEmail && at != std::string_view::npos && at > 0 && at <= 64 &&
                        text.find('@', at + 1) == std::string_view::npos && text.find('.', at + 2) < text.size() - 1;
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '<' && c != '>' && c != '"' && c != ',';
    });
    if (!shaped || !printable) return std::nullopt;
    return lower(text);
}

Status check_age(Date birth, Date today) {
    if (birth.year >= 1900 && age_on(birth, today) >= kMinimumAge) return {};
    return Error{.kind = ErrorKind::unprocessable,
                 .code = "under_age",
                 .detail = "You must be at least 18 years old.",
                 .fields = {{"birthDate", "under_age", "must be at least 18 years ago"}}};
}

SessionLife session_life(std::string_view type) {
    using std::chrono::hours;
    if (type == "admin") return {30min, hours{12}};
    if (type == "model") return {hours{24}, hours{24 * 14}};
    return {hours{24 * 30}, hours{24 * 90}};
}

Error invalid_credentials() {
    return {.kind = ErrorKind::unauthenticated,
            .code = "invalid_credentials",
            .detail = "The e-mail or the password is wrong."};
}

Result<User> Service::register_user(db::Transaction& tx, const Registration& registration,
                                    const audit::Origin& from) const {
    const auto now = clock_.utc_now();
    TRY_VOID(check_age(registration.birth_date, date_of(now)));
    const auto id = make_uuid_v7(now, random_);
    const auto inserted = tx.execute(kInsertUser, {{"id", id},
                                                   {"type", registration.type},
                                                   {"email", registration.email},
                                                   {"password_hash", registration.password_hash},
                                                   {"name", registration.name},
                                                   {"birth_date", to_string(registration.birth_date)},
                                                   {"now", now.ms}});
    if (!inserted && inserted.error().code == "unique_violation")
        return Error{.kind = ErrorKind::conflict,
                     .code = "email_taken",
                     .detail = "There is an account with this e-mail already."};
    if (!inserted) return inserted.error();
    const bool admin = registration.type == "admin";
    TRY_VOID(audit::append(tx,
                           {.action = admin ? "admin.create" : "auth.register",
                            .actor = admin ? std::string{} : id,
                            .object = id,
                            .reason = registration.type,
                            .from = from},
                           now));
    return find_user(tx, id);
}

Result<std::optional<Credentials>> Service::find_credentials(db::Transaction& tx, std::string_view email) const {
    TRY(const auto rows, tx.query(kFindCredentials, {{"email", email}}));
    if (rows.empty()) return std::optional<Credentials>{};
    return std::optional{Credentials{rows[0].text("id"), rows[0].text("type"), rows[0].text("password_hash")}};
}

struct Service::Family {
    std::string id, user_id, type;
    UtcTime ends_at;
};

Result<Tokens> Service::issue(db::Transaction& tx, const Family& family, std::int64_t generation) const {
    const auto now = clock_.utc_now();
    const auto life = std::min(now + kAccessTokenLife, family.ends_at);
    Tokens tokens;
    tokens.refresh = random_.token(kRefreshTokenLength);
    tokens.expires_in_s = (life.ms - now.ms) / 1000;
    const crypto::Claims claims{family.user_id, family.id, family.type, {}, life};
    tokens.access = authority_.issue(crypto::Purpose::access, claims, now);
    const auto idle_end = std::min(now + session_life(family.type).idle, family.ends_at);
    TRY_VOID(tx.execute(kInsertSession, {{"id", make_uuid_v7(now, random_)},
                                         {"user_id", family.user_id},
                                         {"token_hash", crypto::sha256_hex(tokens.refresh)},
                                         {"family_id", family.id},
                                         {"generation", generation},
                                         {"now", now.ms},
                                         {"expires_at", idle_end.ms}}));
    return tokens;
}

Result<Tokens> Service::open_session(db::Transaction& tx, std::string_view user_id, std::string_view type,
                                     const audit::Origin& from) const {
    const auto now = clock_.utc_now();
    const Family family{make_uuid_v7(now, random_), std::string{user_id}, std::string{type},
                        now + session_life(type).absolute};
    TRY_VOID(tx.execute(kInsertFamily,
                        {{"id", family.id}, {"user_id", user_id}, {"now", now.ms}, {"expires_at", family.ends_at.ms}}));
    TRY_VOID(audit::append(
        tx, {.action = "auth.login", .actor = family.user_id, .object = family.id, .from = {from.address, family.id}},
        now));
    return issue(tx, family, 1);
}

Result<std::string> Service::session_of(db::Transaction& tx, std::string_view refresh_token) const {
    TRY(const auto rows, tx.query(kFindSession, {{"token_hash", crypto::sha256_hex(refresh_token)}}));
    return rows.empty() ? std::string{} : rows[0].text("family_id");
}

Result<Refreshed> Service::refresh(db::Transaction& tx, std::string_view refresh_token,
                                   const audit::Origin& from) const {
    const auto now = clock_.utc_now();
    TRY(const auto rows, tx.query(kFindSession, {{"token_hash", crypto::sha256_hex(refresh_token)}}));
    if (rows.empty()) return Refreshed{};
    const auto& row = rows[0];
    const Family family{row.text("family_id"), row.text("user_id"), row.text("type"), UtcTime{row.integer("ends_at")}};
    TRY(const auto alive, tx.execute(kRenewFamily, {{"id", family.id}, {"now", now.ms}}));
    if (alive == 0) return Refreshed{};
    TRY(const auto unused, tx.execute(kUseSession, {{"id", row.text("id")}, {"now", now.ms}}));
    if (unused == 0) {
        TRY_VOID(tx.execute(kRevokeFamily, {{"id", family.id}, {"now", now.ms}}));
        TRY_VOID(audit::append(tx,
                               {.action = "auth.refresh_reused",
                                .actor = family.user_id,
                                .object = family.id,
                                .reason = "generation_" + std::to_string(row.integer("generation")),
                                .from = {from.address, family.id}},
                               now));
        return Refreshed{std::nullopt, family.id, family.user_id};
    }
    if (row.integer("expires_at") <= now.ms) return Refreshed{};
    TRY(auto tokens, issue(tx, family, row.integer("generation") + 1));
    return Refreshed{std::move(tokens), {}, {}};
}

Result<std::string> Service::logout(db::Transaction& tx, std::string_view refresh_token,
                                    const audit::Origin& from) const {
    const auto now = clock_.utc_now();
    TRY(const auto rows, tx.query(kFindSession, {{"token_hash", crypto::sha256_hex(refresh_token)}}));
    if (rows.empty()) return std::string{};
    const auto& family = rows[0].text("family_id");
    TRY(const auto ended, tx.execute(kRevokeFamily, {{"id", family}, {"now", now.ms}}));
    if (ended == 0) return family;
    TRY_VOID(audit::append(
        tx,
        {.action = "auth.logout", .actor = rows[0].text("user_id"), .object = family, .from = {from.address, family}},
        now));
    return family;
}

Result<std::vector<std::string>> Service::end_all_sessions(db::Transaction& tx, std::string_view user_id) const {
    TRY(const auto rows, tx.query(kRevokeAll, {{"user_id", user_id}, {"now", clock_.utc_now().ms}}));
    std::vector<std::string> sessions;
    for (const auto& row : rows) sessions.push_back(row.text("id"));
    return sessions;
}

Result<bool> Service::is_signed_in(db::Transaction& tx, std::string_view user_id) const {
    TRY(const auto rows, tx.query(kIsSignedIn, {{"user_id", user_id}, {"now", clock_.utc_now().ms}}));
    return !rows.empty();
}

Result<std::vector<std::string>> Service::signed_out_since(db::Transaction& tx, UtcTime since) const {
    TRY(const auto rows, tx.query(kSignedOut, {{"since", since.ms}, {"now", clock_.utc_now().ms}}));
    std::vector<std::string> users;
    for (const auto& row : rows) users.push_back(row.text("user_id"));
    return users;
}

Status Service::upgrade_hash(db::Transaction& tx, const Credentials& of, std::string_view hash) const {
    // Not over a password that was changed meanwhile.
    TRY_VOID(tx.execute(kUpgradeHash, {{"id", of.user_id}, {"old", of.password_hash}, {"hash", hash}}));
    return {};
}

Result<std::int64_t> Service::sweep(db::Transaction& tx) const {
    const auto before = clock_.utc_now() - kKeptAfterEnd;
    TRY(const auto rows, tx.query(kEndedFamilies, {{"before", before.ms}, {"limit", kSwept}}));
    for (const auto& row : rows) {
        TRY_VOID(tx.execute(kForgetSessions, {{"id", row.text("id")}}));
        TRY_VOID(tx.execute(kForgetFamily, {{"id", row.text("id")}}));
    }
    return static_cast<std::int64_t>(rows.size());
}

}  // namespace confidente::auth
