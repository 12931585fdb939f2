// An IP address with a port, as a value: what STUN carries and what tells one remote transport from another.
// IPv4 and IPv6, no scope ids, no names. Text is RFC 5952 for IPv6.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/bytes.hpp"

namespace confidente::media {

enum class AddressFamily : std::uint8_t { v4 = 4, v6 = 6 };

struct SocketAddress {
    AddressFamily family = AddressFamily::v4;
    std::array<std::uint8_t, 16> ip = {};  ///< IPv4 fills the first four; the rest stay zero
    std::uint16_t port = 0;

    static SocketAddress v4(const std::array<std::uint8_t, 4>& ip, std::uint16_t port);
    static SocketAddress v6(const std::array<std::uint8_t, 16>& ip, std::uint16_t port);
    /// `127.0.0.1`, `::1`, `2001:db8::1`; IPv4-mapped IPv6 stays IPv6. Nothing for anything else.
    static std::optional<SocketAddress> parse(std::string_view ip, std::uint16_t port);

    /// IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) as IPv4; everything else as it is.
    SocketAddress unmapped() const;

    Bytes ip_bytes() const { return {ip.data(), family == AddressFamily::v4 ? std::size_t{4} : std::size_t{16}}; }
    std::string ip_text() const;
    std::string text() const;  ///< `127.0.0.1:40000`, `[::1]:40000`

    auto operator<=>(const SocketAddress&) const = default;
};

}  // namespace confidente::media

template <>
struct std::hash<confidente::media::SocketAddress> {
    std::size_t operator()(const confidente::media::SocketAddress& address) const noexcept;
};
