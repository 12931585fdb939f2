// Random publishers over random networks to viewers who change their minds: what must hold for each of them.
#include <algorithm>
#include <set>

#include "media/routing/testing.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {

constexpr Instant kStart{10'000'000'000};

struct Sent {
    Buffer bytes;
    int layer = 0;
    std::int64_t number = 0;  ///< of the media packets of its layer; -1 for padding
};

/// What is written into each payload, so that the receiving end knows what it got.
Buffer payload_of(bool keyframe, int layer, std::int64_t number) {
    Buffer payload = keyframe ? kKeyframeStart : kSlice;
    payload.push_back(static_cast<std::uint8_t>(layer));
    payload.resize(payload.size() + 4);
    store_be32(payload.data() + payload.size() - 4, static_cast<std::uint32_t>(number));
    return payload;
}

/// Some seconds of three layers: frames of a few packets, keyframes now and then, padding in between.
std::vector<Sent> make_stream(Random& random) {
    Encoder encoders[] = {{{100}, "l"}, {{101}, "m"}, {{102}, "h"}};
    std::int64_t numbers[3] = {};
    std::vector<Sent> stream;
    for (auto& encoder : encoders) {
        encoder.sequence = {random.u16()};
        encoder.timestamp = {random.u32()};
    }
    for (int frame = 0; frame < 200; ++frame)
        for (int layer = 0; layer < 3; ++layer) {
            Encoder& encoder = encoders[layer];
            encoder.timestamp = encoder.timestamp + 3000;
            const bool keyframe = frame == 0 || random.below(15) == 0;
            const std::uint64_t packets = 1 + random.below(4);
            for (std::uint64_t i = 0; i < packets; ++i) {
                const std::int64_t number = numbers[layer]++;
                stream.push_back({encoder.next(payload_of(keyframe && i == 0, layer, number), i + 1 == packets).bytes(),
                                  layer, number});
            }
            for (std::uint64_t i = random.below(4); i > 0; --i)
                stream.push_back({encoder.padding().bytes(), layer, -1});
        }
    return stream;
}

/// Loses, doubles and delays.
std::vector<Sent> over_network(const std::vector<Sent>& stream, Random& random, std::uint64_t trouble) {
    std::vector<std::pair<std::uint64_t, Sent>> arrivals;
    for (std::size_t i = 0; i < stream.size(); ++i) {
        if (trouble && random.below(100) < trouble) continue;
        const std::uint64_t delay = trouble && random.below(100) < 3 * trouble ? random.below(30) : 0;
        arrivals.emplace_back(i + delay, stream[i]);
        if (trouble && random.below(100) < trouble) arrivals.emplace_back(i + random.below(40), stream[i]);
    }
    std::stable_sort(arrivals.begin(), arrivals.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Sent> out;
    for (auto& [at, sent] : arrivals) out.push_back(std::move(sent));
    return out;
}

struct Got {
    std::int64_t sequence = 0;
    RtpTimestamp timestamp;
    int layer = -1;  ///< -1: fills the place of late padding
    std::int64_t number = 0;
    bool keyframe = false;
};

struct Run {
    std::vector<Got> got;  ///< in order of the viewer's sequence numbers
    std::uint64_t switches = 0, pauses = 0;
};

/// Whether the viewer's path sometimes carries nothing of the video.
enum class Path : std::uint8_t { wide, starving };

Run watch(const std::vector<Sent>& arrivals, Random& random, Path path = Path::wide) {
    Publication publication{{video_media({"l", "m", "h"})}, {1}, "server", kStart};
    Subscription viewer{for_viewer(video_media({}), 7000), kVideo, random, kStart};
    SeqNoUnroller unroller;
    Run run;
    Instant now = kStart;
    for (const Sent& sent : arrivals) {
        now = now + 3ms;
        if (random.below(60) == 0) viewer.set_highest_step(static_cast<std::uint8_t>(random.below(3)));
        if (path == Path::starving && random.below(40) == 0) {
            viewer.set_budget_bps(random.below(2));
            viewer.limits_changed(publication, now);
        }
        if (viewer.deadline() <= now) viewer.tick(publication, now);
        feedback_of(publication, now);
        const auto given = give(publication, sent.bytes, now);
        const auto out = given ? viewer.forward(*given, publication, now) : std::nullopt;
        if (!out) continue;
        Got got{unroller.unroll(out->header.sequence).value, out->header.timestamp};
        if (!out->payload.empty()) {
            got.layer = out->payload[out->payload.size() - 5];
            got.number = load_be32(out->payload.data() + out->payload.size() - 4);
            got.keyframe = starts_keyframe(Codec::h264, out->payload);
        }
        run.got.push_back(got);
    }
    run.switches = viewer.counters().switches;
    run.pauses = viewer.counters().pauses;
    std::sort(run.got.begin(), run.got.end(), [](const Got& a, const Got& b) { return a.sequence < b.sequence; });
    return run;
}

}  // namespace

TEST("over a good network a viewer who changes layers gets every number once, and keyframes at each change") {
    std::uint64_t switches = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        const Run run = watch(over_network(make_stream(random), random, 0), random);
        REQUIRE(run.got.size() > 100);
        CHECK(run.got.front().keyframe);
        for (std::size_t i = 1; i < run.got.size(); ++i) {
            const Got &before = run.got[i - 1], &here = run.got[i];
            CHECK(here.sequence == before.sequence + 1);
            CHECK_FALSE(before.timestamp.newer_than(here.timestamp));
            if (here.layer == before.layer)
                CHECK(here.number == before.number + 1);
            else
                CHECK(here.keyframe);
        }
        switches += run.switches;
    }
    CHECK(switches > 100);
}

