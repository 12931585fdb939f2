#include "media/engine/segments.hpp"

#include <vector>

#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

const SocketAddress kOne = SocketAddress::v4({10, 0, 0, 1}, 5000), kOther = SocketAddress::v4({10, 0, 0, 1}, 5001);

void add(Outbox& out, std::size_t size, const SocketAddress& to = kOne) { out.commit(size, to); }

std::vector<std::size_t> runs(const Outbox& out) {
    std::vector<std::size_t> all;
    for (std::size_t at = 0; at < out.size(); at += all.back()) all.push_back(segment_run(out, at));
    return all;
}

using Runs = std::vector<std::size_t>;

}  // namespace

TEST("equal datagrams to one address are one run, and a shorter one ends it") {
    Outbox out;
    for (const std::size_t size : {1200, 1200, 1200, 700, 1200, 1200}) add(out, size);
    CHECK(runs(out) == Runs{4, 2});
}

TEST("a larger datagram begins a run of its own") {
    Outbox out;
    for (const std::size_t size : {700, 1200, 1200, 1201}) add(out, size);
    CHECK(runs(out) == Runs{1, 2, 1});
}

TEST("two addresses are never in one run, even when they take turns") {
    Outbox out;
    add(out, 1200);
    add(out, 1200);
    add(out, 1200, kOther);
    add(out, 1200);
    CHECK(runs(out) == Runs{2, 1, 1});
}

TEST("a run has at most 64 datagrams and 65 000 bytes") {
    Outbox many(200);
    for (int i = 0; i < 130; ++i) add(many, 100);
    CHECK(runs(many) == Runs{64, 64, 2});
    Outbox large(200);
    for (int i = 0; i < 60; ++i) add(large, 1500);
    CHECK(runs(large) == Runs{43, 17});
}

TEST("an empty datagram, which the kernel would swallow, is a run of its own") {
    Outbox out;
    for (const std::size_t size : {0, 0, 10, 0}) add(out, size);
    CHECK(runs(out) == Runs{1, 1, 1, 1});
}

TEST("whatever the sizes and addresses, runs keep the rules of the kernel and cover everything in order") {
    SeededRandom random{7};
    for (int round = 0; round < 200; ++round) {
        Outbox out(256);
        while (!out.full()) {
            const auto size = random.below(4) == 0 ? 1 + random.below(kMaxDatagram) : 1200;
            add(out, size, random.below(8) == 0 ? kOther : kOne);
        }
        std::size_t at = 0, byte = 0;
        while (at < out.size()) {
            const auto count = segment_run(out, at);
            REQUIRE(count >= 1);
            REQUIRE(count <= kMaxSegments);
            std::size_t bytes = 0;
            for (std::size_t i = at; i < at + count; ++i) {
                REQUIRE(out.head(i).to == out.head(at).to);
                REQUIRE(out.head(i).at == byte);
                REQUIRE((i + 1 == at + count ? out.head(i).size <= out.head(at).size
                                             : out.head(i).size == out.head(at).size));
                byte += out.head(i).size;
                bytes += out.head(i).size;
            }
            REQUIRE((count == 1 || bytes <= kMaxSegmentedBytes));
            at += count;
        }
        REQUIRE(at == out.size());
    }
}
