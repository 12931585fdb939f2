#include "media/engine/udp_socket.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "media/engine/segments.hpp"
#include "media/engine/socket_address.hpp"

namespace confidente::media {

namespace {
constexpr std::size_t kSendBatch = 64;  // calls of one sendmmsg
constexpr std::size_t kReceiveSlot = 65'536;
constexpr std::size_t kSegmentControl = CMSG_SPACE(sizeof(std::uint16_t)), kReceiveControl = CMSG_SPACE(sizeof(int));

/// The size at which the kernel joined datagrams (UDP_GRO), or the whole when it did not.
std::uint32_t piece_bytes(const msghdr& header, std::uint32_t whole) {
    auto* message = const_cast<msghdr*>(&header);
    for (auto* one = CMSG_FIRSTHDR(message); one != nullptr; one = CMSG_NXTHDR(message, one)) {
        if (one->cmsg_level != SOL_UDP || one->cmsg_type != UDP_GRO) continue;
        int size = 0;
        std::memcpy(&size, CMSG_DATA(one), sizeof size);
        if (size > 0) return static_cast<std::uint32_t>(size);
    }
    return std::max<std::uint32_t>(1, whole);
}

void ask_for_segments(msghdr& header, char* control, std::uint16_t bytes) {
    header.msg_control = control;
    header.msg_controllen = kSegmentControl;
    auto* one = CMSG_FIRSTHDR(&header);
    one->cmsg_level = SOL_UDP;
    one->cmsg_type = UDP_SEGMENT;
    one->cmsg_len = CMSG_LEN(sizeof bytes);
    std::memcpy(CMSG_DATA(one), &bytes, sizeof bytes);
}
}  // namespace

/// The kernel writes only where datagrams came, so most of this memory is never touched.
struct UdpSocket::Batch {
    struct Call {
        std::size_t first = 0, count = 0;  // datagrams of the outbox
    };
    struct Piece {
        std::uint32_t slot = 0, at = 0, size = 0;
    };
    struct alignas(cmsghdr) Control {
        char bytes[std::max(kSegmentControl, kReceiveControl)];
    };
    std::array<std::array<std::uint8_t, kReceiveSlot>, kReceiveBatch> bytes;
    std::array<sockaddr_storage, kReceiveBatch> from;
    std::array<Control, kReceiveBatch> control;
    std::array<iovec, kReceiveBatch> vectors;
    std::array<mmsghdr, kReceiveBatch> messages;
    std::array<Piece, kMaxReceived> pieces;
    std::size_t slots = 0;

    std::array<Call, kSendBatch> calls;
    std::array<sockaddr_storage, kSendBatch> to;
    std::array<Control, kSendBatch> out_control;
    std::array<iovec, kSendBatch> out_vectors;
    std::array<mmsghdr, kSendBatch> out_messages;
};

UdpSocket::UdpSocket(int handle, SocketAddress local)
    : handle_(handle), local_(local), batch_(std::make_unique_for_overwrite<Batch>()) {}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)),
      local_(other.local_),
      segments_(other.segments_),
      batch_(std::move(other.batch_)) {}

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
    const int off = 0, on = 1;
    if (::setsockopt(handle, SOL_UDP, UDP_SEGMENT, &off, sizeof off) == 0) made.segments_ = Segments::untried;
    (void)::setsockopt(handle, SOL_UDP, UDP_GRO, &on, sizeof on);
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
        auto& header = batch.messages[i].msg_hdr;
        header.msg_name = &batch.from[i];
        header.msg_namelen = sizeof batch.from[i];
        header.msg_iov = &batch.vectors[i];
        header.msg_iovlen = 1;
        header.msg_control = batch.control[i].bytes;
        header.msg_controllen = kReceiveControl;
    }
    const int got = ::recvmmsg(handle_, batch.messages.data(), kReceiveBatch, MSG_DONTWAIT, nullptr);
    batch.slots = got > 0 ? static_cast<std::size_t>(got) : 0;
    std::size_t count = 0;
    for (std::uint32_t slot = 0; slot < batch.slots; ++slot) {
        const auto& message = batch.messages[slot];
        const auto size = message.msg_len;
        const auto step = piece_bytes(message.msg_hdr, size);
        // What is larger than anything we speak goes on as an empty datagram, which is malformed.
        if (size == 0 || step > kMaxDatagram || message.msg_hdr.msg_flags & MSG_TRUNC) {
            if (count < kMaxReceived) batch.pieces[count++] = {slot, 0, 0};
            continue;
        }
        for (std::uint32_t at = 0; at < size && count < kMaxReceived; at += step)
            batch.pieces[count++] = {slot, at, std::min(step, size - at)};
    }
    return count;
}

