#include "media/engine/udp_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace confidente::media {

namespace {
constexpr std::size_t kSendBatch = 64;

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
}  // namespace

struct UdpSocket::Batch {
    std::array<std::array<std::uint8_t, kMaxDatagram>, kReceiveBatch> bytes;
    std::array<sockaddr_storage, kReceiveBatch> from;
    std::array<iovec, kReceiveBatch> vectors;
    std::array<mmsghdr, kReceiveBatch> messages;
};

UdpSocket::UdpSocket(int handle, SocketAddress local)
    : handle_(handle), local_(local), batch_(std::make_unique<Batch>()) {}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), local_(other.local_), batch_(std::move(other.batch_)) {}

UdpSocket::~UdpSocket() {
    if (handle_ >= 0) ::close(handle_);
}

Result<UdpSocket> UdpSocket::open(const std::string& ip, std::uint16_t port) {
    const auto refused = [&](const char* step) {
        const auto why = std::string{step} + ": " + std::strerror(errno);
        return Error{ErrorKind::unavailable, "udp_unavailable",
                     "UDP " + ip + " port " + std::to_string(port) + " cannot be opened", why};
    };
    const auto wanted = SocketAddress::parse(ip, port);
    if (!wanted) {
        errno = EINVAL;
        return refused("address");
    }
    const int family = wanted->family == AddressFamily::v4 ? AF_INET : AF_INET6;
    const int handle = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (handle < 0) return refused("socket");
    UdpSocket made(handle, *wanted);
    // A smaller buffer than asked for is no error: it only bears shorter bursts.
    (void)::setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);
    (void)::setsockopt(handle, SOL_SOCKET, SO_SNDBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);
    sockaddr_storage address;
    auto length = to_socket(*wanted, address);
    if (::bind(handle, reinterpret_cast<const sockaddr*>(&address), length) != 0) return refused("bind");
    length = sizeof address;
    if (::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) != 0) return refused("getsockname");
    made.local_ = from_socket(address);
    return made;
}

std::size_t UdpSocket::receive() {
    auto& batch = *batch_;
    for (std::size_t i = 0; i < kReceiveBatch; ++i) {
        batch.vectors[i] = {batch.bytes[i].data(), batch.bytes[i].size()};
        batch.messages[i] = {};
        batch.messages[i].msg_hdr.msg_name = &batch.from[i];
        batch.messages[i].msg_hdr.msg_namelen = sizeof batch.from[i];
        batch.messages[i].msg_hdr.msg_iov = &batch.vectors[i];
        batch.messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int got = ::recvmmsg(handle_, batch.messages.data(), kReceiveBatch, MSG_DONTWAIT, nullptr);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

Datagram UdpSocket::datagram(std::size_t at) {
    const auto& message = batch_->messages[at];
    // What was cut is larger than anything we speak: it goes on as an empty one, which is malformed.
    const std::size_t size = message.msg_hdr.msg_flags & MSG_TRUNC ? 0 : message.msg_len;
    return {MutableBytes{batch_->bytes[at]}.first(size), from_socket(batch_->from[at])};
}

std::size_t UdpSocket::send(Outbox& out) {
    std::array<sockaddr_storage, kSendBatch> to;
    std::array<iovec, kSendBatch> vectors;
    std::array<mmsghdr, kSendBatch> messages;
    std::size_t refused = 0;
    for (std::size_t first = 0; first < out.size();) {
        const auto count = std::min(kSendBatch, out.size() - first);
        for (std::size_t i = 0; i < count; ++i) {
            const auto bytes = out.datagram(first + i);
            vectors[i] = {bytes.data(), bytes.size()};
            messages[i] = {};
            messages[i].msg_hdr.msg_name = &to[i];
            messages[i].msg_hdr.msg_namelen = to_socket(out.head(first + i).to, to[i]);
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        for (std::size_t done = 0; done < count;) {
            const int sent =
                ::sendmmsg(handle_, messages.data() + done, static_cast<unsigned>(count - done), MSG_DONTWAIT);
            if (sent > 0) {
                done += static_cast<std::size_t>(sent);
            } else if (errno != EINTR) {
                // The first of the rest is the one refused; the others may have another route.
                ++done;
                ++refused;
            }
        }
        first += count;
    }
    out.clear();
    return refused;
}

}  // namespace confidente::media
