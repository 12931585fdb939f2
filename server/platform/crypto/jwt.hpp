// JSON Web Tokens of one kind only: Ed25519 (RFC 8037), checked by the rules of RFC 8725. The algorithm, the key and
// the type are ours to say, never the token's.
//
// Errors: 401 `invalid_token`, 401 `expired_token`.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace confidente::crypto {

/// What a token may be used for; it stands in `typ` and `aud`, so that one kind never passes for another.
enum class Purpose : std::uint8_t { access, playback };

struct Claims {
    std::string subject;     ///< user id
    std::string session_id;  ///< `sid`; for playback the live's id
    std::string role;        ///< `client`, `model`, `admin`; empty for playback
    UtcTime expires_at{};
};

class TokenSigner {
public:
    static constexpr std::size_t kMaxTokenBytes = 2048;
    static constexpr std::size_t kMaxCached = 20'000;  ///< verified tokens kept until they expire

    /// Reads the key, or makes one with mode 0600 when there is no file. Errors: `key_unreadable` for a file that is
    /// broken or open to others.
    static Result<std::unique_ptr<TokenSigner>> open(const std::filesystem::path& file, Random& random);
    ~TokenSigner();
    TokenSigner(const TokenSigner&) = delete;
    TokenSigner& operator=(const TokenSigner&) = delete;

    std::string sign(Purpose purpose, const Claims& claims, UtcTime now, Random& random) const;
    /// Thread-safe. A token seen before costs a look-up, not a signature.
    Result<Claims> verify(Purpose purpose, std::string_view token, UtcTime now) const;

private:
    struct Key;
    explicit TokenSigner(std::unique_ptr<Key> key);
    Result<Claims> check_token(Purpose purpose, std::string_view token, UtcTime now) const;
    std::unique_ptr<Key> key_;
    mutable std::mutex mutex_;  ///< guards cache_
    mutable std::map<std::string, std::pair<Purpose, Claims>, std::less<>> cache_;
};

}  // namespace confidente::crypto
