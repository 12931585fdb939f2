#include "platform/crypto/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"

namespace confidente::crypto {

Digest sha256(std::string_view data) {
    Digest digest{};
    SHA256(as_bytes(data).data(), data.size(), digest.data());
    return digest;
}

Digest sha256(Bytes data) { return sha256(as_text(data)); }

std::string sha256_hex(std::string_view data) {
    const auto digest = sha256(data);
    return to_hex(digest);
}

Digest hmac_sha256(std::string_view key, std::string_view data) {
    Digest digest{};
    unsigned length = 0;
    const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(data).data(), data.size(),
                            digest.data(), &length);
    check(made != nullptr && length == digest.size());
    return digest;
}

std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data) {
    std::array<std::uint8_t, 20> digest{};
    unsigned length = 0;
    const auto* made = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), as_bytes(data).data(), data.size(),
                            digest.data(), &length);
    check(made != nullptr && length == digest.size());
    return digest;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace confidente::crypto
