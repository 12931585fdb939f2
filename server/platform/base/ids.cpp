#include "platform/base/ids.hpp"

#include <algorithm>
#include <array>
#include <atomic>

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

}  // namespace

std::string make_uuid_v7(UtcTime now, Random& random) {
    now = never_back(now);
    std::array<std::byte, 16> bytes{};
    random.fill(bytes);
    for (int i = 0; i < 6; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>(now.ms >> (8 * (5 - i)));
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
    static constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        const auto byte = std::to_integer<unsigned>(bytes[i]);
        text += kHex[byte >> 4U];
        text += kHex[byte & 15U];
    }
    return text;
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
