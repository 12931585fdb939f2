// IP literals, beside the C library's reading of them.
#include <arpa/inet.h>

#include <cstring>

#include "media/protocol/stun/address.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;

FUZZ(input) {
    const std::string text{as_text(input)};
    const auto address = SocketAddress::parse(text, 4000);
    std::array<std::uint8_t, 16> expected{};
    const bool terminated = text.find('\0') == std::string::npos;
    const bool v4 = terminated && ::inet_pton(AF_INET, text.c_str(), expected.data()) == 1;
    const bool v6 = terminated && !v4 && ::inet_pton(AF_INET6, text.c_str(), expected.data()) == 1;
    check(address.has_value() == (v4 || v6));
    if (!address) return;
    check((address->family == AddressFamily::v4) == v4);
    check(std::memcmp(address->ip.data(), expected.data(), v4 ? 4 : 16) == 0);
    const auto again = SocketAddress::parse(address->ip_text(), 4000);
    check(again == address && std::hash<SocketAddress>{}(*again) == std::hash<SocketAddress>{}(*address));
    check(address->text().ends_with(":4000"));
}
