#include "platform/http/transport.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "platform/http/asio_transport.hpp"

namespace confidente::http {
namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

constexpr std::size_t kSharedBuffer = 16 * 1024;  // bytes of one read
constexpr std::size_t kMostParts = 64;            // of one write_now

template <class Stream>
class StreamTransport final : public Transport, public std::enable_shared_from_this<StreamTransport<Stream>> {
public:
    static constexpr bool kTls = !std::is_same_v<Stream, Socket>;

    template <class... Arguments>
    StreamTransport(Executor& executor, std::string address, std::shared_ptr<void> slot, Socket socket,
                    Arguments&... arguments)
        : executor_(executor),
          address_(std::move(address)),
          slot_(std::move(slot)),
          stream_(std::move(socket), arguments...),
          timer_(stream_.lowest_layer().get_executor()) {}

    void handshake(Done done) override {
        if constexpr (kTls)
            stream_.async_handshake(asio::ssl::stream_base::server,
                                    [self = this->shared_from_this(), done = std::move(done)](
                                        const boost::system::error_code& error) { done(!error, 0); });
        else
            executor_.post([done = std::move(done)] { done(true, 0); });
    }

    void read_some(char* data, std::size_t size, Done done) override {
        stream_.async_read_some(asio::buffer(data, size), completion(std::move(done)));
    }

    void read_shared(std::function<void(bool ok, std::string_view bytes)> done) override {
        if constexpr (kTls) {
            auto own = std::make_shared_for_overwrite<std::array<char, kSharedBuffer>>();
            stream_.async_read_some(asio::buffer(*own), [self = this->shared_from_this(), own, done = std::move(done)](
                                                            const boost::system::error_code& error, std::size_t bytes) {
                done(!error, {own->data(), bytes});
            });
        } else {
            stream_.async_wait(Socket::wait_read, [self = this->shared_from_this(),
                                                   done = std::move(done)](boost::system::error_code error) mutable {
                thread_local std::array<char, kSharedBuffer> shared;
                std::size_t bytes = 0;
                if (!error) self->stream_.non_blocking(true, error);
                if (!error) bytes = self->stream_.read_some(asio::buffer(shared), error);
                if (error == asio::error::would_block || error == asio::error::try_again)
                    return self->read_shared(std::move(done));
                done(!error, {shared.data(), bytes});
            });
        }
    }

    void write(std::vector<std::string_view> parts, Done done) override {
        std::vector<asio::const_buffer> buffers;
        buffers.reserve(parts.size());
        for (const auto part : parts) buffers.emplace_back(part.data(), part.size());
        asio::async_write(stream_, std::move(buffers), completion(std::move(done)));
    }

    std::optional<std::size_t> write_now(std::span<const std::string_view> parts) override {
        if constexpr (kTls) return 0;  // records are sealed on the connection's own thread
        std::array<iovec, kMostParts> pieces;
        const std::size_t count = std::min(parts.size(), pieces.size());
        for (std::size_t i = 0; i < count; ++i)
            pieces[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};  // sendmsg only reads them
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        ssize_t sent = -1;
        do {
            sent = ::sendmsg(stream_.lowest_layer().native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        } while (sent < 0 && errno == EINTR);
        if (sent >= 0) return static_cast<std::size_t>(sent);
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        return std::nullopt;
    }

    void limit_unsent(std::size_t bytes) override {
        const auto limit = static_cast<int>(bytes);
        // Only a limit is lost where the kernel has none.
        (void)::setsockopt(stream_.lowest_layer().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit,
                           sizeof limit);
    }

    void shutdown(Done done) override {
        if constexpr (kTls) {
            stream_.async_shutdown([self = this->shared_from_this(), done = std::move(done)](
                                       const boost::system::error_code& error) { done(!error, 0); });
        } else {
            boost::system::error_code error;
            stream_.shutdown(Socket::shutdown_send, error);
            executor_.post([done = std::move(done), ok = !error] { done(ok, 0); });
        }
    }

    void close() override {
        boost::system::error_code ignored;
        timer_.cancel();
        stream_.lowest_layer().close(ignored);
    }

    void deadline(std::chrono::milliseconds after, std::function<void()> expired) override {
        const auto number = ++deadline_;
        timer_.expires_after(after);
        timer_.async_wait([self = this->shared_from_this(), number,
                           expired = std::move(expired)](const boost::system::error_code& error) {
            // A wait that ended while it was being replaced is told by its number.
            if (!error && number == self->deadline_) expired();
        });
    }

    void no_deadline() override {
        ++deadline_;
        timer_.cancel();
    }

    Executor& executor() override { return executor_; }
    const std::string& remote_address() const override { return address_; }

private:
    auto completion(Done done) {
        return [self = this->shared_from_this(), done = std::move(done)](const boost::system::error_code& error,
                                                                         std::size_t bytes) { done(!error, bytes); };
    }

    Executor& executor_;
    std::string address_;
    std::shared_ptr<void> slot_;
    Stream stream_;
    Timer timer_;
    std::uint64_t deadline_ = 0;
};

}  // namespace

std::shared_ptr<Transport> make_transport(Socket socket, asio::ssl::context* tls, Executor& executor,
                                          std::string remote_address, std::shared_ptr<void> slot) {
    if (tls)
        return std::make_shared<StreamTransport<asio::ssl::stream<Socket>>>(executor, std::move(remote_address),
                                                                            std::move(slot), std::move(socket), *tls);
    return std::make_shared<StreamTransport<Socket>>(executor, std::move(remote_address), std::move(slot),
                                                     std::move(socket));
}

}  // namespace confidente::http
