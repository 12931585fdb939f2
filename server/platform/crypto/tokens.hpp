// Signed tokens: JWT (RFC 7519) as RFC 8725 wants them, EdDSA only.
//
// Invariants: the header is compared byte by byte with the one we write, so no algorithm, key or extension is ever
// chosen by the token; the payload is read only after the signature holds, and only in the form we write (flat, no
// escapes, no unknown and no repeated claim); a token of one purpose is never good for another. Keys roll without a
// gap: the newest key whose time has come signs, and every key that is still held verifies.
// Errors: 401 `invalid_token`, `expired_token`.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/crypto/signing_key.hpp"

namespace confidente::crypto {

inline constexpr std::size_t kMaxTokenBytes = 2048;
inline constexpr std::size_t kMaxCachedTokens = 4096;
inline constexpr std::int64_t kLeewaySeconds = 60;  ///< on nbf and iat; never on exp

enum class Purpose : std::uint8_t { access, playback };

/// Values are of [A-Za-z0-9._:/-]; empty ones are left out of the token.
struct Claims {
    std::string subject;
    std::string session;
    std::string role;
    std::string live;
    UtcTime expires_at{};  ///< whole seconds

    bool operator==(const Claims&) const = default;
};

/// A key and the moment from which it signs.
struct TimedKey {
    UtcTime from{};
    SigningKey key;
};

/// Thread-safe.
class TokenAuthority {
public:
    TokenAuthority(SigningKey key, std::string issuer, Random& random);
    /// `keys` are at least one, oldest first.
    TokenAuthority(std::vector<TimedKey> keys, std::string issuer, Random& random);
    /// From now on these; tokens of keys that are not among them are refused at once.
    void set_keys(std::vector<TimedKey> keys);
    std::string issue(Purpose purpose, const Claims& claims, UtcTime now) const;
    Result<Claims> verify(Purpose purpose, std::string_view token, UtcTime now) const;

private:
    struct Held {
        UtcTime from;
        SigningKey key;
        std::string access_header, playback_header;  ///< base64url
        const std::string& header(Purpose purpose) const;
    };
    using Ring = std::shared_ptr<const std::vector<Held>>;
    static Ring hold(std::vector<TimedKey> keys);
    Ring ring() const;
    std::string issuer_;
    Random& random_;
    mutable std::mutex mutex_;  ///< guards ring_ and verified_
    Ring ring_;
    mutable std::unordered_map<std::string, Claims> verified_;
};

}  // namespace confidente::crypto
