// Who somebody is: registration, login, sessions that renew themselves, and their end.
//
// Invariants: a refresh token works once, and using any one of a family again ends the whole family; a session ends
// when it idles or at its absolute end, whichever comes first; only digests of refresh tokens are stored; nobody below
// 18 gets an account. Verbs take a password's hash: hashing stays outside transactions. Each verb writes itself into
// the audit log.
//
// Errors: 409 `email_taken`, 422 `under_age`, 401 `invalid_credentials`, 401 `invalid_token`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/auth/user.hpp"
#include "platform/audit/audit.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/crypto/tokens.hpp"
#include "platform/db/database.hpp"

namespace confidente::auth {

inline constexpr int kMinimumAge = 18;
inline constexpr Duration kAccessTokenLife = 10min;

/// How long a session lives unused, and how long at most.
struct SessionLife {
    Duration idle, absolute;
};
/// The more an account can do, the shorter: clients 30 and 90 days, models 24 hours and 14 days, administrators 30
/// minutes and 12 hours.
SessionLife session_life(std::string_view type);

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
    std::string user_id;           ///< whose, when a session was revoked
};

/// Lower case and trimmed; nothing when it cannot be an address.
std::optional<std::string> normal_email(std::string_view text);
/// 422 `under_age`.
Status check_age(Date birth, Date today);
Error invalid_credentials();

class Service {
public:
    Service(const crypto::TokenAuthority& authority, const Clock& clock, Random& random)
        : authority_(authority), clock_(clock), random_(random) {}

    Result<User> register_user(db::Transaction& tx, const Registration& registration,
                               const audit::Origin& from = {}) const;
    /// Nothing for an address nobody has.
    Result<std::optional<Credentials>> find_credentials(db::Transaction& tx, std::string_view email) const;
    /// Starts a new family of tokens.
    Result<Tokens> open_session(db::Transaction& tx, std::string_view user_id, std::string_view type,
                                const audit::Origin& from = {}) const;
    /// The session that a refresh token belongs or belonged to; empty for one that nobody knows.
    Result<std::string> session_of(db::Transaction& tx, std::string_view refresh_token) const;
    Result<Refreshed> refresh(db::Transaction& tx, std::string_view refresh_token,
                              const audit::Origin& from = {}) const;
    /// Ends the token's family; the session's id, or empty for a token nobody knows.
    Result<std::string> logout(db::Transaction& tx, std::string_view refresh_token,
                               const audit::Origin& from = {}) const;
    /// Ends all sessions of a user; their ids.
    Result<std::vector<std::string>> end_all_sessions(db::Transaction& tx, std::string_view user_id) const;
    Result<bool> is_signed_in(db::Transaction& tx, std::string_view user_id) const;
    /// Users of whom a session was ended since then, and who have none any more.
    Result<std::vector<std::string>> signed_out_since(db::Transaction& tx, UtcTime since) const;
    /// Replaces the hash after a login, when it was made with other parameters than today's.
    Status upgrade_hash(db::Transaction& tx, const Credentials& of, std::string_view hash) const;
    /// Forgets sessions that ended a while ago, a bounded number at a time; how many.
    Result<std::int64_t> sweep(db::Transaction& tx) const;

private:
    struct Family;
    Result<Tokens> issue(db::Transaction& tx, const Family& family, std::int64_t generation) const;
    const crypto::TokenAuthority& authority_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace confidente::auth
