#include "domain/auth/service.hpp"

#include <algorithm>
#include <array>

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
constexpr db::Query kInsertSession{
    "insert_session",
    "INSERT INTO sessions (id, user_id, token_hash, family_id, generation, created_at, expires_at) "
    "VALUES (:id, :user_id, :token_hash, :family_id, :generation, :now, :expires_at)"};
constexpr db::Query kFindSession{
    "find_session",
    "SELECT s.id, s.user_id, s.family_id, s.generation, s.expires_at, s.used_at, s.revoked_at, u.type "
    "FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = :token_hash"};
constexpr db::Query kUseSession{"use_session", "UPDATE sessions SET used_at = :now WHERE id = :id AND used_at IS NULL"};
constexpr db::Query kRevokeFamily{
    "revoke_family", "UPDATE sessions SET revoked_at = :now WHERE family_id = :family_id AND revoked_at IS NULL"};

constexpr std::array<std::string_view, 24> kFirstGuesses{
    "12345678",   "123456789", "1234567890", "password", "password1", "password123", "qwertyui", "qwerty123",
    "qwertyuiop", "11111111",  "00000000",   "iloveyou", "sunshine",  "princess",    "football", "baseball",
    "abc12345",   "1q2w3e4r",  "superman",   "trustno1", "senha123",  "12341234",    "87654321", "brasil123"};

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

Status check_password(std::string_view password) {
    if (password.size() < kMinPassword) return validation_error("password", "too_short", "must have at least 8 bytes");
    if (password.size() > kMaxPassword) return validation_error("password", "too_long", "must have at most 256 bytes");
    if (std::find(kFirstGuesses.begin(), kFirstGuesses.end(), lower(password)) != kFirstGuesses.end())
        return validation_error("password", "too_common", "is one of the first that anybody would try");
    return {};
}

Error invalid_credentials() {
    return {.kind = ErrorKind::unauthenticated,
            .code = "invalid_credentials",
            .detail = "The e-mail or the password is wrong."};
}

Result<User> Service::register_user(db::Transaction& tx, const Registration& registration) const {
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
    return find_user(tx, id);
}

Result<std::optional<Credentials>> Service::find_credentials(db::Transaction& tx, std::string_view email) const {
    TRY(const auto rows, tx.query(kFindCredentials, {{"email", email}}));
    if (rows.empty()) return std::optional<Credentials>{};
    return std::optional{Credentials{rows[0].text("id"), rows[0].text("type"), rows[0].text("password_hash")}};
}

Result<Tokens> Service::issue(db::Transaction& tx, std::string_view user_id, std::string_view type,
                              const std::string& family, std::int64_t generation) const {
    const auto now = clock_.utc_now();
    Tokens tokens;
    tokens.refresh = random_.token(kRefreshTokenLength);
    tokens.expires_in_s = std::chrono::duration_cast<std::chrono::seconds>(kAccessTokenLife).count();
    const crypto::Claims claims{std::string{user_id}, family, std::string{type}, {}, now + kAccessTokenLife};
    tokens.access = authority_.issue(crypto::Purpose::access, claims, now);
    TRY_VOID(tx.execute(kInsertSession, {{"id", make_uuid_v7(now, random_)},
                                         {"user_id", user_id},
                                         {"token_hash", crypto::sha256_hex(tokens.refresh)},
                                         {"family_id", family},
                                         {"generation", generation},
                                         {"now", now.ms},
                                         {"expires_at", (now + kRefreshTokenLife).ms}}));
    return tokens;
}

Result<Tokens> Service::open_session(db::Transaction& tx, std::string_view user_id, std::string_view type) const {
    return issue(tx, user_id, type, make_uuid_v7(clock_.utc_now(), random_), 1);
}

Result<Refreshed> Service::refresh(db::Transaction& tx, std::string_view refresh_token) const {
    const auto now = clock_.utc_now();
    TRY(const auto rows, tx.query(kFindSession, {{"token_hash", crypto::sha256_hex(refresh_token)}}));
    if (rows.empty()) return Refreshed{};
    const auto& row = rows[0];
    const auto& family = row.text("family_id");
    if (!row.is_null("revoked_at") || row.integer("expires_at") <= now.ms) return Refreshed{};
    TRY(const auto used, tx.execute(kUseSession, {{"id", row.text("id")}, {"now", now.ms}}));
    if (used == 0) {
        TRY_VOID(tx.execute(kRevokeFamily, {{"family_id", family}, {"now", now.ms}}));
        return Refreshed{std::nullopt, family};
    }
    TRY(auto tokens, issue(tx, row.text("user_id"), row.text("type"), family, row.integer("generation") + 1));
    return Refreshed{std::move(tokens), {}};
}

Result<std::string> Service::logout(db::Transaction& tx, std::string_view refresh_token) const {
    TRY(const auto rows, tx.query(kFindSession, {{"token_hash", crypto::sha256_hex(refresh_token)}}));
    if (rows.empty()) return std::string{};
    const auto& family = rows[0].text("family_id");
    TRY_VOID(tx.execute(kRevokeFamily, {{"family_id", family}, {"now", clock_.utc_now().ms}}));
    return family;
}

}  // namespace confidente::auth
