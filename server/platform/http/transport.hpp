// A byte stream to one peer, plain or TLS, and its timer: the only thing sessions know of sockets. Asio stays in
// transport.cpp and server.cpp. All calls and callbacks on the transport's own executor; buffers handed in must live
// until the callback. A callback always comes, with ok = false after close().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/task.hpp"

namespace confidente::http {

class Transport {
public:
    using Done = std::function<void(bool ok, std::size_t bytes)>;
    virtual ~Transport() = default;
    virtual void handshake(Done done) = 0;
    virtual void read_some(char* data, std::size_t size, Done done) = 0;
    /// Reads into a buffer that the thread's connections share, so that one that is idle holds none. `bytes` are
    /// there during the call only. TLS brings a buffer of its own per read.
    virtual void read_shared(std::function<void(bool ok, std::string_view bytes)> done) = 0;
    /// Writes all parts, in order, gathered.
    virtual void write(std::vector<std::string_view> parts, Done done) = 0;
    /// Gives the kernel what it takes at once: the number of bytes, 0 when it takes none now, or nothing when the
    /// connection is broken. From any thread, but never beside a write() that is under way, nor beside close().
    virtual std::optional<std::size_t> write_now(std::span<const std::string_view> parts) = 0;
    /// At most about `bytes` wait in the kernel for their turn to be sent; the rest waits with the sender, who can
    /// see it there (tcp(7), TCP_NOTSENT_LOWAT).
    virtual void limit_unsent(std::size_t bytes) = 0;
    /// Tells the peer that no more will come.
    virtual void shutdown(Done done) = 0;
    virtual void close() = 0;
    /// Calls `expired` once after `after`, unless another deadline or none replaces it before.
    virtual void deadline(std::chrono::milliseconds after, std::function<void()> expired) = 0;
    virtual void no_deadline() = 0;
    virtual Executor& executor() = 0;
    virtual const std::string& remote_address() const = 0;
};

/// What a thread must end when the server does. Held by the loop while it is open.
class Session {
public:
    virtual ~Session() = default;
    virtual void drain() = 0;
    virtual void abort() = 0;
};

/// One thread's open sessions; touched on that thread only.
class Sessions {
public:
    virtual ~Sessions() = default;
    virtual void opened(std::shared_ptr<Session> session) = 0;
    virtual void ended(Session& session) = 0;
    virtual bool draining() const = 0;
};

}  // namespace confidente::http
