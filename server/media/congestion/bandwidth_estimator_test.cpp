// The estimator over a simulated bottleneck: what it says, how fast it says it, and what the sound suffers meanwhile.
#include "media/congestion/bandwidth_estimator.hpp"

#include <array>
#include <cstdio>

#include "media/congestion/testing.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {

double share(std::uint64_t part, std::uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }
double ms(Duration time) { return static_cast<double>(time.count()) / 1e6; }

/// Least, mean and most of an estimate over a while.
struct Seen {
    double least = 1e18, most = 0, sum = 0;
    int count = 0;
    void add(double value) {
        least = std::min(least, value);
        most = std::max(most, value);
        sum += value;
        ++count;
    }
    double mean() const { return count == 0 ? 0 : sum / count; }
};

/// A flow alone on a path.
struct Alone {
    Path path;
    World world;
    Flow flow;
    explicit Alone(PathConfig config, std::uint64_t seed = 1,
                   BandwidthEstimator::Probing probing = BandwidthEstimator::Probing::allowed)
        : path(config, seed), flow(path, world.now, probing) {
        world.flows = {&flow};
    }
    std::uint64_t bps() const { return flow.estimator.bps(); }
    Seen watch(Duration length) {
        Seen seen;
        world.run(length, [&] { seen.add(static_cast<double>(bps())); });
        return seen;
    }
    double audio_lost() const { return 1 - share(flow.audio_arrived, flow.audio_sent); }
};

}  // namespace

