// One TCP connection of the gateway with its UDP socket: frames in one direction, datagrams in the other. Private to
// the gateway. Units and limits are in tcp_gateway.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "media/session/outbox.hpp"
#include "platform/base/bytes.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

/// Closes itself.
class Handle {
public:
    explicit Handle(int fd = -1) : fd_(fd) {}
    Handle(Handle&& other) noexcept : fd_(other.release()) {}
    Handle& operator=(Handle&& other) noexcept;
    ~Handle();
    int get() const { return fd_; }
    bool good() const { return fd_ >= 0; }
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }

private:
    int fd_;
};

/// What became of a connection in a step; everything but `fine` closes it.
enum class TcpVerdict : std::uint8_t { fine, gone, unproven, broken };

class TcpConnection {
public:
    TcpConnection(Handle tcp, Handle udp, std::string address_key, Instant now);

    int tcp() const { return tcp_.get(); }
    int udp() const { return udp_.get(); }
    const std::string& address_key() const { return address_key_; }
    bool proven() const { return proven_; }
    Instant opened() const { return opened_; }
    Instant heard() const { return heard_; }
    /// Something waits for the other side, which last took some at progressed().
    bool waiting() const { return sent_ < queue_.size(); }
    Instant progressed() const { return progressed_; }
    /// The UDP socket outlives the connection for a while.
    Handle take_udp() { return std::move(udp_); }

    /// Whole frames that wait in the TCP socket go to the engine, at most kTcpReadAtOnce bytes.
    TcpVerdict read_tcp(Instant now);
    /// Datagrams of the engine go into the queue and as far as possible into the TCP socket; those without room are
    /// counted into `dropped`.
    TcpVerdict read_udp(Instant now, std::uint64_t& dropped);
    TcpVerdict write_tcp(Instant now);

private:
    TcpVerdict take_frames();
    void queue(Bytes datagram, std::uint64_t& dropped);

    Handle tcp_, udp_;
    std::string address_key_;
    Instant opened_, heard_, progressed_;
    bool proven_ = false;
    Buffer input_;  ///< the beginning of a frame
    Buffer queue_;  ///< frames that wait; the first sent_ bytes have left
    std::size_t sent_ = 0;
};

}  // namespace confidente::media
