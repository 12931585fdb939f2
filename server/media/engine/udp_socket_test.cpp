// The engine's socket on real loopback: what leaves by one call arrives as the datagrams it was made of.
#include "media/engine/udp_socket.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

UdpSocket open() {
    auto opened = UdpSocket::open("127.0.0.1", 0);
    REQUIRE(opened);
    return std::move(*opened);
}

using Datagrams = std::vector<Buffer>;

Buffer filled(std::size_t size, Random& random) {
    Buffer bytes(size);
    random.fill(std::as_writable_bytes(std::span{bytes}));
    return bytes;
}

/// What one of ours hears, until it has `count` or nothing comes for two seconds.
Datagrams hear(UdpSocket& socket, std::size_t count) {
    Datagrams heard;
    pollfd ready{socket.handle(), POLLIN, 0};
    while (heard.size() < count && ::poll(&ready, 1, 2000) > 0) {
        const auto came = socket.receive();
        for (std::size_t i = 0; i < came; ++i) {
            const auto datagram = socket.datagram(i);
            heard.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
        }
    }
    return heard;
}

/// The same with a socket that never asked for joined datagrams.
Datagrams hear_plainly(int socket, std::size_t count) {
    Datagrams heard;
    pollfd ready{socket, POLLIN, 0};
    Buffer bytes(65'536);
    while (heard.size() < count && ::poll(&ready, 1, 2000) > 0) {
        const auto got = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got >= 0) heard.emplace_back(bytes.begin(), bytes.begin() + got);
    }
    return heard;
}

/// Bursts as a live has them: a few of one size, a shorter last, a small audio packet in between.
Datagrams bursts(Random& random) {
    Datagrams all;
    for (const std::size_t size : {1200, 1200, 1200, 1200, 130, 1200, 1200, 640, 130, 130, 900, 1200, 1, 1500})
        all.push_back(filled(size, random));
    return all;
}

}  // namespace

TEST("datagrams to two addresses arrive whole and in order, by one call each burst or one by one") {
    for (const bool together : {true, false}) {
        CAPTURE(together);
        auto sender = open();
        if (!together) sender.send_one_by_one();
        auto one = open(), other = open();
        SeededRandom random{together ? 1U : 2U};
        const auto first = bursts(random), second = bursts(random);
        Outbox out;
        for (const auto& datagram : first) out.send(datagram, one.local());
        for (const auto& datagram : second) out.send(datagram, other.local());
        CHECK(sender.send(out) == 0);
        CHECK(out.empty());
        CHECK(hear(one, first.size()) == first);
        CHECK(hear(other, second.size()) == second);
        // Every kernel that this runs on can; a machine that cannot should say so here, not be slow in silence.
        CHECK(sender.segments() == together);
    }
}

TEST("a receiver that knows nothing of joined datagrams gets each by itself") {
    auto sender = open();
    const auto door = open();
    const int plain = ::dup(door.handle());
    const int off = 0;
    REQUIRE(::setsockopt(plain, SOL_UDP, UDP_GRO, &off, sizeof off) == 0);
    SeededRandom random{3};
    const auto sent = bursts(random);
    Outbox out;
    for (const auto& datagram : sent) out.send(datagram, door.local());
    CHECK(sender.send(out) == 0);
    CHECK(hear_plainly(plain, sent.size()) == sent);
    ::close(plain);
}

TEST("more than fits one call leaves in several, in order") {
    auto sender = open(), receiver = open();
    SeededRandom random{4};
    Datagrams sent;
    Outbox out(300);
    for (int i = 0; i < 150; ++i) {
        sent.push_back(filled(200, random));
        out.send(sent.back(), receiver.local());
    }
    CHECK(sender.send(out) == 0);
    CHECK(hear(receiver, sent.size()) == sent);
}

TEST("a datagram larger than anything we speak is an empty one, and its neighbours are whole") {
    auto sender = open(), receiver = open();
    SeededRandom random{6};
    const Datagrams sent{filled(100, random), filled(kMaxDatagram, random), filled(kMaxDatagram + 1, random),
                         filled(60'000, random), filled(100, random)};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(receiver.local().port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (const auto& datagram : sent)
        REQUIRE(::sendto(sender.handle(), datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                         sizeof to) == static_cast<ssize_t>(datagram.size()));
    CHECK(hear(receiver, sent.size()) == Datagrams{sent[0], sent[1], {}, {}, sent[4]});
}

TEST("an address that the kernel refuses costs its own datagrams only") {
    // Port 0 is refused with EINVAL, which is also what a kernel says that cannot cut datagrams.
    const auto nowhere = SocketAddress::v4({127, 0, 0, 1}, 0);
    auto receiver = open();
    SeededRandom random{5};
    const auto sent = bursts(random);
    const auto burst_to = [&](Outbox& out, const SocketAddress& to) {
        for (const auto& datagram : sent) out.send(datagram, to);
    };

    auto untried = open();
    Outbox out;
    burst_to(out, nowhere);
    burst_to(out, receiver.local());
    CHECK(untried.send(out) == sent.size());
    CHECK(hear(receiver, sent.size()) == sent);
    CHECK(!untried.segments());

    auto proven = open();
    burst_to(out, receiver.local());
    CHECK(proven.send(out) == 0);
    CHECK(hear(receiver, sent.size()) == sent);
    burst_to(out, nowhere);
    burst_to(out, receiver.local());
    CHECK(proven.send(out) == sent.size());
    CHECK(hear(receiver, sent.size()) == sent);
    CHECK(proven.segments());
}
