#include "media/routing/reception.hpp"

#include <vector>

#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
constexpr Instant kStart{10'000'000'000};

/// A sender of a packet every 5 ms, whose every tenth is overtaken or lost.
struct Sender {
    Reception reception;
    Instant now = kStart;
    std::uint16_t next = 65'000;
    std::size_t asked = 0;

    void run(int packets, Duration overtaken_by, bool lost) {
        std::vector<std::pair<Instant, std::uint16_t>> late;
        for (int i = 0; i < packets; ++i, ++next) {
            now = now + 5ms;
            while (!late.empty() && late.front().first <= now) {
                const auto [at, sequence] = late.front();
                late.erase(late.begin());
                CHECK((lost ? reception.receive_repair({sequence}, at)
                            : reception.receive({sequence}, Content::media, at))
                          .arrival == Arrival::late);
            }
            if (i % 10 == 5)
                late.emplace_back(now + overtaken_by, next);
            else
                reception.receive({next}, Content::media, now);
            std::array<SeqNo, 8> losses;
            asked += reception.take_losses(now, losses);
        }
    }
};
}  // namespace

TEST("where packets overtake each other, gaps are left alone for as long as they take to close") {
    Sender sender;
    sender.run(1'000, 30ms, false);
    CHECK(sender.asked > 0);
    sender.asked = 0;
    sender.run(1'000, 30ms, false);
    CHECK(sender.asked <= 10);  // of a hundred
    CHECK(sender.reception.nack_delay() <= 30ms + 3 * kNackDelayStep);
    // It was no round trip that they told.
    CHECK_FALSE(sender.reception.round_trip());
    // When they are lost in earnest, there is nothing to wait for.
    sender.run(2'000, 100ms, true);
    CHECK(sender.reception.nack_delay() == kNackDelay);
    REQUIRE(sender.reception.round_trip());
    CHECK(*sender.reception.round_trip() > 60ms);
    CHECK(*sender.reception.round_trip() <= 100ms);
    // Overtaken by more than anybody should wait: still bounded.
    sender.run(3'000, 200ms, false);
    CHECK(sender.reception.nack_delay() <= kMaxNackDelay);
}

TEST("a gap from before a keyframe is no reason for another") {
    Reception reception;
    reception.receive({1}, Content::media, kStart);
    reception.receive({3}, Content::media, kStart);
    reception.note_keyframe();
    std::array<SeqNo, 8> losses;
    Instant now = kStart;
    for (int i = 0; i < 400; ++i) reception.take_losses(now = now + 10ms, losses);
    CHECK_FALSE(reception.take_hopeless());
    CHECK(reception.next_loss() == Instant::never());
    reception.receive({5}, Content::media, now);
    for (int i = 0; i < 400; ++i) reception.take_losses(now = now + 10ms, losses);
    CHECK(reception.take_hopeless());
    CHECK_FALSE(reception.take_hopeless());
}
