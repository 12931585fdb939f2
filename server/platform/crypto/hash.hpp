// SHA-256 (FIPS 180-4), HMAC-SHA-256 and, where a protocol fixes it, HMAC-SHA-1 (RFC 2104), comparison in constant
// time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/base/bytes.hpp"

namespace confidente::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);
Digest sha256(Bytes data);
/// 64 characters of hex; how random secrets (refresh tokens, stream keys) are kept.
std::string sha256_hex(std::string_view data);
Digest hmac_sha256(std::string_view key, std::string_view data);
/// For TURN's time-limited credentials alone.
std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data);
/// Takes as long for any two texts of the same length; different lengths are unequal at once.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace confidente::crypto
