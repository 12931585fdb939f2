#include "media/routing/rtp_rewriter.hpp"

#include <map>
#include <vector>

#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
constexpr Instant kStart{10'000'000'000};

LayerPacket packet_of(std::uint8_t layer, std::int64_t index, bool in_order = true) {
    LayerPacket packet;
    packet.layer = layer;
    packet.index = index;
    packet.in_order = in_order;
    packet.timestamp = {static_cast<std::uint32_t>(index * 3000)};
    return packet;
}
}  // namespace

TEST("for every number given out its origin is known, through wraps, switches and holes") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        RtpRewriter rewriter{{static_cast<std::uint16_t>(60'000)}, {0xFFFFF000}, 90'000};
        std::int64_t next[3] = {0, 1'000'000, 60'000};
        std::vector<LayerPacket> missing;
        std::map<std::int64_t, std::pair<int, std::int64_t>> given;
        std::uint8_t layer = 0;
        Instant now = kStart;
        for (int i = 0; i < 8'000; ++i) {
            now = now + 3ms;
            if (i == 0 || random.below(100) == 0) {
                layer = static_cast<std::uint8_t>(random.below(3));
                rewriter.begin(packet_of(layer, next[layer]), {}, now);
                missing.clear();
            }
            LayerPacket packet = packet_of(layer, next[layer]++);
            if (random.below(20) == 0 && rewriter.continues(packet)) {
                missing.push_back(packet);
                continue;
            }
            std::optional<RtpRewriter::Numbers> numbers;
            if (random.below(10) == 0 && !missing.empty()) {
                --next[layer];
                packet = missing.back();
                packet.in_order = false;
                missing.pop_back();
            }
            numbers = rewriter.rewrite(packet, now);
            if (!numbers) continue;
            CHECK_FALSE(given.contains(numbers->sequence.value));
            given[numbers->sequence.value] = {packet.layer, packet.index};
        }
        // The last pieces are remembered, and none of what is remembered is wrong.
        std::size_t known = 0;
        for (const auto& [sequence, place] : given) {
            const auto origin = rewriter.origin({sequence});
            if (!origin) continue;
            ++known;
            CHECK(origin->layer == place.first);
            CHECK(origin->index == place.second);
        }
        CHECK(known > 300);
        CHECK_FALSE(rewriter.origin(rewriter.highest() + 1));
        CHECK(rewriter.highest().value > 65536 + 65'536);  // it has wrapped
    }
}

TEST("numbers close up behind packets that are left out, and late ones find their places") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        RtpRewriter rewriter{{100}, {5}, 90'000};
        const auto wanted = [&](std::int64_t index) {
            return (index * 7919 + static_cast<std::int64_t>(seed)) % 5 < 3;
        };
        std::int64_t start = 40'000;
        while (!wanted(start)) ++start;
        rewriter.begin(packet_of(0, start), {}, kStart);
        std::map<std::int64_t, std::int64_t> given;  // number to index; -1 fills a place
        std::vector<std::int64_t> missing;
        const auto give = [&](std::int64_t index, bool in_order) {
            const LayerPacket packet = packet_of(0, index, in_order);
            const auto numbers = wanted(index) ? rewriter.rewrite(packet, kStart) : rewriter.leave_out(packet);
            if (!numbers) {
                CHECK(in_order);
                CHECK_FALSE(wanted(index));
                return;
            }
            CHECK_FALSE(given.contains(numbers->sequence.value));
            CHECK(numbers->left_out == !wanted(index));
            given[numbers->sequence.value] = wanted(index) ? index : -1;
        };
        for (std::int64_t index = start; index < start + 3'000; ++index) {
            if (index > start && random.below(15) == 0) {
                missing.push_back(index);
                continue;
            }
            give(index, true);
            while (!missing.empty() && random.below(8) == 0) {
                give(missing.back(), false);
                missing.pop_back();
            }
        }
        give(start + 3'000, true);
        while (!missing.empty()) {
            if (missing.back() > start + 2'100) give(missing.back(), false);
            missing.pop_back();
        }
        // In the order of numbers the indices grow, and at the end, where nothing is missing, no number is free.
        std::int64_t last = -1, last_number = 0;
        for (const auto& [number, index] : given) {
            if (index >= 0) CHECK(index > last);
            if (last > start + 2'200) CHECK(number == last_number + 1);
            if (index >= 0) last = index;
            last_number = number;
            if (index > start + 2'100) {
                const auto origin = rewriter.origin({number});
                REQUIRE(origin);
                CHECK(origin->index == index);
            }
        }
    }
}

TEST("pictures go on counting over a switch, in the width of each stream") {
    RtpRewriter rewriter{{1}, {1}, 90'000};
    LayerPacket first = packet_of(0, 10), second = packet_of(1, 900);
    first.picture = {.id_at = 2, .id_bytes = 2, .tl0_at = 4, .tl0 = 250, .id = 0x7FFE};
    second.picture = {.id_at = 2, .id_bytes = 2, .tl0_at = 4, .tl0 = 17, .id = 55};
    first.frame.number = 0xFFFF;
    second.frame.number = 3;
    rewriter.begin(first, {}, kStart);
    auto numbers = *rewriter.rewrite(first, kStart);
    CHECK(numbers.picture.id == 0);
    CHECK(numbers.picture.tl0 == 0);
    rewriter.begin(second, {}, kStart);
    numbers = *rewriter.rewrite(second, kStart);
    CHECK(((second.picture.id + numbers.picture.id) & 0x7FFF) == 0x7FFF);
    CHECK(static_cast<std::uint8_t>(second.picture.tl0 + numbers.picture.tl0) == 251);
    CHECK(static_cast<std::uint16_t>(second.frame.number + numbers.picture.frame) == 0);
}
