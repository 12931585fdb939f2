#include "media/engine/socket_address.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace confidente::media {

socklen_t to_socket(const SocketAddress& address, sockaddr_storage& out) {
    std::memset(&out, 0, sizeof out);
    if (address.family == AddressFamily::v4) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, address.ip.data(), 4);
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, address.ip.data(), 16);
    return sizeof v6;
}

SocketAddress from_socket(const sockaddr_storage& in) {
    SocketAddress address;
    if (in.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(in);
        address.port = ntohs(v4.sin_port);
        std::memcpy(address.ip.data(), &v4.sin_addr, 4);
    } else {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(in);
        address.family = AddressFamily::v6;
        address.port = ntohs(v6.sin6_port);
        std::memcpy(address.ip.data(), &v6.sin6_addr, 16);
    }
    return address;
}

bool is_any(const SocketAddress& address) {
    const auto ip = address.ip_bytes();
    return std::all_of(ip.begin(), ip.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::vector<std::string> reachable_addresses(AddressFamily family) {
    std::vector<std::string> found, loopback;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return {};
    for (const auto* one = all; one; one = one->ifa_next) {
        if (!one->ifa_addr || !(one->ifa_flags & IFF_UP)) continue;
        const int kind = one->ifa_addr->sa_family;
        if (kind != AF_INET && !(kind == AF_INET6 && family == AddressFamily::v6)) continue;
        sockaddr_storage storage{};
        std::memcpy(&storage, one->ifa_addr, kind == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        const auto address = from_socket(storage);
        if (kind == AF_INET6 && address.ip[0] == 0xFE && (address.ip[1] & 0xC0) == 0x80) continue;
        (one->ifa_flags & IFF_LOOPBACK ? loopback : found).push_back(address.ip_text());
    }
    ::freeifaddrs(all);
    return found.empty() ? loopback : found;
}

}  // namespace confidente::media