TEST("the estimate finds a fixed bottleneck from 300 kbit/s to 20 Mbit/s and stays below it") {
    for (const std::uint64_t cap : {300'000ULL, 1'000'000ULL, 2'500'000ULL, 8'000'000ULL, 20'000'000ULL}) {
        Alone alone({.rate_bps = cap});
        const Duration took =
            alone.world.until([&] { return alone.bps() >= cap * 8 / 10 && alone.bps() <= cap * 105 / 100; }, 30s);
        alone.world.run(5s);
        const Seen seen = alone.watch(30s);
        std::printf(
            "# cap %5.1f Mbit/s: found after %4.0f ms, then %3.0f..%3.0f %% of it, mean %3.0f %%; audio lost %.2f %%, "
            "worst delay %.0f ms\n",
            static_cast<double>(cap) / 1e6, ms(took), 100 * seen.least / static_cast<double>(cap),
            100 * seen.most / static_cast<double>(cap), 100 * seen.mean() / static_cast<double>(cap),
            100 * alone.audio_lost(), ms(alone.flow.worst_audio_delay));
        CHECK(took < 3s);
        CHECK(seen.mean() > 0.80 * static_cast<double>(cap));
        CHECK(seen.mean() < 1.05 * static_cast<double>(cap));
    }
}

TEST("when the bottleneck narrows the estimate follows within two seconds, no audio is lost, and it comes back") {
    Alone alone({.rate_bps = 3'000'000, .queue = 1s});
    alone.world.run(10s);
    const std::uint64_t sent = alone.flow.audio_sent, arrived = alone.flow.audio_arrived;
    alone.path.config().rate_bps = 800'000;
    const Duration fell = alone.world.until([&] { return alone.bps() <= 840'000; }, 10s);
    alone.flow.worst_audio_delay = {};
    alone.world.run(3s);
    const Duration late = alone.flow.worst_audio_delay;
    alone.world.run(5s);
    alone.flow.worst_audio_delay = {};
    const Seen low = alone.watch(20s);
    alone.path.config().rate_bps = 3'000'000;
    const Duration rose = alone.world.until([&] { return alone.bps() >= 2'400'000; }, 60s);
    std::printf(
        "# 3 to 0.8 Mbit/s: below after %.0f ms, sound up to %.0f ms late then, %.0f ms later on; low mean %.0f %%; "
        "back at 80 %% of 3 Mbit/s after %.0f ms\n",
        ms(fell), ms(late), ms(alone.flow.worst_audio_delay), 100 * low.mean() / 800'000, ms(rose));
    CHECK(fell < 2s);
    CHECK(rose < 15s);
    CHECK(low.mean() > 0.75 * 800'000);
    alone.world.run(1s);
    CHECK(alone.flow.audio_arrived - arrived + 5 >= alone.flow.audio_sent - sent);
}

TEST("two percent of random loss without delay changes nothing") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        Alone alone({.rate_bps = 4'000'000, .loss = 0.02}, seed);
        alone.world.run(10s);
        const Seen seen = alone.watch(60s);
        std::printf("# 2 %% loss at 4 Mbit/s: %3.0f..%3.0f %%, mean %3.0f %%\n", seen.least / 4e4, seen.most / 4e4,
                    seen.mean() / 4e4);
        CHECK(seen.mean() > 0.75 * 4e6);
        CHECK(seen.least > 0.6 * 4e6);
    }
}

TEST("jitter without a queue is not taken for one") {
    for (const auto& [jitter, reorders] : {std::pair{30ms, false}, {100ms, false}, {30ms, true}, {100ms, true}}) {
        Alone alone({.rate_bps = 20'000'000, .jitter = jitter, .reorders = reorders});
        // A layer of 2 Mbit/s, as a publisher sends it.
        alone.flow.video_bps = [](const Flow&, Instant) { return 2'000'000; };
        alone.flow.estimator.want(2'500'000);
        alone.world.run(10s);
        int low = 0;
        Seen seen;
        alone.world.run(60s, [&] {
            seen.add(static_cast<double>(alone.bps()));
            low += alone.bps() < 2'100'000 ? 1 : 0;
        });
        std::printf(
            "# jitter %3lld ms%s, 2 Mbit/s sent: estimate %.2f..%.2f, mean %.2f Mbit/s, too low %.0f %% of the time\n",
            static_cast<long long>(jitter.count()), reorders ? " reordering" : "", seen.least / 1e6, seen.most / 1e6,
            seen.mean() / 1e6, low / 6.0);
        CHECK(seen.mean() > 1.8e6);
    }
}

TEST("loss beyond ten percent lowers it, where the path holds nothing back") {
    // A policer: what is too much is dropped, and nothing waits.
    Alone alone({.rate_bps = 1'000'000, .bucket = 15'000});
    alone.flow.video_bps = [](const Flow& flow, Instant) {
        return std::min<std::uint64_t>(flow.estimator.bps(), 3'000'000);
    };
    alone.world.run(10s);
    const Seen seen = alone.watch(30s);
    std::printf("# policer of 1 Mbit/s: %3.0f..%3.0f %%, mean %3.0f %%\n", seen.least / 1e4, seen.most / 1e4,
                seen.mean() / 1e4);
    CHECK(seen.mean() < 1.25e6);
    CHECK(seen.mean() > 0.6e6);
}

TEST("a flow that sends little learns by probes that more would go through, and stops when it has enough") {
    Alone alone({.rate_bps = 20'000'000});
    alone.flow.video_bps = [](const Flow&, Instant) { return 300'000; };
    alone.flow.estimator.want(2'800'000);
    const Duration took = alone.world.until([&] { return alone.bps() >= 2'800'000; }, 30s);
    std::printf("# 0.3 Mbit/s sent: 2.8 Mbit/s known after %.0f ms and %llu probes, %llu bytes\n", ms(took),
                static_cast<unsigned long long>(alone.flow.estimator.probes()),
                static_cast<unsigned long long>(alone.flow.probe_bytes));
    CHECK(took < 2s);
    const auto probes = alone.flow.estimator.probes();
    alone.world.run(60s);
    CHECK(alone.flow.estimator.probes() <= probes + 1);
    CHECK(alone.bps() >= 2'800'000);
}

TEST("a flow that sends little and cannot have more asks seldom, and disturbs the sound little") {
    Alone alone({.rate_bps = 700'000});
    alone.flow.video_bps = [](const Flow&, Instant) { return 400'000; };
    alone.flow.estimator.want(2'800'000);
    alone.world.run(10s);
    const auto before = alone.flow.probe_bytes;
    alone.flow.worst_audio_delay = {};
    const Seen seen = alone.watch(120s);
    const double bps = static_cast<double>(alone.flow.probe_bytes - before) * 8 / 120;
    std::printf(
        "# 0.4 of 0.7 Mbit/s sent: estimate %.2f..%.2f Mbit/s, probes %.1f kbit/s, sound at most %.0f ms late\n",
        seen.least / 1e6, seen.most / 1e6, bps / 1e3, ms(alone.flow.worst_audio_delay));
    CHECK(seen.mean() < 0.75e6);
    CHECK(seen.least > 0.3e6);
    CHECK(bps < 10'000);
    CHECK(alone.flow.worst_audio_delay < 150ms);
    CHECK(alone.audio_lost() < 0.001);
}

TEST("without anything to probe with, calm alone lets the estimate rise") {
    Alone alone({.rate_bps = 20'000'000}, 1, BandwidthEstimator::Probing::impossible);
    alone.flow.video_bps = [](const Flow&, Instant) { return 300'000; };
    alone.world.run(30s);
    CHECK(alone.flow.probe_bytes == 0);
    CHECK(alone.bps() > 2'800'000);
}

TEST("two flows share a bottleneck: neither starves, and together they fill it") {
    Path path({.rate_bps = 4'000'000}, 1);
    World world;
    Flow first(path, world.now), second(path, world.now);
    world.flows = {&first};
    world.run(10s);
    world.flows = {&first, &second};
    world.run(30s);
    Seen one, two;
    world.run(60s, [&] {
        one.add(static_cast<double>(first.estimator.bps()));
        two.add(static_cast<double>(second.estimator.bps()));
    });
    std::printf("# two flows at 4 Mbit/s: %.2f and %.2f Mbit/s\n", one.mean() / 1e6, two.mean() / 1e6);
    CHECK(std::min(one.mean(), two.mean()) > 0.25 * std::max(one.mean(), two.mean()));
    CHECK(one.mean() + two.mean() > 0.7 * 4e6);
    CHECK(one.mean() + two.mean() < 1.1 * 4e6);
}

TEST("a path that dies lowers the estimate to the floor, and is found again when it comes back") {
    Alone alone({.rate_bps = 4'000'000});
    alone.world.run(10s);
    alone.path.config().rate_bps = 0;
    alone.world.run(10s);
    CHECK(alone.bps() < 100'000);
    alone.path.config().rate_bps = 4'000'000;
    const Duration took = alone.world.until([&] { return alone.bps() > 3'000'000; }, 30s);
    std::printf("# after ten dead seconds: 3 of 4 Mbit/s again after %.0f ms\n", ms(took));
    CHECK(took < 8s);
}

TEST("a receiver that never reports leaves the estimate unheard, and is probed three times at most") {
    BandwidthEstimator estimator(BandwidthEstimator::Probing::allowed, Instant{1});
    Instant now{1};
    SeqNo number{7};
    for (int i = 0; i < 60'000; ++i, now = now + 1ms) {
        if (estimator.deadline() <= now) estimator.tick(now);
        while (const auto probe = estimator.probe_due(now)) estimator.sent(number = number + 1, probe, now);
        if (i % 5 == 0) estimator.sent(number = number + 1, 1200, now);
    }
    CHECK_FALSE(estimator.heard());
    CHECK(estimator.bps() == kStartEstimateBps);
    CHECK(estimator.probes() == 3);
}

TEST("a report is believed once, and only of packets that were sent") {
    const auto told = [](std::uint16_t base, std::uint16_t count, std::int32_t reference) {
        // One run of packets that all came 1 ms apart.
        static std::array<std::uint8_t, 1024> chunks;
        store_be16(chunks.data(), static_cast<std::uint16_t>(0x2000 | count));
        for (std::size_t i = 0; i < count; ++i) chunks[2 + i] = 4;
        TransportFeedback feedback;
        feedback.base = {base};
        feedback.count = count;
        feedback.reference_time = reference;
        feedback.chunks = Bytes{chunks}.first(2 + std::size_t{count});
        return feedback;
    };
    BandwidthEstimator estimator(BandwidthEstimator::Probing::impossible, Instant{1});
    Instant now{1'000'000'000};
    estimator.receive(told(100, 300, 5), now);
    CHECK_FALSE(estimator.heard());
    for (std::uint16_t i = 0; i < 300; ++i) estimator.sent({i}, 1000, now + i * 1ms);
    now = now + 350ms;
    estimator.receive(told(0, 300, 5), now);
    CHECK(estimator.heard());
    const auto once = estimator.acked_bps();
    REQUIRE(once);
    CHECK(*once > 7'500'000);
    CHECK(*once < 9'500'000);
    for (int i = 0; i < 20; ++i) estimator.receive(told(0, 300, 5), now);
    CHECK(estimator.acked_bps() == once);
}
