// media_limit: what no forwarder can pass on this core: sealing packets (SRTP, AES-128-GCM, our own) and sending them
// to receivers that read, with nothing decided in between.
//
//   media_limit [--receivers 200] [--burst 4] [--bytes 1200] [--rate 200000] [--seconds 5] [--core 0] [--read-core 1]
//
// The packets of a burst go to one receiver as one call's segments (UDP_SEGMENT), 16 receivers by one sendmmsg, as the
// engine sends them. The sender keeps to `rate` packets a second, so that the readers keep up: what is told counts its
// CPU time only. One object of JSON: perCpuSecond, sent, received, cpuSeconds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "process_figures.hpp"
#include "viewers.hpp"

namespace {

using namespace confidente;
using namespace bench;

struct Options {
    std::size_t receivers = 200, burst = 4, bytes = 1200;
    double rate = 200'000, seconds = 5;
    int core = 0, read_core = 1;
};

struct Receiver {
    int socket = -1;
    sockaddr_in address{};
    std::unique_ptr<media::SrtpSealer> sealer;
    std::uint16_t sequence = 0;
};

constexpr std::size_t kCalls = 16, kMaxBurst = 16, kSlot = 1536;

void read_all(const std::vector<Receiver>& receivers, int core, const std::atomic<bool>& stopping,
              std::atomic<std::uint64_t>& received) {
    pin(core);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < receivers.size(); ++i) {
        epoll_event readable{.events = EPOLLIN, .data = {.u64 = i}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, receivers[i].socket, &readable);
    }
    BatchReader reader;
    std::array<epoll_event, 256> events;
    std::uint64_t count = 0;
    while (!stopping) {
        const int ready = ::epoll_wait(poll, events.data(), events.size(), 10);
        for (int i = 0; i < ready; ++i)
            count += reader.read(receivers[events[static_cast<std::size_t>(i)].data.u64].socket,
                                 [](MutableBytes, std::int64_t) {});
        received = count;
    }
    ::close(poll);
}

/// Seals and sends `burst` packets to each of up to kCalls receivers.
class Sender {
public:
    explicit Sender(const Options& options)
        : options_(options), socket_(::socket(AF_INET, SOCK_DGRAM, 0)), bytes_(kCalls * kMaxBurst * kSlot) {
        const int room = 4 * 1024 * 1024;
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        payload_.assign(options.bytes, 0x5A);
    }
    void add(Receiver& receiver) {
        auto& header = messages_[calls_].msg_hdr;
        header = {};
        header.msg_name = &receiver.address;
        header.msg_namelen = sizeof receiver.address;
        header.msg_iov = &vectors_[calls_ * kMaxBurst];
        header.msg_iovlen = options_.burst;
        const auto plain = options_.bytes - media::tag_bytes(media::SrtpProfile::aead_aes_128_gcm);
        for (std::size_t i = 0; i < options_.burst; ++i) {
            auto* slot = &bytes_[(calls_ * kMaxBurst + i) * kSlot];
            slot[0] = 0x80;
            slot[1] = 96;
            store_be16(slot + 2, receiver.sequence++);
            std::memset(slot + 4, 0x11, 8);
            std::memcpy(slot + 12, payload_.data(), plain - 12);
            const auto sealed = receiver.sealer->seal_rtp({slot, kSlot}, plain);
            vectors_[calls_ * kMaxBurst + i] = {slot, sealed.size};
        }
        if (options_.burst > 1) {
            header.msg_control = control_[calls_].data();
            header.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
            auto* one = CMSG_FIRSTHDR(&header);
            one->cmsg_level = SOL_UDP;
            one->cmsg_type = UDP_SEGMENT;
            one->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
            const auto size = static_cast<std::uint16_t>(options_.bytes);
            std::memcpy(CMSG_DATA(one), &size, sizeof size);
        }
        if (++calls_ == kCalls) flush();
    }
    void flush() {
        for (std::size_t done = 0; done < calls_;) {
            const int sent = ::sendmmsg(socket_, &messages_[done], static_cast<unsigned>(calls_ - done), 0);
            if (sent < 0) {
                std::perror("sendmmsg");
                std::exit(1);
            }
            done += static_cast<std::size_t>(sent);
        }
        calls_ = 0;
    }

private:
    const Options& options_;
    int socket_;
    Buffer bytes_, payload_;
    std::array<iovec, kCalls * kMaxBurst> vectors_{};
    std::array<mmsghdr, kCalls> messages_{};
    struct alignas(cmsghdr) Control : std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> {};
    std::array<Control, kCalls> control_{};
    std::size_t calls_ = 0;
};

std::vector<Receiver> open_receivers(std::size_t count) {
    std::vector<Receiver> receivers(count);
    Buffer key(16, 1), salt(12, 2);
    for (auto& receiver : receivers) {
        media::SocketAddress local;
        receiver.socket = open_viewer_socket("127.0.0.1", local);
        receiver.address.sin_family = AF_INET;
        receiver.address.sin_port = htons(local.port);
        receiver.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ++key[0];
        receiver.sealer =
            std::make_unique<media::SrtpSealer>(media::SrtpMasterKey(media::SrtpProfile::aead_aes_128_gcm, key, salt));
    }
    return receivers;
}

}  // namespace

int main(int count, char** values) {
    Options options;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = values[i];
        const double value = std::atof(values[i + 1]);
        if (name == "--receivers") options.receivers = static_cast<std::size_t>(value);
        if (name == "--burst") options.burst = std::min(kMaxBurst, static_cast<std::size_t>(value));
        if (name == "--bytes") options.bytes = static_cast<std::size_t>(value);
        if (name == "--rate") options.rate = value;
        if (name == "--seconds") options.seconds = value;
        if (name == "--core") options.core = static_cast<int>(value);
        if (name == "--read-core") options.read_core = static_cast<int>(value);
    }
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    pin(options.core);
    auto receivers = open_receivers(options.receivers);
    std::atomic<bool> stopping{false};
    std::atomic<std::uint64_t> received{0};
    std::thread reading([&] { read_all(receivers, options.read_core, stopping, received); });
    SystemClock clock;
    Sender sender(options);
    const auto began = clock.now();
    const auto cpu = thread_cpu_seconds();
    std::uint64_t sent = 0;
    for (;;) {
        for (auto& receiver : receivers) sender.add(receiver);
        sender.flush();
        sent += receivers.size() * options.burst;
        const auto gone = std::chrono::duration<double>(clock.now() - began).count();
        if (gone >= options.seconds) break;
        const auto ahead = static_cast<double>(sent) / options.rate - gone;
        if (ahead > 0) {
            const timespec rest{0, static_cast<long>(std::min(0.5, ahead) * 1e9)};
            nanosleep(&rest, nullptr);
        }
    }
    const auto used = thread_cpu_seconds() - cpu;
    const timespec rest{0, 100'000'000};
    nanosleep(&rest, nullptr);
    stopping = true;
    reading.join();
    const boost::json::object told{
        {"receivers", options.receivers}, {"burst", options.burst}, {"sent", sent},
        {"received", received.load()},    {"cpuSeconds", used},     {"perCpuSecond", static_cast<double>(sent) / used}};
    std::printf("%s\n", boost::json::serialize(told).c_str());
    return 0;
}
