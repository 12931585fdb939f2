// Bytes as the network gives them: borrowed views, big-endian reads and writes whose bounds the caller has checked,
// and the text forms of bytes (hex, base64url).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confidente {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

constexpr std::uint16_t load_be16(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); }
constexpr std::uint32_t load_be24(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 16 | std::uint32_t{at[1]} << 8 | at[2];
}
constexpr std::uint32_t load_be32(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}
constexpr std::uint64_t load_be64(const std::uint8_t* at) {
    return std::uint64_t{load_be32(at)} << 32 | load_be32(at + 4);
}
constexpr void store_be16(std::uint8_t* at, std::uint16_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
constexpr void store_be24(std::uint8_t* at, std::uint32_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 16);
    store_be16(at + 1, static_cast<std::uint16_t>(value));
}
constexpr void store_be32(std::uint8_t* at, std::uint32_t value) {
    store_be16(at, static_cast<std::uint16_t>(value >> 16));
    store_be16(at + 2, static_cast<std::uint16_t>(value));
}
constexpr void store_be64(std::uint8_t* at, std::uint64_t value) {
    store_be32(at, static_cast<std::uint32_t>(value >> 32));
    store_be32(at + 4, static_cast<std::uint32_t>(value));
}

inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::string to_hex(Bytes bytes);
std::optional<Buffer> from_hex(std::string_view text);
/// Unpadded base64url (RFC 4648 §5).
std::string to_base64url(Bytes bytes);
/// Strict: no padding, no other characters, unused last bits zero; nothing otherwise.
std::optional<Buffer> from_base64url(std::string_view text);
/// Standard base64 with padding (RFC 4648 §4).
std::string to_base64(Bytes bytes);

}  // namespace confidente
