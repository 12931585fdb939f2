// A bad network as a program: takes UDP datagrams at one address, does to them what impairment.hpp says, and passes
// them on to another. Each client gets a socket of its own towards the target, as behind a NAT, so that answers find
// their way back; its two directions have dice of their own.
//
//   network_relay TARGET_IP TARGET_PORT SEED [LISTEN_IP]
//
// It prints {"port":N}, then reads commands from standard input, one a line, and answers each with one JSON line:
//   up|down|both [name=value …]   the profile of a direction: what is not named is perfect again
//   blackout SECONDS              nothing passes in either direction until then; 0 ends it
//   rebind                        every client gets a new socket: to the target it has moved to another port
//   inject COUNT RATE             so many datagrams a second that look like media and are none go to the target from
//                                 every client's own address
//   stats                         counters of both directions
// It ends when standard input does.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <queue>
#include <sstream>
#include <string>
#include <vector>

#include "impairment.hpp"

namespace {

using namespace networks;

constexpr std::size_t kMaxDatagram = 2048, kMaxClients = 256;

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "network_relay: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

Nanoseconds monotonic() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

/// An IPv4 or IPv6 address with its length, comparable as bytes.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);
    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
    bool operator<(const Address& other) const {
        return std::string_view{reinterpret_cast<const char*>(&storage), length} <
               std::string_view{reinterpret_cast<const char*>(&other.storage), other.length};
    }
    static Address of(const std::string& ip, int port) {
        Address address;
        auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
        auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
        if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
            v4.sin_family = AF_INET;
            v4.sin_port = htons(static_cast<std::uint16_t>(port));
            address.length = sizeof v4;
        } else if (inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(static_cast<std::uint16_t>(port));
            address.length = sizeof v6;
        } else {
            die("no IP address");
        }
        return address;
    }
    int port() const { return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port); }
};

