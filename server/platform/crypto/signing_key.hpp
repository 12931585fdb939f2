// An Ed25519 key pair (RFC 8032). Immutable and thread-safe once made.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"

struct evp_pkey_st;

namespace confidente::crypto {

inline constexpr std::size_t kSeedBytes = 32;
inline constexpr std::size_t kSignatureBytes = 64;

class SigningKey {
public:
    /// The key in `file`, made there with mode 0600 when there is none. Errors: a file that others may read, or that
    /// is not one of ours (internal, `cause` says which).
    static Result<SigningKey> load_or_create(const std::filesystem::path& file, Random& random);
    static Result<SigningKey> generate(Random& random);

    /// Names the public key: the first 16 characters of its SHA-256.
    const std::string& kid() const { return kid_; }
    /// The 32 bytes that anybody may know.
    std::string public_key() const;
    std::string sign(std::string_view message) const;
    bool verify(std::string_view message, std::string_view signature) const;

private:
    static Result<SigningKey> from_seed(std::string_view seed);
    std::shared_ptr<evp_pkey_st> key_;
    std::string kid_;
};

}  // namespace confidente::crypto