TEST("a viewer whose video pauses and comes back gets every number once, and a keyframe after each pause") {
    std::uint64_t pauses = 0;
    for (std::uint64_t seed = 300; seed <= 340; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        const Run run = watch(over_network(make_stream(random), random, 0), random, Path::starving);
        for (std::size_t i = 1; i < run.got.size(); ++i) {
            const Got &before = run.got[i - 1], &here = run.got[i];
            CHECK(here.sequence == before.sequence + 1);
            CHECK_FALSE(before.timestamp.newer_than(here.timestamp));
            const bool next = here.layer == before.layer && here.number == before.number + 1;
            CHECK((next || here.keyframe));
        }
        pauses += run.pauses;
    }
    CHECK(pauses > 100);
}

TEST("over a bad network numbers are never given twice, holes are only real losses, time never goes back") {
    std::uint64_t switches = 0;
    for (std::uint64_t seed = 100; seed <= 140; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        const auto stream = make_stream(random);
        const auto arrivals = over_network(stream, random, 5);
        std::set<std::pair<int, std::int64_t>> arrived;
        for (const Sent& sent : arrivals) arrived.insert({sent.layer, sent.number});
        const Run run = watch(arrivals, random);
        REQUIRE(run.got.size() > 50);
        CHECK(run.got.front().keyframe);
        const Got* media = nullptr;
        for (std::size_t i = 0; i < run.got.size(); ++i) {
            const Got& here = run.got[i];
            if (i > 0) {
                CHECK(here.sequence > run.got[i - 1].sequence);
                CHECK_FALSE(run.got[i - 1].timestamp.newer_than(here.timestamp));
            }
            if (here.layer < 0) continue;
            if (media && media->layer == here.layer && !here.keyframe) {
                // Between two packets of a layer lie as many places as packets: lost media, and lost or late padding.
                CHECK(here.number > media->number);
                CHECK(here.sequence - media->sequence >= here.number - media->number);
                std::int64_t lost = 0;
                for (std::int64_t number = media->number + 1; number < here.number; ++number)
                    lost += arrived.contains({here.layer, number}) ? 0 : 1;
                CHECK(lost == here.number - media->number - 1);
            }
            media = &here;
        }
        switches += run.switches;
    }
    CHECK(switches > 100);
}

TEST("what a viewer did not get of what arrived, it gets by asking") {
    for (std::uint64_t seed = 200; seed <= 220; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        Publication publication{{video_media({})}, {1}, "server", kStart};
        Subscription viewer{for_viewer(video_media({}), 7000), kVideo, random, kStart};
        Encoder encoder{{100}, ""};
        std::map<std::uint16_t, Buffer> lost;
        Instant now = kStart;
        for (int i = 0; i < 400; ++i) {
            now = now + 5ms;
            const auto given = give(publication, encoder.next(payload_of(i == 0, 0, i)).bytes(), now);
            const auto out = viewer.forward(*given, publication, now);
            REQUIRE(out);
            if (random.below(10) == 0) lost[out->header.sequence.value] = {out->payload.begin(), out->payload.end()};
        }
        Buffer items;
        for (const auto& [sequence, payload] : lost) {
            items.resize(items.size() + 4);
            store_be16(items.data() + items.size() - 4, sequence);
        }
        viewer.receive_nack({{1}, {7000}, items}, publication, now + 20ms, [&](const OutgoingRtp& again) {
            REQUIRE(again.repeats);
            REQUIRE(lost.contains(again.repeats->value));
            CHECK(lost[again.repeats->value] == Buffer(again.payload.begin(), again.payload.end()));
            lost.erase(again.repeats->value);
        });
        CHECK(lost.empty());
    }
}
