// Streams that carry several spatial layers, over random networks to viewers who change their minds: what must hold for
// what each of them is given.
#include <algorithm>
#include <set>

#include "media/routing/testing_svc.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {

constexpr Instant kStart{10'000'000'000};
constexpr std::uint32_t kFrames = 240;  ///< pictures

struct SvcPacket {
    Buffer bytes;
    std::uint16_t frame = 0;
};
struct SvcStream {
    std::vector<SvcPacket> packets;
    std::map<std::uint16_t, SvcFrame> frames;
    std::map<std::uint16_t, int> packets_of;
};

SvcStream make_stream(SvcMode mode, Random& random) {
    SvcStream stream;
    Encoder encoder{{100}, ""};
    encoder.sequence = {static_cast<std::uint16_t>(65'200 + random.below(300))};
    std::uint16_t number = static_cast<std::uint16_t>(65'300 + random.below(200));
    for (std::uint32_t picture = 0; picture < kFrames; ++picture) {
        encoder.timestamp = encoder.timestamp + 3000;
        const bool key = picture == 0 || random.below(25) == 0;
        for (std::size_t spatial = 0; spatial < kSpatial; ++spatial, ++number) {
            const SvcFrame frame = svc_frame(mode, spatial, key);
            stream.frames[number] = frame;
            const int packets = 1 + static_cast<int>(random.below(3));
            stream.packets_of[number] = packets;
            for (int i = 0; i < packets; ++i) {
                std::array<std::uint8_t, 2> content;
                store_be16(content.data(), number);
                const bool first = i == 0, last = i + 1 == packets;
                Wire wire =
                    encoder.next(av1_payload(key && spatial == 0 && first, content), last && spatial + 1 == kSpatial);
                wire.descriptor = svc_descriptor(mode, frame, number, first, last);
                stream.packets.push_back({wire.bytes(), number});
            }
        }
    }
    return stream;
}

struct Got {
    std::int64_t sequence = 0;
    std::uint16_t frame = 0;  ///< the publisher's number
    bool filler = false, marker = false;
    RtpTimestamp timestamp;
    DependencyDescriptor descriptor;
};

struct Run {
    std::vector<Got> got;
    std::uint64_t switches = 0;
    std::set<std::uint8_t> steps;
};

/// Through write(), as it would go on the wire, and read again by a viewer that knows nothing else.
Run watch(const std::vector<SvcPacket>& packets, Random& random) {
    Publication publication{{svc_media()}, {1}, "server", kStart};
    Subscription viewer{for_viewer(svc_media(), 7000), kVideo, random, kStart};
    SeqNoUnroller unroller;
    DependencyStructure structure, fresh;
    bool known = false;
    Run run;
    Instant now = kStart;
    for (const SvcPacket& packet : packets) {
        now = now + 3ms;
        if (random.below(80) == 0) {
            viewer.set_highest_step(static_cast<std::uint8_t>(random.below(3)));
            viewer.tick(publication, now);
        }
        if (viewer.deadline() <= now) viewer.tick(publication, now);
        feedback_of(publication, now);
        const auto given = give(publication, packet.bytes, now);
        const auto out = given ? viewer.forward(*given, publication, now) : std::nullopt;
        if (!out) continue;
        std::array<std::uint8_t, kMaxRtpBytes> buffer;
        const std::size_t size = viewer.write(*out, {1}, now, buffer);
        const auto view = *RtpPacketView::parse(Bytes{buffer}.first(size));
        Got got;
        got.sequence = unroller.unroll(view.sequence()).value;
        got.marker = view.marker();
        got.timestamp = view.timestamp();
        got.filler = view.payload().empty();
        if (!got.filler) {
            got.frame = load_be16(view.payload().data() + 1);
            CHECK(got.frame == packet.frame);
            const auto extension = view.extension(13);
            REQUIRE(extension);
            const auto read = read_dependency_descriptor(*extension, known ? &structure : nullptr, fresh);
            if (!read) continue;  // its structure was lost
            if (read->has_structure) structure = fresh, known = true;
            got.descriptor = *read;
        }
        run.got.push_back(got);
        if (viewer.layer()) run.steps.insert(*viewer.layer());
    }
    run.switches = viewer.counters().switches;
    std::sort(run.got.begin(), run.got.end(), [](const Got& a, const Got& b) { return a.sequence < b.sequence; });
    return run;
}

std::uint16_t before(std::uint16_t frame, std::uint16_t distance) {
    return static_cast<std::uint16_t>(frame - distance);
}

}  // namespace

TEST("whatever layer a viewer wants, it can decode every frame that it is given") {
    std::uint64_t switches = 0;
    std::set<std::uint8_t> steps;
    for (std::uint64_t seed = 1; seed <= 40; ++seed)
        for (const SvcMode mode : {SvcMode::full, SvcMode::key}) {
            CAPTURE(seed);
            SeededRandom random{seed};
            const SvcStream stream = make_stream(mode, random);
            const Run run = watch(stream.packets, random);
            REQUIRE(run.got.size() > 200);
            std::map<std::uint16_t, int> whole;
            std::map<std::uint32_t, std::vector<Got>> pictures;
            for (std::size_t i = 0; i < run.got.size(); ++i) {
                const Got& got = run.got[i];
                CHECK_FALSE(got.filler);
                if (i > 0) CHECK(got.sequence == run.got[i - 1].sequence + 1);
                ++whole[got.frame];
                pictures[got.timestamp.value].push_back(got);
                // The number in the descriptor went by the same shift for all.
                CHECK(static_cast<std::uint16_t>(got.descriptor.frame_number - got.frame) ==
                      static_cast<std::uint16_t>(run.got[0].descriptor.frame_number - run.got[0].frame));
            }
            for (const auto& [frame, packets] : whole) {
                CHECK(packets == stream.packets_of.at(frame));
                for (const std::uint16_t distance : stream.frames.at(frame).references)
                    CHECK_MESSAGE(whole.contains(before(frame, distance)), frame);
            }
            // A picture ends with the marker, and the targets announced with it are those whose frames came.
            for (const auto& [timestamp, picture] : pictures) {
                CHECK(picture.back().marker);
                for (std::size_t i = 0; i + 1 < picture.size(); ++i) CHECK_FALSE(picture[i].marker);
                REQUIRE(picture.back().descriptor.active_targets);
                const std::uint32_t active = *picture.back().descriptor.active_targets;
                CHECK(active != 0);
                for (std::size_t target = 0; target < kSpatial; ++target) {
                    if ((active >> target & 1) == 0) continue;
                    const auto ours = std::find_if(picture.begin(), picture.end(), [&](const Got& got) {
                        return stream.frames.at(got.frame).spatial == target;
                    });
                    CHECK(ours != picture.end());
                }
            }
            switches += run.switches;
            steps.insert(run.steps.begin(), run.steps.end());
        }
    CHECK(switches > 100);
    CHECK(steps.size() == 3);
}

TEST("over a bad network the numbers of layers left out are filled or closed, and none is given twice") {
    for (std::uint64_t seed = 200; seed <= 240; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        const SvcStream stream = make_stream(seed % 2 ? SvcMode::full : SvcMode::key, random);
        std::vector<std::pair<std::uint64_t, SvcPacket>> arrivals;
        std::size_t lost = 0;
        for (std::size_t i = 0; i < stream.packets.size(); ++i) {
            if (i > 0 && random.below(100) < 3) {
                ++lost;
                continue;
            }
            arrivals.emplace_back(i + (random.below(10) == 0 ? random.below(30) : 0), stream.packets[i]);
        }
        std::stable_sort(arrivals.begin(), arrivals.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<SvcPacket> packets;
        for (auto& [at, packet] : arrivals) packets.push_back(std::move(packet));
        const Run run = watch(packets, random);
        REQUIRE(run.got.size() > 100);
        std::int64_t holes = 0;
        for (std::size_t i = 1; i < run.got.size(); ++i) {
            CHECK(run.got[i].sequence > run.got[i - 1].sequence);
            holes += run.got[i].sequence - run.got[i - 1].sequence - 1;
        }
        CHECK(holes <= static_cast<std::int64_t>(2 * lost));
    }
}

TEST("a publisher who turns its upper layers off leaves viewers with the best that is on") {
    SeededRandom random{5};
    Publication publication{{svc_media()}, {1}, "server", kStart};
    Subscription viewer{for_viewer(svc_media(), 7000), kVideo, random, kStart};
    Encoder encoder{{100}, ""};
    Instant now = kStart;
    std::uint16_t number = 0;
    int got = 0;
    const auto picture = [&](bool key, std::size_t layers, std::uint32_t active) {
        now = now + 40ms;
        encoder.timestamp = encoder.timestamp + 3600;
        got = 0;
        for (std::size_t spatial = 0; spatial < kSpatial; ++spatial, ++number) {
            if (spatial >= layers) continue;
            const SvcFrame frame = svc_frame(SvcMode::full, spatial, key);
            Wire wire = encoder.next(av1_payload(key && spatial == 0, kSlice), spatial + 1 == layers);
            wire.descriptor = svc_descriptor(SvcMode::full, frame, number, true, true, spatial == 0 ? active : 0);
            const auto given = give(publication, wire.bytes(), now);
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            got += viewer.forward(*given, publication, now).has_value() ? 1 : 0;
        }
    };
    picture(true, 3, 0);
    CHECK(got == 3);  // the first keyframe has promised them
    CHECK(publication.layer_count(kVideo) == 3);
    CHECK(publication.picture_size(kVideo, 2) == PictureSize{1280, 720});
    CHECK(publication.bitrate_bps(kVideo, 2, now) > publication.bitrate_bps(kVideo, 0, now));
    std::array<std::uint8_t, kMaxLayers> ladder;
    CHECK(publication.ladder(kVideo, now, ladder) == 3);
    for (int i = 0; i < 60; ++i) {
        picture(false, 1, 0b001);
        CHECK(got == 1);
    }
    CHECK(publication.ladder(kVideo, now, ladder) == 1);
    CHECK(viewer.layer() == 0);
    picture(true, 3, 0);
    for (int i = 0; i < 30; ++i) picture(false, 3, 0);
    picture(true, 3, 0);
    CHECK(got == 3);
}

TEST("a viewer without the descriptor is given the same layers, by its numbers alone") {
    SeededRandom random{6};
    Publication publication{{svc_media()}, {1}, "server", kStart};
    auto media = for_viewer(svc_media(), 7000);
    media.extensions.dependency = 0;
    Subscription viewer{media, kVideo, random, kStart};
    const SvcStream stream = make_stream(SvcMode::key, random);
    std::optional<SeqNo> last;
    for (const SvcPacket& packet : stream.packets) {
        const auto given = give(publication, packet.bytes, kStart);
        const auto out = viewer.forward(*given, publication, kStart);
        if (!out) continue;
        CHECK(out->descriptor.empty());
        if (last) CHECK(out->header.sequence.since(*last) == 1);
        last = out->header.sequence;
    }
    CHECK(last);
}

TEST("VP9 layers are told by its own descriptor where there is no other") {
    SeededRandom random{8};
    NegotiatedMedia media = video_media({});
    media.codec = Codec::vp9;
    Publication publication{{media}, {1}, "server", kStart};
    Subscription viewer{for_viewer(media, 7000), kVideo, random, kStart};
    Encoder encoder{{100}, ""};
    Instant now = kStart;
    std::uint16_t picture_id = 0x7FF0;
    std::vector<std::uint8_t> got;
    const auto picture = [&](bool key) {
        now = now + 40ms;
        encoder.timestamp = encoder.timestamp + 3600;
        got.clear();
        for (std::uint8_t spatial = 0; spatial < 3; ++spatial) {
            const bool structure = key && spatial == 0;
            Buffer payload = {static_cast<std::uint8_t>(0xAC | (key ? 0 : 0x40) | (structure ? 2 : 0)),
                              static_cast<std::uint8_t>(0x80 | picture_id >> 8), static_cast<std::uint8_t>(picture_id),
                              static_cast<std::uint8_t>(spatial << 1 | (spatial > 0 ? 1 : 0)), 9};
            if (structure) payload.insert(payload.end(), {0x50, 1, 64, 0, 180, 2, 128, 1, 104, 5, 0, 2, 208});
            payload.push_back(0x55);
            const auto given = give(publication, encoder.next(payload, spatial == 2).bytes(), now);
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            const auto out = viewer.forward(*given, publication, now);
            if (!out) continue;
            got.push_back(spatial);
            CHECK(out->header.marker == (spatial == viewer.layer()));
        }
        picture_id = (picture_id + 1) & 0x7FFF;
    };
    picture(true);
    CHECK(got == std::vector<std::uint8_t>{0, 1, 2});
    CHECK(publication.picture_size(kVideo, 1) == PictureSize{640, 360});
    picture(false);
    CHECK(got == std::vector<std::uint8_t>{0, 1, 2});
    viewer.set_highest_step(1);
    for (int i = 0; i < 20; ++i) picture(false);
    CHECK(got == std::vector<std::uint8_t>{0, 1});  // down at once
    viewer.set_highest_step(2);
    for (int i = 0; i < 20; ++i) picture(false);
    CHECK(got == std::vector<std::uint8_t>{0, 1});  // up only where the layer can be entered
    CHECK(feedback_of(publication, now).keyframes[100] == 1);
    picture(true);
    CHECK(got == std::vector<std::uint8_t>{0, 1, 2});
}

TEST("descriptors of noise are survived, and the numbers stay whole") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        NegotiatedMedia media = svc_media();
        if (seed % 2) media.codec = Codec::vp9;
        Publication publication{{media}, {1}, "server", kStart};
        Subscription viewer{for_viewer(media, 7000), kVideo, random, kStart};
        Encoder encoder{{100}, ""};
        Instant now = kStart;
        std::optional<SeqNo> last;
        std::size_t sent = 0;
        for (int i = 0; i < 3'000; ++i) {
            now = now + 5ms;
            encoder.timestamp = encoder.timestamp + 450;
            Buffer payload(1 + random.below(24)), descriptor(random.below(60));
            random.fill(std::as_writable_bytes(std::span{payload}));
            random.fill(std::as_writable_bytes(std::span{descriptor}));
            // Some are nearly right, so that there is something to be misled by.
            if (i % 3 == 0) {
                descriptor = svc_descriptor(SvcMode::full, svc_frame(SvcMode::full, i % 9 / 3u, i % 30 == 0),
                                            static_cast<std::uint16_t>(i), true, true);
                if (random.below(3) == 0) descriptor[random.below(descriptor.size())] ^= 0x55;
                payload[0] = media.codec == Codec::av1 ? 0x18 : 0x08;
            }
            Wire wire = encoder.next(payload);
            wire.descriptor = descriptor;
            const auto given = give(publication, wire.bytes(), now);
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            const auto out = given ? viewer.forward(*given, publication, now) : std::nullopt;
            if (!out) continue;
            std::array<std::uint8_t, kMaxRtpBytes> buffer;
            const auto view = RtpPacketView::parse(Bytes{buffer}.first(viewer.write(*out, {1}, now, buffer)));
            REQUIRE(view);
            CHECK(view->payload().size() == payload.size());
            if (last) CHECK(view->sequence().since(*last) == 1);
            last = view->sequence();
            ++sent;
        }
        CHECK(sent > 50);
    }
}
