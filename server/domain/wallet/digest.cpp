#include "domain/wallet/digest.hpp"

#include <openssl/sha.h>

#include <array>

#include "platform/base/bytes.hpp"

namespace confidente::wallet {

std::string sha256_hex(std::string_view text) {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(as_bytes(text).data(), text.size(), digest.data());
    return to_hex(digest);
}

}  // namespace confidente::wallet
