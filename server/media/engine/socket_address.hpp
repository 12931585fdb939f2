// Addresses as the kernel writes them. Private to the engine.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "media/protocol/stun/address.hpp"

namespace confidente::media {

/// The length that goes with it.
socklen_t to_socket(const SocketAddress& address, sockaddr_storage& out);
/// An IPv4 address that comes over an IPv6 socket (::ffff:192.0.2.1) stays as it came, so that answers find their way.
SocketAddress from_socket(const sockaddr_storage& in);

/// 0.0.0.0 and ::
bool is_any(const SocketAddress& address);
/// Addresses of this machine that others can reach, without ports: of both families for ::, of IPv4 for 0.0.0.0.
/// Loopback only where there is nothing else; never link-local ones, which need a scope.
std::vector<std::string> reachable_addresses(AddressFamily family);

}  // namespace confidente::media