bool UdpSocket::more() const { return batch_->slots == kReceiveBatch; }

Datagram UdpSocket::datagram(std::size_t at) {
    const auto& piece = batch_->pieces[at];
    return {MutableBytes{batch_->bytes[piece.slot]}.subspan(piece.at, piece.size),
            from_socket(batch_->from[piece.slot])};
}

std::size_t UdpSocket::send(Outbox& out) {
    auto& batch = *batch_;
    std::size_t refused = 0, calls = 0;
    for (std::size_t first = 0; first < out.size();) {
        const auto count = segments() ? segment_run(out, first) : 1;
        const auto& head = out.head(first);
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < count; ++i) bytes += out.head(first + i).size;
        batch.calls[calls] = {first, count};
        batch.out_vectors[calls] = {out.datagram(first).data(), bytes};
        batch.out_messages[calls] = {};
        auto& header = batch.out_messages[calls].msg_hdr;
        header.msg_name = &batch.to[calls];
        header.msg_namelen = to_socket(head.to, batch.to[calls]);
        header.msg_iov = &batch.out_vectors[calls];
        header.msg_iovlen = 1;
        if (count > 1) ask_for_segments(header, batch.out_control[calls].bytes, head.size);
        first += count;
        if (++calls < kSendBatch && first < out.size()) continue;
        refused += flush(out, calls);
        calls = 0;
    }
    out.clear();
    return refused;
}

/// Sends the calls that are prepared; how many datagrams were refused.
std::size_t UdpSocket::flush(const Outbox& out, std::size_t calls) {
    auto& batch = *batch_;
    std::size_t refused = 0;
    for (std::size_t done = 0; done < calls;) {
        const int sent =
            ::sendmmsg(handle_, &batch.out_messages[done], static_cast<unsigned>(calls - done), MSG_DONTWAIT);
        if (sent > 0) {
            for (int i = 0; i < sent; ++i, ++done)
                if (batch.calls[done].count > 1 && segments_ == Segments::untried) segments_ = Segments::proven;
            continue;
        }
        if (errno == EINTR) continue;
        // The first of the rest is the one refused; the others may have another route.
        const auto [first, count] = batch.calls[done++];
        if (count == 1 || !(errno == EIO || errno == EINVAL)) {
            refused += count;
            continue;
        }
        // EIO: a device that cannot sum up what it cuts. EINVAL: an old kernel, if it never did it, else a path whose
        // datagrams must be smaller. One viewer's path must not cost the others.
        if (errno == EIO || segments_ != Segments::proven) segments_ = Segments::off;
        refused += send_plain(out, first, count);
    }
    return refused;
}

std::size_t UdpSocket::send_plain(const Outbox& out, std::size_t first, std::size_t count) {
    sockaddr_storage to;
    const auto length = to_socket(out.head(first).to, to);
    std::size_t refused = 0;
    for (std::size_t i = first; i < first + count; ++i) {
        const auto bytes = out.datagram(i);
        if (::sendto(handle_, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&to), length) < 0)
            ++refused;
    }
    return refused;
}

}  // namespace confidente::media
