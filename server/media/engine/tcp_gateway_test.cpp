// Media over TCP with real sockets: whole sessions through the gateway, and what it does with those who misuse it.
#include "media/engine/tcp_gateway.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <vector>

#include "media/engine/socket_address.hpp"
#include "media/engine/tcp_connection.hpp"
#include "media/engine/udp_socket.hpp"
#include "media/protocol/stun/stun.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

constexpr auto kPatience = 10s;

/// The gateway between TCP clients and a UDP socket that plays the engine.
struct World {
    SystemClock clock;
    UdpSocket engine{std::move(*UdpSocket::open("127.0.0.1", 0))};
    std::unique_ptr<TcpGateway> gateway;

    explicit World(Duration prove_within = kTcpProveWithin, Duration idle = kTcpIdle, Duration stalled = kTcpStalled) {
        auto opened = TcpGateway::open({.listen_ip = "127.0.0.1",
                                        .port = 0,
                                        .engine = engine.local(),
                                        .prove_within = prove_within,
                                        .idle = idle,
                                        .stalled = stalled},
                                       clock);
        REQUIRE(opened);
        gateway = std::move(*opened);
    }
    bool await(const std::function<bool()>& done) const {
        const auto end = clock.now() + kPatience;
        while (!done()) {
            if (clock.now() >= end) return false;
            (void)::poll(nullptr, 0, 5);
        }
        return true;
    }
    /// The next datagram that reaches the engine, and from where.
    std::pair<Buffer, SocketAddress> heard() {
        pollfd readable{engine.handle(), POLLIN, 0};
        REQUIRE(::poll(&readable, 1, static_cast<int>(kPatience / 1ms)) == 1);
        REQUIRE(engine.receive() == 1);
        const auto datagram = engine.datagram(0);
        return {Buffer(datagram.bytes.begin(), datagram.bytes.end()), datagram.from};
    }
    void say(Bytes bytes, const SocketAddress& to) {
        Outbox out{4};
        out.send(bytes, to);
        CHECK(engine.send(out) == 0);
    }
};

