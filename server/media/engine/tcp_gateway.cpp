#include "media/engine/tcp_gateway.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <thread>
#include <unordered_map>

#include "media/engine/socket_address.hpp"
#include "media/engine/tcp_connection.hpp"
#include "media/protocol/ice/credentials.hpp"

namespace confidente::media {

namespace {
constexpr int kBacklog = 512;
constexpr int kTcpSendBufferBytes = 256 * 1024;  ///< what the kernel holds of a connection: a second of 2 Mbit/s
constexpr Duration kInspection = 500ms;          ///< how late a limit of time may be noticed
constexpr Duration kRest = kConsentLost + 1s;    ///< so long the engine may take an address for the last one's

using Key = std::uint64_t;  // of epoll: a connection's number and which of its two sockets
constexpr Key kListener = 0, kBell = 1, kFirstConnection = 2;
constexpr Key tcp_key(std::uint64_t number) { return number * 2; }
constexpr Key udp_key(std::uint64_t number) { return number * 2 + 1; }

/// Whom a limit counts: an IPv4 address, or an IPv6 network of one customer.
std::string key_of(const SocketAddress& address) {
    const auto ip = address.ip_bytes();
    const auto counted = address.family == AddressFamily::v6 ? ip.first(8) : ip;
    return {reinterpret_cast<const char*>(counted.data()), counted.size()};
}
}  // namespace

class TcpGateway::Loop {
public:
    Loop(TcpGatewayConfig config, const Clock& clock) : config_(std::move(config)), clock_(clock) {}
    ~Loop() {
        stopping_ = true;
        if (bell_.good()) (void)::eventfd_write(bell_.get(), 1);
        if (thread_.joinable()) thread_.join();
    }

    Status open() {
        const auto refused = [&](const char* step) {
            return Error{ErrorKind::unavailable, "tcp_unavailable",
                         "TCP " + config_.listen_ip + " port " + std::to_string(config_.port) + " cannot be opened",
                         std::string{step} + ": " + std::strerror(errno)};
        };
        const auto wanted = SocketAddress::parse(config_.listen_ip, config_.port);
        if (!wanted) return refused("address");
        sockaddr_storage address;
        auto length = to_socket(*wanted, address);
        listener_ = Handle{::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (!listener_.good()) return refused("socket");
        const int yes = 1;
        (void)::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return refused("bind");
        if (::listen(listener_.get(), kBacklog) != 0) return refused("listen");
        length = sizeof address;
        if (::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
            return refused("getsockname");
        port_ = from_socket(address).port;
        poll_ = Handle{::epoll_create1(EPOLL_CLOEXEC)};
        bell_ = Handle{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
        if (!poll_.good() || !bell_.good() || !watch(listener_.get(), kListener, EPOLLIN) ||
            !watch(bell_.get(), kBell, EPOLLIN))
            return refused("epoll");
        thread_ = std::thread([this] { run(); });
        return {};
    }

    std::uint16_t port() const { return port_; }
    TcpGatewayStats stats() const {
        return {.open = open_,
                .accepted = accepted_,
                .refused = refused_,
                .closed_unproven = closed_unproven_,
                .closed_idle = closed_idle_,
                .closed_stalled = closed_stalled_,
                .closed_broken = closed_broken_,
                .dropped = dropped_};
    }

private:
    struct Served {
        TcpConnection connection;
        bool awaits_room = false;  ///< epoll tells when it can be written to
    };
    using Connections = std::unordered_map<std::uint64_t, Served>;
    struct Resting {
        Handle udp;
        Instant until;
    };

    bool watch(int handle, Key key, std::uint32_t events) const {
        epoll_event event{.events = events, .data = {.u64 = key}};
        return ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, handle, &event) == 0;
    }

    void run() {
        std::array<epoll_event, 256> events;
        while (!stopping_) {
            const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()),
                                           static_cast<int>(kInspection / 1ms));
            const auto now = clock_.now();
            for (int i = 0; i < count; ++i) {
                const auto key = events[static_cast<std::size_t>(i)].data.u64;
                if (key == kListener) accept_all(now);
                if (key >= kFirstConnection) serve(key, events[static_cast<std::size_t>(i)].events, now);
            }
            if (now - inspected_ >= kInspection) inspect(now);
        }
        // The engine's goodbyes.
        std::uint64_t dropped = 0;
        for (auto& [number, served] : connections_) (void)served.connection.read_udp(clock_.now(), dropped);
    }

