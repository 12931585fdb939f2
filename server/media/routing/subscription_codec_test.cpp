// What a viewer is given of codecs whose packets say more than a picture: sets before keyframes, numbers of pictures.
#include "media/protocol/codecs/h264.hpp"
#include "media/routing/subscription.hpp"
#include "media/routing/testing.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {
constexpr Instant kStart{10'000'000'000};
}  // namespace

TEST("an H.264 keyframe without parameter sets brings them to whoever starts or switches there, and again on request") {
    SeededRandom random{13};
    Publication publication{{video_media({"l", "h"})}, {1}, "server", kStart};
    Encoder low{{100}, "l"}, high{{101}, "h"};
    const Buffer sps = {0x67, 0x42, 0xE0, 0x1F, 0x80, 1}, pps = {0x68, 0x80, 9}, idr = {0x65, 0x88, 1},
                 slice = {0x41, 0x9A};
    Subscription viewer{for_viewer(video_media({}), 7000), kVideo, random, kStart};
    std::vector<OutgoingRtp> out;
    std::vector<Buffer> payloads;
    Instant now = kStart;
    const auto pass = [&](Encoder& encoder, const Buffer& payload) {
        now = now + 20ms;
        encoder.timestamp = encoder.timestamp + 1800;
        for (const auto& packet : give_all(publication, encoder.next(payload).bytes(), now)) {
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            if (const auto one = viewer.forward(packet, publication, now)) {
                out.push_back(*one);
                payloads.emplace_back(one->payload.begin(), one->payload.end());
            }
        }
    };
    // Both layers say their sets once, in pictures of their own, before anybody watches.
    for (Encoder* encoder : {&low, &high}) {
        give_all(publication, encoder->next(sps).bytes(), now);
        give_all(publication, encoder->next(pps).bytes(), now);
    }
    viewer.set_highest_step(0);
    pass(low, slice);
    CHECK(out.empty());
    pass(low, idr);
    REQUIRE(out.size() == 2);
    CHECK(starts_keyframe(Codec::h264, payloads[0]));
    CHECK(payloads[1] == idr);
    CHECK(out[0].header.timestamp == out[1].header.timestamp);
    CHECK_FALSE(out[0].header.marker);
    CHECK(publication.counters().sets_inserted == 1);

    // A picture parameter set changes in the middle; the next who comes gets the new one.
    pass(high, {0x68, 0x80, 7});
    viewer.set_highest_step(1);
    for (int i = 0; i < 30; ++i) pass(low, slice), pass(high, slice);
    const std::size_t before = out.size();
    pass(high, idr);
    REQUIRE(out.size() == before + 2);
    CHECK(viewer.layer() == 1);
    CHECK(payloads[before].back() == 7);
    CHECK(payloads[before + 1] == idr);
    pass(high, slice);
    for (std::size_t i = 1; i < out.size(); ++i) CHECK(out[i].header.sequence.since(out[i - 1].header.sequence) == 1);
    Buffer items;
    std::vector<Buffer> again;
    viewer.receive_nack(
        nack_of(items, {out[before].header.sequence.value}), publication, now,
        [&](const OutgoingRtp& packet) { again.emplace_back(packet.payload.begin(), packet.payload.end()); });
    REQUIRE(again.size() == 1);
    CHECK(again[0] == payloads[before]);
    // The next keyframe with its sets is left as it is.
    pass(high, {0x78, 0, 6, 0x67, 0x42, 0xE0, 0x1F, 0x80, 1, 0, 3, 0x68, 0x80, 7, 0, 3, 0x65, 0x88, 1});
    CHECK(publication.counters().sets_inserted == 2);
}