struct Client {
    Handle tcp;
    explicit Client(const World& world) : tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_storage address;
        const auto length = to_socket(SocketAddress::v4({127, 0, 0, 1}, world.gateway->port()), address);
        REQUIRE(::connect(tcp.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    }
    void write(Bytes bytes) const {
        REQUIRE(::send(tcp.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }
    void frame(Bytes bytes) const {
        Buffer framed{static_cast<std::uint8_t>(bytes.size() >> 8), static_cast<std::uint8_t>(bytes.size())};
        framed.insert(framed.end(), bytes.begin(), bytes.end());
        write(framed);
    }
    Buffer read(std::size_t size) const {
        Buffer bytes(size);
        REQUIRE(::recv(tcp.get(), bytes.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size));
        return bytes;
    }
    Buffer read_frame() const {
        const auto size = read(2);
        return read(load_be16(size.data()));
    }
    /// Whether the other side closes; waits for it.
    bool closed() const {
        std::array<char, 4096> bytes;
        pollfd readable{tcp.get(), POLLIN, 0};
        while (::poll(&readable, 1, static_cast<int>(kPatience / 1ms)) == 1) {
            const auto got = ::recv(tcp.get(), bytes.data(), bytes.size(), 0);
            if (got <= 0) return true;
        }
        return false;
    }
};

Buffer request() {
    StunBindingRequest made;
    made.username = "server:client";
    made.password = "a password of twenty-two!";
    return write_binding_request(made);
}
Buffer success() {
    return write_binding_success({}, SocketAddress::v4({127, 0, 0, 1}, 1), "a password of twenty-two!");
}
Buffer some(std::size_t size, std::uint8_t of = 0x80) { return Buffer(size, of); }

/// A client that the engine has answered.
SocketAddress prove(World& world, const Client& client) {
    client.frame(request());
    const auto [bytes, from] = world.heard();
    CHECK(bytes == request());
    world.say(success(), from);
    CHECK(client.read_frame() == success());
    return from;
}

}  // namespace

TEST("frames become datagrams and datagrams frames, whatever pieces they come in") {
    World world;
    Client client(world);
    const auto from = prove(world, client);
    client.frame(some(1200));
    CHECK(world.heard().first == some(1200));
    const Buffer byte_by_byte{0, 3, 0x81, 0x82, 0x83};
    for (const auto byte : byte_by_byte) client.write(Bytes{&byte, 1});
    CHECK(world.heard().first == Buffer{0x81, 0x82, 0x83});
    world.say(some(1400, 0x90), from);
    CHECK(client.read_frame() == some(1400, 0x90));
    CHECK(world.gateway->stats().open == 1);
}

TEST("every connection is an address of its own to the engine") {
    World world;
    Client one(world), two(world);
    const auto first = prove(world, one), second = prove(world, two);
    CHECK(first != second);
    world.say(some(10, 1), first);
    world.say(some(10, 2), second);
    CHECK(one.read_frame() == some(10, 1));
    CHECK(two.read_frame() == some(10, 2));
}

TEST("before the engine has answered, nothing but STUN requests passes") {
    World world;
    Client media(world), dtls(world), answer(world), noise(world);
    media.frame(some(100, 0x80));
    dtls.frame(some(100, 22));
    answer.frame(success());
    noise.frame(some(100, 0));
    for (const auto* client : {&media, &dtls, &answer, &noise}) CHECK(client->closed());
    CHECK(world.gateway->stats().closed_unproven == 4);
    CHECK(world.engine.receive() == 0);
}

TEST("who does not prove to belong to a session in time is closed, also one that says nothing") {
    World world(200ms);
    Client silent(world), forged(world);
    forged.frame(request());
    (void)world.heard();
    CHECK(silent.closed());
    CHECK(forged.closed());
    CHECK(world.gateway->stats().closed_unproven == 2);
    CHECK(world.await([&] { return world.gateway->stats().open == 0; }));
}

TEST("who falls silent is closed, and its address is kept from others for a while") {
    World world(kTcpProveWithin, 300ms);
    Client client(world);
    const auto from = prove(world, client);
    CHECK(client.closed());
    CHECK(world.gateway->stats().closed_idle == 1);
    // The port is still taken: nobody else can get it.
    CHECK_FALSE(UdpSocket::open("127.0.0.1", from.port));
}

TEST("a frame larger than any of ours ends the connection, an empty one is nothing") {
    World world;
    Client client(world);
    (void)prove(world, client);
    client.write(Buffer{0, 0});
    client.frame(some(20));
    const auto first = world.heard().first;
    CHECK((first.empty() || first == some(20)));
    client.write(Buffer{0xFF, 0xFF, 1, 2, 3});
    CHECK(client.closed());
    CHECK(world.gateway->stats().closed_broken == 1);
}

TEST("a reader that stops loses what does not fit, is closed, and holds up nobody") {
    World world(kTcpProveWithin, kTcpIdle, 500ms);
    Client slow(world), quick(world);
    const auto to_slow = prove(world, slow), to_quick = prove(world, quick);
    // Far more than the kernel's buffers of both ends hold, and our own queue.
    for (int i = 0; i < 20'000 && world.gateway->stats().dropped < 100; ++i) {
        world.say(some(1200), to_slow);
        if (i % 100 != 0) continue;
        world.say(some(50, 7), to_quick);
        CHECK(quick.read_frame() == some(50, 7));
    }
    CHECK(world.gateway->stats().dropped >= 100);
    CHECK(world.await([&] { return world.gateway->stats().closed_stalled == 1; }));
    world.say(some(50, 8), to_quick);
    CHECK(quick.read_frame() == some(50, 8));
    CHECK(world.gateway->stats().open == 1);
}

TEST("one address has so many connections and no more, until some go") {
    World world;
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kMaxTcpPerAddress; ++i) clients.emplace_back(world);
    REQUIRE(world.await([&] { return world.gateway->stats().open == kMaxTcpPerAddress; }));
    Client over(world);
    CHECK(over.closed());
    CHECK(world.gateway->stats().refused == 1);
    clients.pop_back();
    REQUIRE(world.await([&] { return world.gateway->stats().open == kMaxTcpPerAddress - 1; }));
    Client again(world);
    (void)prove(world, again);
}

TEST("a port that is taken is told") {
    World world;
    const auto second = TcpGateway::open(
        {.listen_ip = "127.0.0.1", .port = world.gateway->port(), .engine = world.engine.local()}, world.clock);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "tcp_unavailable");
    CHECK(second.error().detail.find(std::to_string(world.gateway->port())) != std::string::npos);
}
