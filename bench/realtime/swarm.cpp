// A swarm of Socket.IO clients over websocket on one thread: the same load for any server that answers `join` and
// `say`. It measures connections, memory and deliveries from outside, and the server's CPU time from /proc.
//
//   swarm --port 9000 --pid 1234 --sockets 5000 --rate 40 --seconds 5 [--saturate] [--senders 20]
//
// One line of JSON: connectionsPerSecond, connectCpuMs, bytesPerSocket, sent, deliveries, lost, cpuSeconds,
// perCpuSecond, p50Ms, p99Ms, maxMs. Loopback only; every loop is bounded in count and time.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "process_figures.hpp"

namespace {

using bench::cpu_seconds;
using bench::resident_bytes;

using Clock = std::chrono::steady_clock;

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "swarm: %s\n", why.c_str());
    std::exit(1);
}

/// A masked text frame (RFC 6455 §5.2); the mask is zero, which is a mask like any other.
std::string frame(std::string_view text) {
    std::string out{"\x81"};
    if (text.size() < 126) {
        out += static_cast<char>(0x80 | text.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(text.size() >> 8);
        out += static_cast<char>(text.size() & 0xff);
    }
    out.append(4, '\0');
    return out.append(text);
}

enum class Phase : std::uint8_t { connecting, upgrading, opening, connected, joined };

struct Socket {
    int fd = -1;
    Phase phase = Phase::connecting;
    std::string rest;  ///< an incomplete frame
    std::string out;   ///< not yet taken by the kernel
};

struct Options {
    std::map<std::string, std::string> values;
    long number(const std::string& name, long otherwise) const {
        const auto found = values.find(name);
        return found == values.end() ? otherwise : std::strtol(found->second.c_str(), nullptr, 10);
    }
};

class Swarm {
public:
    explicit Swarm(const Options& options)
        : port_(static_cast<std::uint16_t>(options.number("--port", 0))),
          pid_(static_cast<int>(options.number("--pid", 0))),
          sockets_(static_cast<std::size_t>(options.number("--sockets", 1000))),
          epoll_(epoll_create1(0)) {
        const rlimit files{200'000, 200'000};
        setrlimit(RLIMIT_NOFILE, &files);
    }

    void connect_all() {
        const auto memory = resident_bytes(pid_);
        const double cpu = cpu_seconds(pid_);
        const auto began = now_ns();
        std::size_t started = 0;
        while (connected_ < sockets_.size()) {
            // A few hundred on their way at once: more than that overflows the listener's backlog.
            while (started < sockets_.size() && started - connected_ < 256) begin(started++);
            turn(1000);
            if (now_ns() - began > 120'000'000'000) die("not all sockets connected within 120 s");
        }
        connect_seconds_ = static_cast<double>(now_ns() - began) / 1e9;
        connect_cpu_ = cpu_seconds(pid_) - cpu;
        turn_for(std::chrono::milliseconds{500});
        socket_bytes_ = static_cast<double>(resident_bytes(pid_) - memory) / static_cast<double>(sockets_.size());
    }

    void join_all() {
        for (auto& socket : sockets_) send(socket, frame(R"(42["join",{}])"));
        turn_for(std::chrono::milliseconds{1500});
    }

    /// `rate` messages a second, by turns from `senders`; 0: as many as come back (one in flight for each sender).
    void talk(long rate, long seconds, std::size_t senders, bool saturate) {
        latencies_.reserve(1 << 24);
        const double cpu = cpu_seconds(pid_);
        const auto began = now_ns(), end = began + seconds * 1'000'000'000;
        std::int64_t sent = 0;
        std::vector<std::int64_t> waiting(senders, 0);
        while (now_ns() < end) {
            if (saturate) {
                // Keep a bounded number of deliveries under way.
                while (sent * static_cast<std::int64_t>(sockets_.size()) - deliveries_ <
                       static_cast<std::int64_t>(senders * sockets_.size()))
                    say(static_cast<std::size_t>(sent++) % senders);
            } else {
                const auto due = (now_ns() - began) * rate / 1'000'000'000;
                while (sent < due) say(static_cast<std::size_t>(sent++) % senders);
            }
            turn(1);
        }
        const auto wanted = sent * static_cast<std::int64_t>(sockets_.size());
        for (const auto limit = now_ns() + 5'000'000'000; deliveries_ < wanted && now_ns() < limit;) turn(10);
        report(sent, wanted, cpu_seconds(pid_) - cpu, static_cast<double>(now_ns() - began) / 1e9);
    }

private:
    void begin(std::size_t index) {
        auto& socket = sockets_[index];
        socket.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (socket.fd < 0) die("no more sockets: raise the limit of open files");
        const int yes = 1;
        setsockopt(socket.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 && errno != EINPROGRESS)
            die(std::string{"connect: "} + std::strerror(errno));
        epoll_event event{EPOLLIN | EPOLLOUT, {.u64 = index}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd, &event);
    }

    void watch(std::size_t index, std::uint32_t events) {
        epoll_event event{events, {.u64 = index}};
        epoll_ctl(epoll_, EPOLL_CTL_MOD, sockets_[index].fd, &event);
    }

    void send(Socket& socket, const std::string& bytes) {
        socket.out += bytes;
        flush(socket);
    }
    void flush(Socket& socket) {
        while (!socket.out.empty()) {
            const auto n = ::send(socket.fd, socket.out.data(), socket.out.size(), MSG_NOSIGNAL);
            if (n < 0 && errno == EAGAIN) return watch(index_of(socket), EPOLLIN | EPOLLOUT);
            if (n <= 0) die(std::string{"send: "} + std::strerror(errno));
            socket.out.erase(0, static_cast<std::size_t>(n));
        }
    }
    std::size_t index_of(const Socket& socket) const { return static_cast<std::size_t>(&socket - sockets_.data()); }

    void turn_for(std::chrono::milliseconds time) {
        for (const auto end = Clock::now() + time; Clock::now() < end;) turn(10);
    }
    void turn(int wait_ms) {
        std::array<epoll_event, 1024> events{};
        const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
        for (int i = 0; i < n; ++i) {
            const auto index = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
            const auto what = events[static_cast<std::size_t>(i)].events;
            auto& socket = sockets_[index];
            if ((what & EPOLLOUT) != 0) {
                if (socket.phase == Phase::connecting) upgrade(socket);
                flush(socket);
                if (socket.out.empty()) watch(index, EPOLLIN);
            }
            if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(socket);
        }
    }

    void upgrade(Socket& socket) {
        socket.phase = Phase::upgrading;
        socket.out +=
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    }

    void receive(Socket& socket) {
        const auto n = ::recv(socket.fd, input_.data(), input_.size(), 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) die("the server closed a connection");
        std::string_view bytes{input_.data(), static_cast<std::size_t>(n)};
        std::string joined;
        if (!socket.rest.empty()) {
            joined = std::move(socket.rest);
            joined.append(bytes);
            socket.rest.clear();
            bytes = joined;
        }
        if (socket.phase == Phase::upgrading) {
            const auto end = bytes.find("\r\n\r\n");
            if (end == std::string_view::npos) return void(socket.rest = bytes);
            if (bytes.substr(9, 3) != "101") die("no upgrade: " + std::string{bytes.substr(0, end)});
            socket.phase = Phase::opening;
            bytes.remove_prefix(end + 4);
        }
        while (take(socket, bytes)) continue;
        socket.rest = bytes;
    }

    bool take(Socket& socket, std::string_view& bytes) {
        if (bytes.size() < 2) return false;
        std::size_t length = static_cast<unsigned char>(bytes[1]) & 0x7fU, head = 2;
        if (length == 126) {
            if (bytes.size() < 4) return false;
            length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8 |
                     static_cast<unsigned char>(bytes[3]);
            head = 4;
        } else if (length == 127) {
            die("a frame larger than this load sends");
        }
        if (bytes.size() < head + length) return false;
        if ((bytes[0] & 0x0f) == 8) die("the server closed a websocket");
        message(socket, bytes.substr(head, length));
        bytes.remove_prefix(head + length);
        return true;
    }

    void message(Socket& socket, std::string_view text) {
        if (text.starts_with("42")) {
            static constexpr std::string_view kStamp = "\"t\":\"";
            const auto at = text.find(kStamp);
            if (at == std::string_view::npos) return;
            std::int64_t stamp = 0;
            std::from_chars(text.data() + at + kStamp.size(), text.data() + text.size(), stamp);
            ++deliveries_;
            latencies_.push_back(static_cast<std::uint32_t>((now_ns() - stamp) / 1000));
        } else if (text.starts_with("40")) {
            socket.phase = Phase::connected;
            ++connected_;
        } else if (text.starts_with("44")) {
            die("refused: " + std::string{text});
        } else if (text.starts_with('0')) {
            send(socket, frame("40{\"token\":\"swarm-" + std::to_string(index_of(socket)) + "\"}"));
        } else if (text.starts_with('2')) {
            send(socket, frame("3"));
        }
    }

    void say(std::size_t sender) {
        send(sockets_[sender % sockets_.size()], frame("42[\"say\",{\"t\":\"" + std::to_string(now_ns()) + "\"}]"));
    }

    double percentile(double p) {
        if (latencies_.empty()) return 0;
        const auto rank = p * static_cast<double>(latencies_.size() - 1);
        const auto nth = latencies_.begin() + static_cast<std::ptrdiff_t>(rank);
        std::nth_element(latencies_.begin(), nth, latencies_.end());
        return *nth / 1000.0;
    }

    void report(std::int64_t sent, std::int64_t wanted, double cpu, double seconds) {
        std::printf(
            "{\"sockets\":%zu,\"connectionsPerSecond\":%.0f,\"connectionsPerCpuSecond\":%.0f,\"bytesPerSocket\":%.0f,"
            "\"sent\":%lld,\"deliveries\":%lld,\"lost\":%lld,\"seconds\":%.2f,\"cpuSeconds\":%.2f,"
            "\"perCpuSecond\":%.0f,\"p50Ms\":%.2f,\"p99Ms\":%.2f,\"maxMs\":%.2f}\n",
            sockets_.size(), static_cast<double>(sockets_.size()) / connect_seconds_,
            static_cast<double>(sockets_.size()) / std::max(connect_cpu_, 0.01), socket_bytes_,
            static_cast<long long>(sent), static_cast<long long>(deliveries_),
            static_cast<long long>(wanted - deliveries_), seconds, cpu,
            static_cast<double>(deliveries_) / std::max(cpu, 0.01), percentile(0.5), percentile(0.99), percentile(1));
    }

    std::uint16_t port_;
    int pid_;
    std::vector<Socket> sockets_;
    int epoll_;
    std::array<char, 256 * 1024> input_{};
    std::size_t connected_ = 0;
    std::int64_t deliveries_ = 0;
    std::vector<std::uint32_t> latencies_;  ///< microseconds
    double connect_seconds_ = 0, connect_cpu_ = 0, socket_bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        options.values[name] = name != "--saturate" && i + 1 < argc ? argv[++i] : "1";
    }
    auto swarm = std::make_unique<Swarm>(options);
    swarm->connect_all();
    swarm->join_all();
    swarm->talk(options.number("--rate", 40), options.number("--seconds", 5),
                static_cast<std::size_t>(options.number("--senders", 20)), options.number("--saturate", 0) != 0);
}