int open_socket(int family) {
    const int handle = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (handle < 0) die("socket");
    const int bytes = 4 * 1024 * 1024;
    (void)::setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    (void)::setsockopt(handle, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return handle;
}

enum Direction : std::size_t { kUp, kDown };

struct Client {
    Address address;
    int upstream = -1;
    Lane lanes[2];
};

struct Held {
    Nanoseconds at = 0;
    std::uint64_t number = 0;  ///< equal moments keep their order
    std::size_t client = 0;
    Direction direction = kUp;
    std::string bytes;
    bool operator>(const Held& other) const { return at != other.at ? at > other.at : number > other.number; }
};

class Relay {
public:
    Relay(Address target, const std::string& listen_ip, std::uint64_t seed) : target_(target), seed_(seed) {
        auto address = Address::of(listen_ip, 0);
        door_ = open_socket(address.storage.ss_family);
        if (::bind(door_, address.raw(), address.length) != 0) die("bind");
        if (::getsockname(door_, address.raw(), &address.length) != 0) die("getsockname");
        poll_ = ::epoll_create1(EPOLL_CLOEXEC);
        timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (poll_ < 0 || timer_ < 0) die("epoll");
        (void)::fcntl(STDIN_FILENO, F_SETFL, ::fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
        for (const int handle : {door_, timer_, STDIN_FILENO}) watch(handle);
        std::printf("{\"port\":%d}\n", address.port());
        std::fflush(stdout);
    }

    void run() {
        while (!ended_) {
            epoll_event events[64];
            const int count = ::epoll_wait(poll_, events, 64, -1);
            for (int i = 0; i < count; ++i) {
                const int handle = events[i].data.fd;
                if (handle == STDIN_FILENO) read_commands();
                if (handle == door_) receive(door_, kUp, 0);
                if (const auto found = by_upstream_.find(handle); found != by_upstream_.end())
                    receive(handle, kDown, found->second);
            }
            release();
        }
    }

private:
    void watch(int handle) const {
        epoll_event readable{.events = EPOLLIN, .data = {.fd = handle}};
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, handle, &readable) != 0) die("epoll_ctl");
    }

    void connect_upstream(std::size_t number) {
        auto& client = *clients_[number];
        client.upstream = open_socket(target_.storage.ss_family);
        if (::connect(client.upstream, target_.raw(), target_.length) != 0) die("connect");
        by_upstream_[client.upstream] = number;
        watch(client.upstream);
    }

    std::size_t client_at(const Address& address) {
        if (const auto found = by_address_.find(address); found != by_address_.end()) return found->second;
        const auto number = clients_.size();
        if (number == kMaxClients) return number;
        clients_.push_back(
            std::make_unique<Client>(Client{address, -1, {Lane{seed_ + 2 * number}, Lane{seed_ + 2 * number + 1}}}));
        by_address_[address] = number;
        connect_upstream(number);
        return number;
    }

    void receive(int handle, Direction direction, std::size_t number) {
        for (int i = 0; i < 256; ++i) {
            char bytes[kMaxDatagram];
            Address from;
            const auto size = ::recvfrom(handle, bytes, sizeof bytes, 0, from.raw(), &from.length);
            if (size < 0) return;
            if (direction == kUp) number = client_at(from);
            if (number == kMaxClients) continue;
            take(number, direction, std::string_view{bytes, static_cast<std::size_t>(size)});
        }
    }

    void take(std::size_t number, Direction direction, std::string_view bytes) {
        auto& counters = counters_[direction];
        const auto now = monotonic();
        ++counters.taken;
        counters.bytes_taken += bytes.size();
        if (now < dark_until_) {
            ++counters.blacked_out;
            return;
        }
        const auto fate = clients_[number]->lanes[direction].take(profiles_[direction], bytes.size(), now, counters);
        for (std::size_t i = 0; i < fate.copies; ++i) {
            if (held_.size() >= 2 * kMaxHeld) {
                ++counters.overflowed;
                continue;
            }
            held_.push({fate.at[i], ++last_number_, number, direction, std::string{bytes}});
        }
    }

    /// Random bytes with the first byte of RTP and RTCP: authentic in nothing but their address.
    void inject(Nanoseconds now) {
        while (inject_left_ > 0 && inject_next_ <= now) {
            char bytes[600];
            for (auto& byte : bytes) byte = static_cast<char>(injected_dice_.unit() * 256);
            bytes[0] = static_cast<char>(0x80);
            const auto size = 20 + static_cast<std::size_t>(injected_dice_.unit() * 580);
            for (const auto& client : clients_) (void)!::send(client->upstream, bytes, size, 0);
            --inject_left_;
            inject_next_ += inject_every_;
        }
    }

    void release() {
        std::uint64_t expired = 0;
        (void)!::read(timer_, &expired, sizeof expired);
        const auto now = monotonic();
        inject(now);
        while (!held_.empty() && held_.top().at <= now) {
            const auto& datagram = held_.top();
            const auto& client = *clients_[datagram.client];
            const auto sent = datagram.direction == kUp
                                  ? ::send(client.upstream, datagram.bytes.data(), datagram.bytes.size(), 0)
                                  : ::sendto(door_, datagram.bytes.data(), datagram.bytes.size(), 0,
                                             client.address.raw(), client.address.length);
            auto& counters = counters_[datagram.direction];
            if (sent >= 0) {
                ++counters.given;
                counters.bytes_given += datagram.bytes.size();
            }
            held_.pop();
        }
        itimerspec next{};
        Nanoseconds at = held_.empty() ? 0 : held_.top().at;
        if (inject_left_ > 0) at = at == 0 ? inject_next_ : std::min(at, inject_next_);
        // Waking for every one of them would make no more than the machine's scheduler can.
        if (inject_left_ > 0) at = std::max(at, now + kMillisecond);
        next.it_value.tv_sec = at / kSecond;
        next.it_value.tv_nsec = at % kSecond;
        (void)::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &next, nullptr);
    }

    void read_commands() {
        char bytes[4096];
        const auto size = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (size == 0) ended_ = true;
        if (size > 0) input_.append(bytes, static_cast<std::size_t>(size));
        for (auto end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
            command(input_.substr(0, end));
            input_.erase(0, end + 1);
            std::fflush(stdout);
        }
    }

    void command(const std::string& line) {
        std::istringstream words{line};
        std::string name, word;
        words >> name;
        if (name == "stats") return print_stats();
        if (name == "blackout") {
            double seconds = 0;
            words >> seconds;
            dark_until_ = monotonic() + static_cast<Nanoseconds>(seconds * static_cast<double>(kSecond));
        } else if (name == "rebind") {
            rebind();
        } else if (name == "inject") {
            double count = 0, rate = 0;
            words >> count >> rate;
            inject_left_ = static_cast<std::uint64_t>(count);
            inject_every_ = static_cast<Nanoseconds>(static_cast<double>(kSecond) / std::max(rate, 1.0));
            inject_next_ = monotonic();
        } else if (name == "up" || name == "down" || name == "both") {
            Profile profile;
            while (words >> word) {
                const auto equals = word.find('=');
                if (equals == std::string::npos ||
                    !set(profile, word.substr(0, equals), std::atof(word.c_str() + equals + 1))) {
                    std::printf("{\"error\":\"no such value\"}\n");
                    return;
                }
            }
            if (name != "down") profiles_[kUp] = profile;
            if (name != "up") profiles_[kDown] = profile;
        } else {
            std::printf("{\"error\":\"no such command\"}\n");
            return;
        }
        std::printf("{\"ok\":true}\n");
    }

    void rebind() {
        for (std::size_t number = 0; number < clients_.size(); ++number) {
            by_upstream_.erase(clients_[number]->upstream);
            ::close(clients_[number]->upstream);
            connect_upstream(number);
        }
    }

    void print_stats() const {
        std::printf("{\"clients\":%zu,\"held\":%zu,\"injecting\":%llu", clients_.size(), held_.size(),
                    ull(inject_left_));
        for (const auto direction : {kUp, kDown}) {
            const auto& of = counters_[direction];
            std::printf(
                ",\"%s\":{\"taken\":%llu,\"given\":%llu,\"lost\":%llu,\"overflowed\":%llu,\"blackedOut\":%llu,"
                "\"reordered\":%llu,\"duplicated\":%llu,\"bytesTaken\":%llu,\"bytesGiven\":%llu,"
                "\"longestQueueMs\":%.1f}",
                direction == kUp ? "up" : "down", ull(of.taken), ull(of.given), ull(of.lost), ull(of.overflowed),
                ull(of.blacked_out), ull(of.reordered), ull(of.duplicated), ull(of.bytes_taken), ull(of.bytes_given),
                static_cast<double>(of.longest_queue) / kMillisecond);
        }
        std::printf("}\n");
    }
    static unsigned long long ull(std::uint64_t value) { return value; }

    Address target_;
    std::uint64_t seed_;
    int door_ = -1, poll_ = -1, timer_ = -1;
    bool ended_ = false;
    std::vector<std::unique_ptr<Client>> clients_;
    std::map<Address, std::size_t> by_address_;
    std::map<int, std::size_t> by_upstream_;
    std::priority_queue<Held, std::vector<Held>, std::greater<>> held_;
    std::uint64_t last_number_ = 0;
    Profile profiles_[2];
    Counters counters_[2];
    Nanoseconds dark_until_ = 0;
    Dice injected_dice_{seed_ ^ 0x5EED};
    std::uint64_t inject_left_ = 0;
    Nanoseconds inject_every_ = 0, inject_next_ = 0;
    std::string input_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "network_relay TARGET_IP TARGET_PORT SEED [LISTEN_IP]\n");
        return 2;
    }
    const auto target = Address::of(argv[1], std::atoi(argv[2]));
    Relay{target, argc > 4 ? argv[4] : argv[1], std::strtoull(argv[3], nullptr, 10)}.run();
    return 0;
}
