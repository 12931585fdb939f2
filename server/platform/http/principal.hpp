// Who asks, and who may: the one vocabulary of authorisation for HTTP routes and socket events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace confidente::http {

enum class Role : std::uint8_t { client = 1, model = 2, admin = 4 };

/// The user an access token stands for.
struct Principal {
    std::string user_id;
    std::string session_id;
    Role role = Role::client;
    UtcTime expires_at{};
};

/// Who may call a route or send an event. There is no default: a table row without a rule does not compile.
/// Rules about objects (owner, participant, paid) are the service's, which alone knows the object.
class Access {
public:
    static constexpr Access anyone() { return Access{"anyone", 0, false}; }
    static constexpr Access signed_in() { return Access{"signed_in", 7, true}; }
    static constexpr Access clients() { return Access{"clients", 1, true}; }
    static constexpr Access models() { return Access{"models", 2, true}; }
    static constexpr Access admins() { return Access{"admins", 4, true}; }
    /// The handler checks a credential of its own kind (stream key, playback token) in the Authorization header.
    static constexpr Access own_credential() { return Access{"own_credential", 0, false}; }

    constexpr bool needs_principal() const { return needs_principal_; }
    constexpr bool allows(Role role) const { return (roles_ & static_cast<std::uint8_t>(role)) != 0; }
    /// As the factory is called, for tables that people and tests read.
    constexpr std::string_view name() const { return name_; }

private:
    constexpr Access(std::string_view name, std::uint8_t roles, bool needs)
        : name_(name), roles_(roles), needs_principal_(needs) {}
    std::string_view name_;
    std::uint8_t roles_;
    bool needs_principal_;
};

/// At most `burst` at once and `per_minute` in the long run, per address (or per user where there is one).
struct Rate {
    std::uint32_t per_minute = 0;  ///< 0: only the server's general limit
    std::uint32_t burst = 0;
    std::uint32_t minutes = 1;  ///< over which `per_minute` counts: {5, 5, 15} is five in a quarter of an hour

    static constexpr Rate per_hour(std::uint32_t count) { return {count, count, 60}; }
};

/// Verifies an access token: 401 `invalid_token`, `expired_token`. One function for both transports.
using Authenticator = std::function<Result<Principal>(std::string_view bearer_token)>;

}  // namespace confidente::http
