// One UDP socket, non-blocking, in batches: recvmmsg in, sendmmsg out. Buffers are allocated once.
//
// Errors: `udp_unavailable` (unavailable) when the address cannot be bound; the detail names it. Sending never fails
// as a whole: a datagram that the kernel refuses is dropped and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "media/session/outbox.hpp"
#include "media/session/peer.hpp"
#include "platform/base/result.hpp"

namespace confidente::media {

inline constexpr std::size_t kReceiveBatch = 64;            ///< datagrams of one recvmmsg
inline constexpr int kSocketBufferBytes = 4 * 1024 * 1024;  ///< asked for; the kernel may give less

class UdpSocket {
public:
    /// `ip` is IPv4 or IPv6 text; port 0 = any free one.
    static Result<UdpSocket> open(const std::string& ip, std::uint16_t port);
    ~UdpSocket();
    UdpSocket(UdpSocket&&) noexcept;
    UdpSocket& operator=(UdpSocket&&) = delete;

    int handle() const { return handle_; }
    const SocketAddress& local() const { return local_; }

    /// How many datagrams are now in datagram(0…); 0 when none waits. The last batch is forgotten.
    std::size_t receive();
    Datagram datagram(std::size_t at);
    /// Sends all and clears; how many the kernel refused.
    std::size_t send(Outbox& out);

private:
    struct Batch;
    UdpSocket(int handle, SocketAddress local);
    int handle_ = -1;
    SocketAddress local_;
    std::unique_ptr<Batch> batch_;
};

}  // namespace confidente::media
