#include "media/engine/tcp_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "media/engine/tcp_gateway.hpp"
#include "media/protocol/stun/stun.hpp"

namespace confidente::media {

namespace {
constexpr std::size_t kTcpReadAtOnce = 64 * 1024;  ///< then other connections get their turn
constexpr int kDatagramsAtOnce = 64;
constexpr std::size_t kFrameHeader = 2;  // RFC 4571 section 2

bool is_binding_request(Bytes frame) { return looks_like_stun(frame) && load_be16(frame.data()) == 0x0001; }
bool is_binding_success(Bytes frame) { return looks_like_stun(frame) && load_be16(frame.data()) == 0x0101; }
bool must_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
}  // namespace

Handle& Handle::operator=(Handle&& other) noexcept {
    if (this == &other) return *this;
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
    return *this;
}

Handle::~Handle() {
    if (fd_ >= 0) ::close(fd_);
}

TcpConnection::TcpConnection(Handle tcp, Handle udp, std::string address_key, Instant now)
    : tcp_(std::move(tcp)),
      udp_(std::move(udp)),
      address_key_(std::move(address_key)),
      opened_(now),
      heard_(now),
      progressed_(now) {}

TcpVerdict TcpConnection::read_tcp(Instant now) {
    std::array<std::uint8_t, 16 * 1024> bytes;
    for (std::size_t total = 0; total < kTcpReadAtOnce;) {
        const auto got = ::recv(tcp_.get(), bytes.data(), bytes.size(), 0);
        if (got < 0) return must_wait() ? TcpVerdict::fine : TcpVerdict::gone;
        if (got == 0) return TcpVerdict::gone;
        total += static_cast<std::size_t>(got);
        heard_ = now;
        input_.insert(input_.end(), bytes.begin(), bytes.begin() + got);
        if (const auto verdict = take_frames(); verdict != TcpVerdict::fine) return verdict;
    }
    return TcpVerdict::fine;
}

TcpVerdict TcpConnection::take_frames() {
    std::size_t at = 0;
    while (input_.size() - at >= kFrameHeader) {
        const std::size_t size = load_be16(&input_[at]);
        if (size > kMaxDatagram) return TcpVerdict::broken;
        if (input_.size() - at - kFrameHeader < size) break;
        const Bytes frame{&input_[at] + kFrameHeader, size};
        // Who has not proved to belong to a session has nothing to say but that.
        if (!proven_ && !is_binding_request(frame)) return TcpVerdict::unproven;
        (void)::send(udp_.get(), frame.data(), frame.size(), 0);
        at += kFrameHeader + size;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(at));
    return TcpVerdict::fine;
}

void TcpConnection::queue(Bytes datagram, std::uint64_t& dropped) {
    if (queue_.size() - sent_ + kFrameHeader + datagram.size() > kTcpQueueBytes) {
        ++dropped;
        return;
    }
    if (sent_ >= kTcpQueueBytes / 2) {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
    }
    const std::array<std::uint8_t, kFrameHeader> size{static_cast<std::uint8_t>(datagram.size() >> 8),
                                                      static_cast<std::uint8_t>(datagram.size())};
    queue_.insert(queue_.end(), size.begin(), size.end());
    queue_.insert(queue_.end(), datagram.begin(), datagram.end());
}

TcpVerdict TcpConnection::read_udp(Instant now, std::uint64_t& dropped) {
    if (!waiting()) progressed_ = now;
    std::array<std::uint8_t, kMaxDatagram> bytes;
    for (int i = 0; i < kDatagramsAtOnce; ++i) {
        const auto got = ::recv(udp_.get(), bytes.data(), bytes.size(), 0);
        if (got < 0) break;
        const auto datagram = Bytes{bytes}.first(static_cast<std::size_t>(got));
        if (is_binding_success(datagram)) proven_ = true;
        queue(datagram, dropped);
    }
    return write_tcp(now);
}

TcpVerdict TcpConnection::write_tcp(Instant now) {
    while (waiting()) {
        const auto sent = ::send(tcp_.get(), &queue_[sent_], queue_.size() - sent_, MSG_NOSIGNAL);
        if (sent < 0) return must_wait() ? TcpVerdict::fine : TcpVerdict::gone;
        progressed_ = now;
        sent_ += static_cast<std::size_t>(sent);
    }
    queue_.clear();
    sent_ = 0;
    return TcpVerdict::fine;
}

}  // namespace confidente::media
