// A stranger who forges STUN: Binding requests that are whole to the last checksum and wrong in their integrity alone,
// with user names that exist and that do not, and with USE-CANDIDATE. Counts what comes back, which must be nothing.
//
//   network_flood TARGET_IP TARGET_PORT SEED COUNT RATE [USERNAME...]
//
// RATE is in datagrams a second. It ends with one JSON line.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/protocol/stun/stun.hpp"
#include "platform/base/random.hpp"

namespace {

using namespace confidente;
using namespace confidente::media;

constexpr std::size_t kDifferent = 2'000, kBurst = 64;
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t monotonic() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

void wait_until(std::int64_t at) {
    const timespec moment{at / kSecond, at % kSecond};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, nullptr);
}

std::vector<Buffer> forge(const std::vector<std::string>& known, Random& random) {
    std::vector<Buffer> made;
    for (std::size_t i = 0; i < kDifferent; ++i) {
        StunBindingRequest request;
        random.fill(std::as_writable_bytes(std::span{request.transaction}));
        // Half of them name a session that is there: its integrity has to be checked to see that they lie.
        const auto stranger = random.token(16) + ":" + random.token(4);
        const auto& username = i % 2 == 0 && !known.empty() ? known[i / 2 % known.size()] : stranger;
        const auto password = random.token(32);
        request.username = username;
        request.password = password;
        request.priority = random.u32();
        request.tie_breaker = random.u64();
        request.use_candidate = i % 3 != 0;
        made.push_back(write_binding_request(request));
    }
    return made;
}

std::uint64_t count_replies(int handle) {
    std::uint64_t replies = 0;
    std::array<char, 2048> bytes;
    while (::recv(handle, bytes.data(), bytes.size(), MSG_DONTWAIT) >= 0) ++replies;
    return replies;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) {
        std::fprintf(stderr, "network_flood TARGET_IP TARGET_PORT SEED COUNT RATE [USERNAME...]\n");
        return 2;
    }
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
    const int handle = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, argv[1], &target.sin_addr) != 1 || handle < 0 ||
        ::connect(handle, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
        std::perror("network_flood");
        return 1;
    }
    SeededRandom random{std::strtoull(argv[3], nullptr, 10)};
    const auto count = std::strtoull(argv[4], nullptr, 10), rate = std::max(1ULL, std::strtoull(argv[5], nullptr, 10));
    const auto forged = forge({argv + 6, argv + argc}, random);
    std::array<iovec, kBurst> vectors;
    std::array<mmsghdr, kBurst> messages{};
    std::uint64_t sent = 0, bytes = 0, replies = 0;
    const auto began = monotonic();
    while (sent < count) {
        const auto burst = std::min<std::uint64_t>(kBurst, count - sent);
        for (std::size_t i = 0; i < burst; ++i) {
            const auto& message = forged[(sent + i) % forged.size()];
            vectors[i] = {const_cast<std::uint8_t*>(message.data()), message.size()};
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            bytes += message.size();
        }
        (void)::sendmmsg(handle, messages.data(), static_cast<unsigned>(burst), 0);
        sent += burst;
        replies += count_replies(handle);
        wait_until(began + static_cast<std::int64_t>(sent * kSecond / rate));
    }
    const auto seconds = static_cast<double>(monotonic() - began) / kSecond;
    // An answer that is late is one all the same.
    pollfd readable{handle, POLLIN, 0};
    if (::poll(&readable, 1, 500) == 1) replies += count_replies(handle);
    std::printf("{\"sent\":%llu,\"bytes\":%llu,\"replies\":%llu,\"seconds\":%.2f}\n",
                static_cast<unsigned long long>(sent), static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(replies), seconds);
    ::close(handle);
    return 0;
}
