// One UDP socket, non-blocking, in batches: recvmmsg in, sendmmsg out, and where the kernel can, several datagrams of
// one address as one piece of memory each way (UDP_GRO in, UDP_SEGMENT out). Buffers are allocated once.
//
// Errors: `udp_unavailable` (unavailable) when the address cannot be bound; the detail names it. Sending never fails
// as a whole: a datagram that the kernel refuses is dropped and counted. A kernel or a device that cannot cut datagrams
// is asked once; from then on they leave one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "media/session/outbox.hpp"
#include "media/session/peer.hpp"
#include "platform/base/result.hpp"

namespace confidente::media {

inline constexpr std::size_t kReceiveBatch = 64;            ///< calls' worth of one recvmmsg
inline constexpr std::size_t kMaxReceived = 4096;           ///< datagrams of one batch, once they are taken apart
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
    /// Whether the last batch was full, so that more may wait.
    bool more() const;
    /// Sends all and clears; how many the kernel refused.
    std::size_t send(Outbox& out);

    /// Whether datagrams of one address leave together.
    bool segments() const { return segments_ != Segments::off; }
    /// They do not from now on, as if the kernel could not.
    void send_one_by_one() { segments_ = Segments::off; }

private:
    struct Batch;
    enum class Segments : std::uint8_t { off, untried, proven };
    std::size_t flush(const Outbox& out, std::size_t calls);
    std::size_t send_plain(const Outbox& out, std::size_t first, std::size_t count);
    UdpSocket(int handle, SocketAddress local);
    int handle_ = -1;
    SocketAddress local_;
    Segments segments_ = Segments::off;
    std::unique_ptr<Batch> batch_;
};

}  // namespace confidente::media
