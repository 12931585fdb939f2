// Who somebody is: registration, login, sessions that renew themselves, and their end.
//
// Invariants: a refresh token works once, and using it again ends its whole family; only digests of refresh tokens
// are stored; nobody below 18 gets an account. Verbs take a password's hash: hashing stays outside transactions.
//
// Errors: 409 `email_taken`, 422 `under_age`, 401 `invalid_credentials`, 401 `invalid_token`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/auth/user.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/crypto/tokens.hpp"
#include "platform/db/database.hpp"

namespace confidente::auth {

inline constexpr int kMinimumAge = 18;
inline constexpr std::size_t kMinPassword = 8, kMaxPassword = 256;  ///< bytes
inline constexpr Duration kAccessTokenLife = 10min;
inline constexpr Duration kRefreshTokenLife = std::chrono::hours{24 * 30};

struct Registration {
    std::string type;   ///< `model`, `client`; `admin` only from the command line
    std::string email;  ///< as normal_email() gives it
    std::string password_hash;
    std::string name;
    Date birth_date;
};

struct Credentials {
    std::string user_id, type, password_hash;
};

struct Tokens {
    std::string access, refresh;
    std::int64_t expires_in_s = 0;
};

/// A reused token is an answer, not an error: its family's end has to be committed.
struct Refreshed {
    std::optional<Tokens> tokens;  ///< nothing: refused
    std::string revoked_session;   ///< whose sockets must be closed, unless empty
};

/// Lower case and trimmed; nothing when it cannot be an address.
std::optional<std::string> normal_email(std::string_view text);
/// 422 `under_age`.
Status check_age(Date birth, Date today);
/// 422 for passwords too short, too long, or among the first ones anybody tries.
Status check_password(std::string_view password);
Error invalid_credentials();

class Service {
public:
    Service(const crypto::TokenAuthority& authority, const Clock& clock, Random& random)
        : authority_(authority), clock_(clock), random_(random) {}

    Result<User> register_user(db::Transaction& tx, const Registration& registration) const;
    /// Nothing for an address nobody has.
    Result<std::optional<Credentials>> find_credentials(db::Transaction& tx, std::string_view email) const;
    /// Starts a new family of tokens.
    Result<Tokens> open_session(db::Transaction& tx, std::string_view user_id, std::string_view type) const;
    Result<Refreshed> refresh(db::Transaction& tx, std::string_view refresh_token) const;
    /// Ends the token's family; the session's id, or empty for a token nobody knows.
    Result<std::string> logout(db::Transaction& tx, std::string_view refresh_token) const;

private:
    Result<Tokens> issue(db::Transaction& tx, std::string_view user_id, std::string_view type,
                         const std::string& family, std::int64_t generation) const;
    const crypto::TokenAuthority& authority_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace confidente::auth