TEST("a viewer of VP8 layers counts pictures without a hole, whatever each layer counts") {
    SeededRandom random{14};
    auto media = video_media({"l", "h"});
    media.codec = Codec::vp8;
    Publication publication{{media}, {1}, "server", kStart};
    media.rids.clear();
    Subscription viewer{for_viewer(media, 7000), kVideo, random, kStart};
    Encoder encoders[] = {{{100}, "l"}, {{101}, "h"}};
    std::uint16_t ids[] = {0x7FF0, 100};
    std::uint8_t tl0s[] = {250, 7};
    Instant now = kStart;
    std::optional<Vp8Descriptor> last;
    std::optional<SeqNo> last_sequence;
    int packets = 0;
    for (int frame = 0; frame < 400; ++frame) {
        now = now + 33ms;
        if (frame % 37 == 36) viewer.set_highest_step(static_cast<std::uint8_t>(random.below(2)));
        for (std::size_t layer = 0; layer < 2; ++layer) {
            Encoder& encoder = encoders[layer];
            encoder.timestamp = encoder.timestamp + 2970;
            const bool key = frame % 11 == 0;
            for (int part = 0; part < 2; ++part) {
                Buffer payload = {static_cast<std::uint8_t>(0x80 | (part == 0 ? 0x10 : 0)),
                                  0xE0,
                                  static_cast<std::uint8_t>(0x80 | ids[layer] >> 8),
                                  static_cast<std::uint8_t>(ids[layer]),
                                  tl0s[layer],
                                  0x20,
                                  static_cast<std::uint8_t>(key ? 0 : 1),
                                  1,
                                  2};
                const auto given = give(publication, encoder.next(payload, part == 1).bytes(), now);
                if (viewer.deadline() <= now) viewer.tick(publication, now);
                const auto out = viewer.forward(*given, publication, now);
                if (!out) continue;
                std::array<std::uint8_t, kMaxRtpBytes> buffer;
                const auto view = *RtpPacketView::parse(Bytes{buffer}.first(viewer.write(*out, {1}, now, buffer)));
                const auto read = parse_vp8_descriptor(view.payload());
                REQUIRE(read);
                CHECK(Buffer(view.payload().begin() + 5, view.payload().end()) ==
                      Buffer(payload.begin() + 5, payload.end()));
                if (last) {
                    const int next = part == 0 ? 1 : 0;
                    CHECK(read->numbers.id == ((last->numbers.id + next) & 0x7FFF));
                    CHECK(read->numbers.tl0 == static_cast<std::uint8_t>(last->numbers.tl0 + next));
                    CHECK(view.sequence().since(*last_sequence) == 1);
                }
                last = read;
                last_sequence = view.sequence();
                ++packets;
            }
            ids[layer] = (ids[layer] + 1) & 0x7FFF;
            ++tl0s[layer];
        }
    }
    CHECK(packets > 700);
    CHECK(viewer.counters().switches > 3);
    // A repetition says the same numbers as the packet did.
    Buffer items;
    int again = 0;
    viewer.receive_nack(nack_of(items, {last_sequence->value}), publication, now, [&](const OutgoingRtp& packet) {
        std::array<std::uint8_t, kMaxRtpBytes> buffer;
        const auto view = *RtpPacketView::parse(Bytes{buffer}.first(viewer.write(packet, {1}, now, buffer)));
        CHECK(parse_vp8_descriptor(view.payload().subspan(2))->numbers.id == last->numbers.id);
        ++again;
    });
    CHECK(again == 1);
}

TEST("2160p goes through as it came: packet by packet, at its size and level") {
    SeededRandom random{15};
    Publication publication{{video_media({})}, {1}, "server", kStart};
    Subscription viewer{for_viewer(video_media({}), 7000), kVideo, random, kStart};
    Encoder encoder{{100}, ""};
    // High profile, level 5.2, 240 by 135 macroblocks.
    const Buffer sps = {0x67, 0x64, 0x00, 0x34, 0xAC, 0xB2, 0x80, 0x78, 0x00, 0x87, 0xC8};
    REQUIRE(parse_h264_sps(sps));
    CHECK(parse_h264_sps(sps)->size == PictureSize{3840, 2160});
    Instant now = kStart;
    for (int picture = 0; picture < 60; ++picture) {
        now = now + 16ms;
        encoder.timestamp = encoder.timestamp + 1500;
        // A keyframe of 300 kB, then 40 kB each: 20 Mbit/s.
        const int packets = picture == 0 ? 250 : 34;
        for (int i = 0; i < packets; ++i) {
            Buffer payload = picture == 0 && i == 0 ? sps : Buffer(1200, static_cast<std::uint8_t>(i));
            if (payload.size() > 100) payload[0] = 0x41;
            const auto given = give(publication, encoder.next(payload, i + 1 == packets).bytes(), now);
            REQUIRE(given);
            const auto out = viewer.forward(*given, publication, now);
            REQUIRE(out);
            CHECK(Buffer(out->payload.begin(), out->payload.end()) == payload);
        }
        feedback_of(publication, now);
    }
    CHECK(publication.picture_size(kVideo, 0) == PictureSize{3840, 2160});
    CHECK(viewer.counters().packets == publication.counters().packets);
}
