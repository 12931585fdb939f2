// The order of what leaves a websocket, whoever sends it and however little the kernel takes.
#include "platform/http/websocket_peer.hpp"

#include "platform/base/random.hpp"
#include "platform/http/memory_transport_for_test.hpp"
#include "testing/test.hpp"

namespace confidente::http {
namespace {

class Deaf final : public WebSocketHandler {
public:
    void message(std::string_view, bool) override {}
    void closed() override { ++times_closed; }
    int times_closed = 0;
};

struct World {
    HandRunLoop loop;
    std::shared_ptr<MemoryTransport> transport =
        std::make_shared<MemoryTransport>(loop, "", 1, MemoryTransport::Then::says_nothing);
    std::shared_ptr<WebSocketPeer> peer = std::make_shared<WebSocketPeer>(transport, loop, 1'000'000);
    std::shared_ptr<Deaf> handler = std::make_shared<Deaf>();

    /// What left behind the answer to the upgrade.
    std::string_view written() const {
        return std::string_view(transport->written).substr(transport->written.find("\r\n\r\n") + 4);
    }
};

SharedBytes shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

}  // namespace

TEST("messages leave in the order in which they were sent, framed already or not, however little is taken at once") {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        World world;
        std::string expected;
        bool started = false;
        for (int step = 0; step < 40; ++step) {
            const std::string text(random.below(300), static_cast<char>('a' + step % 26));
            switch (random.below(5)) {
                case 0:
                    if (!std::exchange(started, true)) world.peer->start(world.handler, "x", {}, "");
                    world.loop.run();
                    break;
                case 1:
                    world.transport->room_now = random.below(1000);
                    break;
                case 2:
                    world.peer->send({{shared(text), false}});
                    append_frame(expected, text, false);
                    break;
                default: {
                    std::string one, two;
                    append_frame(one, text, false);
                    append_frame(two, "tail", true);
                    const SharedBytes pieces[] = {shared(one), shared(two)};
                    world.peer->send_framed(pieces);
                    expected += one + two;
                }
            }
        }
        if (!started) world.peer->start(world.handler, "x", {}, "");
        world.loop.run();
        CHECK(world.written() == expected);
        CHECK(world.peer->queued_bytes() == 0);
        CHECK(world.handler->times_closed == 0);
        world.peer->abort();
        world.loop.run();
    }
}

TEST("what the kernel takes at once is never queued; a broken connection ends") {
    World world;
    world.peer->start(world.handler, "x", {}, "");
    world.loop.run();
    std::string frame;
    append_frame(frame, "hello", false);
    const auto piece = shared(frame);
    world.transport->room_now = 1000;
    world.peer->send_framed({&piece, 1});
    CHECK(world.written() == frame);
    CHECK(world.peer->queued_bytes() == 0);
    CHECK(world.peer->written_bytes() == frame.size());
    world.transport->room_now = 2;
    world.peer->send_framed({&piece, 1});
    CHECK(world.peer->queued_bytes() >= frame.size() - 2);
    world.loop.run();
    CHECK(world.written() == frame + frame);
    world.transport->broken = true;
    world.peer->send_framed({&piece, 1});
    world.loop.run();
    CHECK(world.handler->times_closed == 1);
}

}  // namespace confidente::http