    void accept_all(Instant now) {
        for (int i = 0; i < kBacklog; ++i) {
            sockaddr_storage from;
            socklen_t length = sizeof from;
            Handle tcp{
                ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (!tcp.good()) {
                // Without descriptors the listener would wake us for ever: it is looked at again in a moment.
                if (errno == EMFILE || errno == ENFILE) pause_accepting();
                return;
            }
            admit(std::move(tcp), key_of(from_socket(from)), now);
        }
    }

    void pause_accepting() {
        if (!accepting_) return;
        accepting_ = false;
        (void)::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
    }

    void admit(Handle tcp, const std::string& address, Instant now) {
        const auto same = by_address_.find(address);
        if (connections_.size() >= kMaxTcpConnections || unproven_ >= kMaxTcpUnproven ||
            (same != by_address_.end() && same->second >= kMaxTcpPerAddress)) {
            ++refused_;
            return;
        }
        const int yes = 1, buffer = kTcpSendBufferBytes;
        (void)::setsockopt(tcp.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        (void)::setsockopt(tcp.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        sockaddr_storage engine;
        const auto length = to_socket(config_.engine, engine);
        Handle udp{::socket(engine.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (!udp.good() || ::connect(udp.get(), reinterpret_cast<const sockaddr*>(&engine), length) != 0) {
            ++refused_;
            return;
        }
        const auto number = ++last_number_;
        if (!watch(tcp.get(), tcp_key(number), EPOLLIN | EPOLLRDHUP) || !watch(udp.get(), udp_key(number), EPOLLIN)) {
            ++refused_;
            return;
        }
        connections_.emplace(number, Served{TcpConnection{std::move(tcp), std::move(udp), address, now}});
        ++by_address_[address];
        ++unproven_;
        ++accepted_;
        open_ = connections_.size();
    }

    void serve(Key key, std::uint32_t events, Instant now) {
        const auto number = key / 2;
        const auto found = connections_.find(number);
        if (found == connections_.end()) return;
        auto& connection = found->second.connection;
        const bool was_proven = connection.proven();
        auto verdict = TcpVerdict::fine;
        if (key == udp_key(number)) {
            std::uint64_t dropped = 0;
            verdict = connection.read_udp(now, dropped);
            dropped_ += dropped;
        } else {
            if (events & EPOLLOUT) verdict = connection.write_tcp(now);
            if (verdict == TcpVerdict::fine && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
                verdict = connection.read_tcp(now);
        }
        if (!was_proven && connection.proven()) --unproven_;
        if (verdict == TcpVerdict::unproven) ++closed_unproven_;
        if (verdict == TcpVerdict::broken) ++closed_broken_;
        if (verdict != TcpVerdict::fine) return close(found, now);
        if (found->second.awaits_room == connection.waiting()) return;
        found->second.awaits_room = connection.waiting();
        epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.u64 = tcp_key(number)}};
        if (connection.waiting()) event.events |= EPOLLOUT;
        (void)::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, connection.tcp(), &event);
    }

    void close(Connections::iterator found, Instant now) {
        auto& connection = found->second.connection;
        const auto same = by_address_.find(connection.address_key());
        if (--same->second == 0) by_address_.erase(same);
        if (!connection.proven()) --unproven_;
        auto udp = connection.take_udp();
        (void)::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, udp.get(), nullptr);
        // Only an address that the engine believed could be mistaken for its last owner.
        if (connection.proven() && resting_.size() < kMaxTcpConnections)
            resting_.push_back({std::move(udp), now + kRest});
        connections_.erase(found);
        open_ = connections_.size();
    }

    void inspect(Instant now) {
        inspected_ = now;
        while (!resting_.empty() && resting_.front().until <= now) resting_.pop_front();
        for (auto at = connections_.begin(); at != connections_.end();) {
            const auto next = std::next(at);
            const auto& one = at->second.connection;
            auto* counter = !one.proven() && now - one.opened() >= config_.prove_within  ? &closed_unproven_
                            : now - one.heard() >= config_.idle                          ? &closed_idle_
                            : one.waiting() && now - one.progressed() >= config_.stalled ? &closed_stalled_
                                                                                         : nullptr;
            if (counter) {
                ++*counter;
                close(at, now);
            }
            at = next;
        }
        if (!accepting_) accepting_ = watch(listener_.get(), kListener, EPOLLIN);
    }

    TcpGatewayConfig config_;
    const Clock& clock_;
    Handle listener_, poll_, bell_;
    std::uint16_t port_ = 0;

    // Of the thread alone.
    Connections connections_;
    std::unordered_map<std::string, std::size_t> by_address_;
    std::deque<Resting> resting_;
    std::uint64_t last_number_ = kFirstConnection;
    std::size_t unproven_ = 0;
    bool accepting_ = true;
    Instant inspected_{INT64_MIN / 2};

    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> open_{0}, accepted_{0}, refused_{0}, closed_unproven_{0}, closed_idle_{0},
        closed_stalled_{0}, closed_broken_{0}, dropped_{0};
    std::thread thread_;
};

TcpGateway::TcpGateway(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
TcpGateway::~TcpGateway() = default;

Result<std::unique_ptr<TcpGateway>> TcpGateway::open(TcpGatewayConfig config, const Clock& clock) {
    auto loop = std::make_unique<Loop>(std::move(config), clock);
    TRY_VOID(loop->open());
    return std::unique_ptr<TcpGateway>(new TcpGateway(std::move(loop)));
}

std::uint16_t TcpGateway::port() const { return loop_->port(); }
TcpGatewayStats TcpGateway::stats() const { return loop_->stats(); }

}  // namespace confidente::media
