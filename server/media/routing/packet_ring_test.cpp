#include "media/routing/packet_ring.hpp"

#include "media/routing/testing.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {
constexpr Instant kStart{10'000'000'000};

LayerPacket packet_of(std::uint32_t epoch, std::int64_t index, const Buffer& payload) {
    LayerPacket packet;
    packet.epoch = epoch;
    packet.index = index;
    packet.payload = payload;
    return packet;
}
Buffer payload_of(std::int64_t number) { return {0x41, static_cast<std::uint8_t>(number), 7}; }
}  // namespace

TEST("packets are kept for the time in which a viewer may ask for them") {
    CHECK(ring_span({}) == 600ms);
    CHECK(ring_span(20ms) == kMinRingSpan);
    CHECK(ring_span(300ms) == 1400ms);
    CHECK(ring_span(3s) == kMaxRingSpan);
    // 2.5 Mbit/s are 260 packets of 1200 bytes.
    CHECK(ring_packets(260, 50ms, kMinVideoRingPackets) == 256);
    CHECK(ring_packets(260, 400ms, kMinVideoRingPackets) == 1024);
    CHECK(ring_packets(2600, 400ms, kMinVideoRingPackets) == kMaxRingPackets);
    CHECK(ring_packets(0, {}, kMinVideoRingPackets) == kMinVideoRingPackets);
    CHECK(ring_packets(~0ull, 1s, kMinVideoRingPackets) == kMaxRingPackets);
}

TEST("a ring that grows or shrinks keeps the newest") {
    PacketRing ring{64};
    for (std::int64_t i = 0; i < 100; ++i) ring.store(packet_of(1, i, payload_of(i)));
    CHECK_FALSE(ring.find(1, 35));
    ring.resize(256);
    for (std::int64_t i = 36; i < 100; ++i) {
        REQUIRE(ring.find(1, i));
        const Bytes payload = ring.find(1, i)->payload;
        CHECK(Buffer(payload.begin(), payload.end()) == payload_of(i));
    }
    for (std::int64_t i = 100; i < 280; ++i) ring.store(packet_of(1, i, payload_of(i)));
    CHECK(ring.find(1, 36));
    ring.store(packet_of(2, 3, payload_of(3)));  // begun anew: what came before gives way
    ring.resize(64);
    CHECK(ring.packets() == 64);
    CHECK(ring.find(2, 3));
    for (std::int64_t i = 216; i < 280; ++i) CHECK(ring.find(1, i).has_value() == (i % 64 != 3));
    CHECK_FALSE(ring.find(1, 215));
}

TEST("a layer's ring follows its rate and the slowest of its viewers") {
    Publication publication{{video_media({})}, {1}, "server", kStart};
    Encoder encoder{{100}, ""};
    Instant now = kStart;
    std::int64_t newest = 0;
    const auto run = [&](int seconds, int per_second) {
        for (int i = 0; i < seconds * per_second; ++i) {
            now = now + Duration{1'000'000'000 / per_second};
            newest = give(publication, encoder.next(kSlice).bytes(), now)->index;
            feedback_of(publication, now);
        }
    };
    const auto kept = [&] {
        std::int64_t packets = 0;
        while (publication.stored(kVideo, 0, 0, newest - packets)) ++packets;
        return packets;
    };
    run(3, 200);
    CHECK(kept() == 512);  // enough as it began
    publication.note_round_trip(300ms, now);
    run(4, 800);
    CHECK(kept() == 2048);
    run(45, 60);  // the slow viewer has left, and the picture stands still
    CHECK(kept() == 128);
}
