#include "media/protocol/stun/address.hpp"

#include <algorithm>
#include <charconv>

namespace confidente::media {
namespace {

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
    std::array<std::uint8_t, 4> ip = {};
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if ((dot == std::string_view::npos) != (i == 3)) return {};
        if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return {};
        unsigned value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (error != std::errc{} || end != part.data() + part.size() || value > 255) return {};
        ip[i] = static_cast<std::uint8_t>(value);
        if (i < 3) text.remove_prefix(dot + 1);
    }
    return ip;
}

enum class End : bool { middle, last };

/// Groups of an IPv6 address between colons, into `out`; how many bytes, -1 when malformed. The last group of an
/// address may be a dotted IPv4.
int parse_groups(std::string_view text, End end_of, std::array<std::uint8_t, 16>& out) {
    if (text.empty()) return 0;
    std::size_t size = 0;
    while (true) {
        const std::size_t colon = text.find(':');
        const std::string_view part = text.substr(0, colon);
        if (part.find('.') != std::string_view::npos) {
            const auto v4 = parse_v4(part);
            if (!v4 || colon != std::string_view::npos || end_of == End::middle || size + 4 > 16) return -1;
            std::copy(v4->begin(), v4->end(), out.begin() + static_cast<std::ptrdiff_t>(size));
            return static_cast<int>(size + 4);
        }
        std::uint16_t value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
        if (part.empty() || part.size() > 4 || error != std::errc{} || end != part.data() + part.size() ||
            size + 2 > 16)
            return -1;
        store_be16(out.data() + size, value);
        size += 2;
        if (colon == std::string_view::npos) return static_cast<int>(size);
        text.remove_prefix(colon + 1);
    }
}

std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) {
    std::array<std::uint8_t, 16> head = {}, tail = {};
    const std::size_t gap = text.find("::");
    const End head_end = gap == std::string_view::npos ? End::last : End::middle;
    const int head_size = parse_groups(text.substr(0, gap), head_end, head);
    if (head_size < 0) return {};
    if (gap == std::string_view::npos) return head_size == 16 ? std::optional{head} : std::nullopt;
    const int tail_size = parse_groups(text.substr(gap + 2), End::last, tail);
    if (tail_size < 0 || head_size + tail_size > 14) return {};
    std::copy_n(tail.begin(), tail_size, head.begin() + 16 - tail_size);
    return head;
}

std::string v6_text(const std::array<std::uint8_t, 16>& ip) {
    // RFC 5952: the longest run of two or more zero groups, the first of equals, becomes `::`.
    int best = -1, best_size = 1;
    for (int i = 0; i < 8; ++i) {
        int size = 0;
        while (i + size < 8 && load_be16(ip.data() + 2 * (i + size)) == 0) ++size;
        if (size > best_size) best = i, best_size = size;
    }
    std::string text;
    for (int i = 0; i < 8; ++i) {
        if (i == best) {
            text += "::";
            i += best_size - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        char digits[4];
        const auto end = std::to_chars(digits, digits + 4, load_be16(ip.data() + 2 * i), 16).ptr;
        text.append(digits, end);
    }
    return text;
}

}  // namespace

SocketAddress SocketAddress::v4(const std::array<std::uint8_t, 4>& ip, std::uint16_t port) {
    SocketAddress address{.family = AddressFamily::v4, .ip = {}, .port = port};
    std::copy(ip.begin(), ip.end(), address.ip.begin());
    return address;
}

SocketAddress SocketAddress::v6(const std::array<std::uint8_t, 16>& ip, std::uint16_t port) {
    return {.family = AddressFamily::v6, .ip = ip, .port = port};
}

SocketAddress SocketAddress::unmapped() const {
    static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (family == AddressFamily::v4 || !std::equal(kMapped.begin(), kMapped.end(), ip.begin())) return *this;
    return v4({ip[12], ip[13], ip[14], ip[15]}, port);
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text, std::uint16_t port) {
    if (text.find(':') == std::string_view::npos) {
        const auto ip = parse_v4(text);
        return ip ? std::optional{v4(*ip, port)} : std::nullopt;
    }
    const auto ip = parse_v6(text);
    return ip ? std::optional{v6(*ip, port)} : std::nullopt;
}

std::string SocketAddress::ip_text() const {
    if (family == AddressFamily::v6) return v6_text(ip);
    std::string text;
    for (int i = 0; i < 4; ++i) text += (i ? "." : "") + std::to_string(ip[static_cast<std::size_t>(i)]);
    return text;
}

std::string SocketAddress::text() const {
    const std::string host = family == AddressFamily::v6 ? "[" + ip_text() + "]" : ip_text();
    return host + ":" + std::to_string(port);
}

}  // namespace confidente::media

std::size_t std::hash<confidente::media::SocketAddress>::operator()(
    const confidente::media::SocketAddress& address) const noexcept {
    using confidente::load_be64;
    std::uint64_t mixed = load_be64(address.ip.data()) * 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ mixed >> 29 ^ load_be64(address.ip.data() + 8)) * 0xBF58476D1CE4E5B9ULL;
    mixed =
        (mixed ^ mixed >> 32 ^ address.port ^ static_cast<std::uint64_t>(address.family) << 16) * 0x94D049BB133111EBULL;
    return mixed ^ mixed >> 31;
}
