#include "media/engine/burst.hpp"

#include <vector>

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

/// The sizes at which packets of these payloads leave.
std::vector<std::size_t> levelled(const std::vector<std::size_t>& sizes) {
    Burst burst;
    for (const auto size : sizes) burst.add(packet(Buffer(size, 1)), {});
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < sizes.size(); ++i) all.push_back(burst.packets()[i].payload.size() + burst.padding(i));
    return all;
}
using Sizes = std::vector<std::size_t>;

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

TEST("packets of a picture are made equal where a few bytes are enough") {
    // As Chromium 156 cut pictures.
    CHECK(levelled({846, 847, 847}) == Sizes{847, 847, 847});
    CHECK(levelled({842, 842, 843}) == Sizes{843, 843, 843});
    CHECK(levelled({28, 1081, 1081, 1082}) == Sizes{28, 1082, 1082, 1082});
    CHECK(levelled({1160, 1160, 640}) == Sizes{1160, 1160, 640});
    CHECK(levelled({640, 1160}) == Sizes{640, 1160});
    CHECK(levelled({1000, 1003, 1006}) == Sizes{1003, 1006, 1006});
    CHECK(levelled({1000, 900, 901}) == Sizes{1000, 901, 901});
}

TEST("an empty packet, another layer and another track are left as they are") {
    Burst burst;
    const Buffer bytes(100, 1), larger(101, 1);
    auto other_layer = packet(bytes), other_track = packet(bytes);
    other_layer.layer = 1;
    other_track.track = 1;
    burst.add(packet({}), {});
    burst.add(other_layer, {});
    burst.add(other_track, {});
    burst.add(packet(bytes), {});
    burst.add(packet(larger), {});
    CHECK(burst.padding(0) == 0);
    CHECK(burst.padding(1) == 0);
    CHECK(burst.padding(2) == 0);
    CHECK(burst.padding(3) == 1);
    CHECK(burst.padding(4) == 0);
}
