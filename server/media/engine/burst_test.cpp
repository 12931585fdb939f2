#include "media/engine/burst.hpp"

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

LayerPacket packet(Bytes payload, bool marker = false) {
    LayerPacket made;
    made.marker = marker;
    made.payload = payload;
    return made;
}

}  // namespace

TEST("packets wait for their neighbours, at most as long as the first of them may") {
    Burst burst;
    CHECK(burst.empty());
    CHECK(burst.due() == Instant::never());
    const Buffer bytes(100, 7);
    const Instant start{5'000'000};
    burst.add(packet(bytes), start);
    burst.add(packet(bytes), start + kBurstHold / 2);
    CHECK(burst.due() == start + kBurstHold);
}

TEST("the end of a picture lets everything leave at once") {
    Burst burst;
    const Buffer bytes(100, 7);
    const Instant start{5'000'000};
    burst.add(packet(bytes), start);
    burst.add(packet(bytes, true), start + 10us);
    CHECK(burst.due() == start + 10us);
    burst.clear();
    CHECK(burst.due() == Instant::never());
    burst.add(packet(bytes), start + 1s);
    CHECK(burst.due() == start + 1s + kBurstHold);
}

TEST("a burst keeps its own copy, in order, up to its limit, of packets as large as they may be") {
    Burst burst;
    Buffer bytes;
    for (std::size_t i = 0; i < kBurstPackets; ++i) {
        CHECK(!burst.full());
        bytes.assign(kMaxRtpBytes, static_cast<std::uint8_t>(i));
        burst.add(packet(bytes), {});
    }
    bytes.assign(kMaxRtpBytes, 0xFF);
    CHECK(burst.full());
    REQUIRE(burst.packets().size() == kBurstPackets);
    for (std::size_t i = 0; i < kBurstPackets; ++i) {
        const auto& one = burst.packets()[i];
        CHECK(one.payload.size() == kMaxRtpBytes);
        CHECK((one.payload.front() == i && one.payload.back() == i));
    }
}

TEST("a packet that no datagram could hold is left out, and stops nothing") {
    Burst burst;
    const Buffer huge(kMaxDatagram + 1, 1), bytes(100, 1);
    burst.add(packet(huge, true), {});
    CHECK(burst.empty());
    CHECK(burst.due() == Instant::never());
    burst.add(packet(bytes), {});
    CHECK(burst.packets().size() == 1);
}
