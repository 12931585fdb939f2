#include "platform/base/ids.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace confidente {

namespace {

/// Wall time may be set back. Ids do not go with it: whatever was made later sorts behind, as RFC 9562 §6.2 asks.
UtcTime never_back(UtcTime now) {
    static std::atomic<std::int64_t> latest_ms{0};
    std::int64_t latest = latest_ms.load(std::memory_order_relaxed);
    while (latest < now.ms && !latest_ms.compare_exchange_weak(latest, now.ms, std::memory_order_relaxed)) {
    }
    return {std::max(latest, now.ms)};
}

using UuidBytes = std::array<std::byte, 16>;

constexpr std::array<std::array<char, 2>, 256> kHexPairs = [] {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {kHex[byte >> 4U], kHex[byte & 15U]};
    return pairs;
}();

/// The parts that every UUIDv7 has: milliseconds first, then version and variant among what `bytes` brings.
std::string as_uuid_v7(UuidBytes bytes, UtcTime now) {
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::byte>(now.ms >> (8 * (5 - i)));
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
    std::array<char, 36> text;
    char* out = text.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
        std::memcpy(out, kHexPairs[std::to_integer<std::size_t>(bytes[i])].data(), 2);
        out += 2;
    }
    return {text.data(), text.size()};
}

/// SplitMix64's last step: a bijection that spreads neighbours over all 64 bits.
std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
}

}  // namespace

std::string make_uuid_v7(UtcTime now, Random& random) {
    UuidBytes bytes{};
    random.fill(bytes);
    return as_uuid_v7(bytes, never_back(now));
}

UuidSequence::UuidSequence(Random& random) : next_(random.u64()), prefix_(random.u64()) {}

std::string UuidSequence::next(UtcTime now) {
    const std::uint64_t one = mixed(next_.fetch_add(1, std::memory_order_relaxed));
    // 12 bits before the variant and 52 at the end are this one's, so no two of a process are the same; ten bits
    // between them stay.
    UuidBytes bytes{};
    bytes[6] = static_cast<std::byte>(one >> 56U);
    bytes[7] = static_cast<std::byte>(one >> 48U);
    bytes[8] = static_cast<std::byte>(prefix_);
    bytes[9] = static_cast<std::byte>((one >> 60U & 15U) | (prefix_ >> 8U & 0xF0U));
    for (std::size_t i = 0; i < 6; ++i) bytes[10 + i] = static_cast<std::byte>(one >> (8 * (5 - i)));
    return as_uuid_v7(bytes, now);
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

}  // namespace confidente
