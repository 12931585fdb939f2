// Media over TCP, for networks that let no UDP through (RFC 6544, passive candidates; RFC 4571 framing). A gateway
// beside the engine, not inside it: every TCP connection gets a UDP socket of its own towards the engine's port, so
// that to the switchboard it is an address like any other, and a slow reader holds up nobody but itself. The price is
// one more pass through the kernel for those few (docs/decisions/0008-media-over-tcp-beside-the-engine.md).
//
// Errors: `tcp_unavailable` (unavailable) when the address cannot be bound; the detail names it.
// Invariants: until the engine has answered a connection's STUN, which it does for authenticated requests alone,
// nothing but STUN passes and the connection has kTcpProveWithin; one that says nothing for kTcpIdle, or takes nothing
// of what waits for it for kTcpStalled, is closed; what does not fit in kTcpQueueBytes is dropped, as by a full link. A
// closed connection's UDP address is used again only when the engine has forgotten it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "media/protocol/stun/address.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxTcpConnections = 2'000;
inline constexpr std::size_t kMaxTcpUnproven = 500;
inline constexpr std::size_t kMaxTcpPerAddress = 64;  ///< of one IPv4 address or IPv6 /64: a shared exit has many
inline constexpr std::size_t kTcpQueueBytes = 128 * 1024;
inline constexpr Duration kTcpProveWithin = 10s;
inline constexpr Duration kTcpIdle = 30s;     ///< as consent (RFC 7675)
inline constexpr Duration kTcpStalled = 10s;  ///< nothing of what waits was taken

struct TcpGatewayConfig {
    std::string listen_ip;
    std::uint16_t port = 0;  ///< 0 = any free one
    SocketAddress engine;    ///< where the engine's UDP can be reached from this machine
    Duration prove_within = kTcpProveWithin, idle = kTcpIdle, stalled = kTcpStalled;  ///< shorter in tests
};

/// Counters since it opened; exact, each by itself.
struct TcpGatewayStats {
    std::uint64_t open = 0;  ///< now
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;          ///< a limit was reached
    std::uint64_t closed_unproven = 0;  ///< no authenticated STUN in time, or something else than STUN before
    std::uint64_t closed_idle = 0;
    std::uint64_t closed_stalled = 0;
    std::uint64_t closed_broken = 0;  ///< a frame larger than any datagram of ours
    std::uint64_t dropped = 0;        ///< datagrams for which the queue had no room
};

class TcpGateway {
public:
    /// `clock` outlives it.
    static Result<std::unique_ptr<TcpGateway>> open(TcpGatewayConfig config, const Clock& clock);
    ~TcpGateway();
    TcpGateway(const TcpGateway&) = delete;
    TcpGateway& operator=(const TcpGateway&) = delete;

    std::uint16_t port() const;
    TcpGatewayStats stats() const;

private:
    class Loop;
    explicit TcpGateway(std::unique_ptr<Loop> loop);
    std::unique_ptr<Loop> loop_;
};

}  // namespace confidente::media
