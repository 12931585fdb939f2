#include "media/routing/subscription.hpp"

#include <algorithm>
#include <set>

#include "media/routing/testing.hpp"
#include "testing/rtp_capture.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {
constexpr Instant kStart{10'000'000'000};
const std::string kCorpus = CONFIDENTE_SOURCE_DIR "/tests/corpus/rtp/";

Publication publication_of(std::vector<std::string> rids = {}) {
    return Publication{{video_media(std::move(rids)), audio_media()}, {1}, "server", kStart};
}
Subscription viewer_of(Random& random) {
    return Subscription{for_viewer(video_media({}), 7000), kVideo, random, kStart};
}
}  // namespace

TEST("a viewer of Chromium's simulcast starts at an SPS and sees numbers without a hole") {
    for (const char* name : {"chromium156-h264-simulcast-no-rtx", "chromium156-h264-simulcast-rtx"}) {
        CAPTURE(name);
        SeededRandom random{1};
        auto publication = publication_of({"l", "m", "h"});
        auto viewer = viewer_of(random);
        std::optional<OutgoingRtp> last;
        int packets = 0, frames = 0;
        for (const auto& packet : confidente::testing::read_rtp_capture(kCorpus + name + ".bin")) {
            const Instant now = kStart + packet.at;
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            const auto given = give(publication, packet.bytes, now);
            if (!given || given->track != kVideo) continue;
            const auto out = viewer.forward(*given, publication, now);
            if (!out) continue;
            if (!last) CHECK(starts_keyframe(Codec::h264, out->payload));
            if (last) {
                CHECK(out->header.sequence.since(last->header.sequence) == 1);
                CHECK_FALSE(last->header.timestamp.newer_than(out->header.timestamp));
            }
            last = out;
            ++packets;
            frames += out->header.marker ? 1 : 0;
        }
        CHECK(packets > 50);
        CHECK(frames > 20);
    }
}

TEST("nothing is sent before a keyframe, one is asked for, and then everything is") {
    SeededRandom random{2};
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    give(publication, encoder.next(kSlice).bytes(), kStart);
    auto viewer = viewer_of(random);
    CHECK(viewer.deadline() == kStart);
    viewer.tick(publication, kStart);
    CHECK(feedback_of(publication, kStart).keyframes[100] == 1);
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(viewer.forward(*give(publication, encoder.next(kSlice).bytes(), kStart), publication, kStart));
    CHECK(viewer.forward(*give(publication, encoder.next(kKeyframeStart).bytes(), kStart), publication, kStart));
    CHECK(viewer.forward(*give(publication, encoder.next(kSlice).bytes(), kStart), publication, kStart));
    CHECK(viewer.counters().packets == 2);
}

TEST("the bytes for a viewer carry the viewer's payload type, SSRC, transport number and mid") {
    SeededRandom random{3};
    auto publication = publication_of();
    auto media = for_viewer(video_media({}), 7000);
    media.payload_type = {96};
    media.extensions.transport_cc = 5;
    Subscription viewer{media, kVideo, random, kStart};
    Encoder encoder{{100}, ""};
    const auto out =
        *viewer.forward(*give(publication, encoder.next(kKeyframeStart).bytes(), kStart), publication, kStart);
    std::array<std::uint8_t, kMaxRtpBytes> buffer;
    const std::size_t size = viewer.write(out, {4242}, kStart, buffer);
    const auto view = RtpPacketView::parse(Bytes{buffer}.first(size));
    REQUIRE(view);
    CHECK(view->payload_type().value == 96);
    CHECK(view->ssrc().value == 7000);
    CHECK(view->marker());
    CHECK(load_be16(view->extension(5)->data()) == 4242);
    CHECK(as_text(*view->extension(9)) == "0");
    CHECK(view->extension(2)->size() == 3);
    CHECK_FALSE(view->extension(10));
    CHECK(Buffer(view->payload().begin(), view->payload().end()) == kKeyframeStart);
    CHECK(viewer.write(out, {1}, kStart, MutableBytes{buffer}.first(size - 1)) == 0);
}

TEST("a lost packet comes again by RTX, once per round trip, and not for ever") {
    SeededRandom random{4};
    auto publication = publication_of();
    auto viewer = viewer_of(random);
    Encoder encoder{{100}, ""};
    std::vector<OutgoingRtp> sent;
    Buffer payload = kSlice;
    payload.resize(1200, 0x55);
    for (int i = 0; i < 300; ++i)
        sent.push_back(*viewer.forward(*give(publication, encoder.next(i ? payload : kKeyframeStart).bytes(), kStart),
                                       publication, kStart));
    Buffer items;
    const auto nack = nack_of(items, {sent[250].header.sequence.value});
    std::vector<OutgoingRtp> again;
    const auto take = [&](const OutgoingRtp& packet) { again.push_back(packet); };
    viewer.receive_nack(nack, publication, kStart + 50ms, take);
    viewer.receive_nack(nack, publication, kStart + 60ms, take);
    REQUIRE(again.size() == 1);
    CHECK(again[0].header.ssrc.value == 7001);
    CHECK(again[0].header.payload_type.value == 109);
    CHECK(again[0].header.timestamp == sent[250].header.timestamp);
    CHECK(again[0].repeats == sent[250].header.sequence);
    CHECK(again[0].payload.size() == payload.size());
    std::array<std::uint8_t, kMaxRtpBytes> buffer;
    const std::size_t size = viewer.write(again[0], {1}, kStart, buffer);
    const auto view = *RtpPacketView::parse(Bytes{buffer}.first(size));
    CHECK(load_be16(view.payload().data()) == sent[250].header.sequence.value);
    CHECK(view.payload().size() == 2 + payload.size());

    viewer.receive_nack(nack, publication, kStart + 100ms, take);
    REQUIRE(again.size() == 2);
    CHECK(again[1].header.sequence.since(again[0].header.sequence) == 1);

    Buffer strange;
    viewer.receive_nack(nack_of(strange, {static_cast<std::uint16_t>(sent.back().header.sequence.value + 5)}),
                        publication, kStart + 200ms, take);
    CHECK(again.size() == 2);
    // A viewer who asks for everything over and over is bounded by a share of what it is sent.
    for (int round = 0; round < 50; ++round) {
        Buffer all;
        for (const auto& packet : sent) nack_of(all, {packet.header.sequence.value});
        viewer.receive_nack({{1}, {7000}, all}, publication, kStart + 1s + round * 100ms, take);
    }
    CHECK(again.size() * 1200 <= kRepeatCreditBytes + 300 * 1200 / kMaxRepeatShare);
}

TEST("without RTX a repetition is the packet itself") {
    SeededRandom random{5};
    auto publication = publication_of();
    auto media = for_viewer(video_media({}), 7000);
    media.rtx_payload_type.reset();
    Subscription viewer{media, kVideo, random, kStart};
    Encoder encoder{{100}, ""};
    const auto sent =
        *viewer.forward(*give(publication, encoder.next(kKeyframeStart).bytes(), kStart), publication, kStart);
    Buffer items;
    int count = 0;
    viewer.receive_nack(nack_of(items, {sent.header.sequence.value}), publication, kStart,
                        [&](const OutgoingRtp& again) {
                            ++count;
                            CHECK(again.header.sequence == sent.header.sequence);
                            CHECK(again.header.ssrc == sent.header.ssrc);
                            CHECK_FALSE(again.repeats);
                        });
    CHECK(count == 1);
}

TEST("the layer goes down with the budget at once wanted, but changes only at a keyframe") {
    SeededRandom random{6};
    auto publication = publication_of({"l", "h"});
    Encoder low{{100}, "l"}, high{{101}, "h"};
    high.timestamp = {12345};
    auto viewer = viewer_of(random);
    Instant now = kStart;
    Buffer big = kSlice;
    big.resize(1000, 1);
    const auto both = [&](const Buffer& low_payload, const Buffer& high_payload) {
        now = now + 40ms;
        low.timestamp = low.timestamp + 3600;
        high.timestamp = high.timestamp + 3600;
        std::vector<OutgoingRtp> out;
        for (const auto& wire : {low.next(low_payload), high.next(high_payload)}) {
            const auto given = give(publication, wire.bytes(), now);
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            if (const auto packet = viewer.forward(*given, publication, now)) out.push_back(*packet);
        }
        return out;
    };
    both(kSlice, big);
    for (int i = 0; i < 20; ++i) both(kSlice, big);
    CHECK(both(kSlice, kKeyframeStart).size() == 1);
    CHECK(viewer.layer() == 1);
    for (int i = 0; i < 30; ++i) CHECK(both(kSlice, big).size() == 1);
    viewer.set_budget_bps(100'000);
    for (int i = 0; i < 20; ++i) both(kSlice, big);
    CHECK(viewer.layer() == 1);
    CHECK(feedback_of(publication, now).keyframes[100] >= 1);  // asked of the lower layer
    const auto last = both(kSlice, big).at(0);
    const auto out = both(kKeyframeStart, big);
    REQUIRE(out.size() == 1);
    CHECK(viewer.layer() == 0);
    CHECK(out[0].header.sequence.since(last.header.sequence) == 1);
    CHECK(out[0].header.timestamp.since(last.header.timestamp) == doctest::Approx(3600).epsilon(0.05));
    viewer.set_budget_bps(0);
    viewer.set_highest_step(0);
    for (int i = 0; i < 30; ++i) both(kSlice, kKeyframeStart);
    CHECK(viewer.layer() == 0);
    CHECK(viewer.counters().switches == 1);
}

TEST("a layer that falls silent is left for the next lower one") {
    SeededRandom random{7};
    auto publication = publication_of({"l", "h"});
    Encoder low{{100}, "l"}, high{{101}, "h"};
    auto viewer = viewer_of(random);
    const auto send = [&](Encoder& encoder, const Buffer& payload, Instant now) {
        viewer.tick(publication, now);
        return viewer.forward(*give(publication, encoder.next(payload).bytes(), now), publication, now).has_value();
    };
    Instant now = kStart;
    send(low, kSlice, now);
    send(high, kSlice, now);
    now = now + 600ms;
    send(low, kSlice, now);
    CHECK(send(high, kKeyframeStart, now));
    for (int i = 0; i < 60; ++i) send(low, kSlice, now = now + 40ms);
    CHECK(feedback_of(publication, now).keyframes[100] >= 1);
    CHECK(send(low, kKeyframeStart, now));
}

TEST("after a switch the sender report still names the moments that the packets name") {
    SeededRandom random{8};
    auto publication = publication_of({"l", "h"});
    Encoder low{{100}, "l"}, high{{101}, "h"};
    low.timestamp = {1'000};
    high.timestamp = {3'000'000'000};
    auto viewer = viewer_of(random);
    // Both layers were captured together; their reports say so, half a second apart.
    const NtpTime ntp{std::uint64_t{0xE0000000} << 32};
    SenderReport report;
    report.sender = {100};
    report.ntp = ntp;
    report.rtp = low.timestamp;
    give(publication, low.next(kSlice).bytes(), kStart);
    give(publication, high.next(kSlice).bytes(), kStart);
    publication.receive_report(report, kStart);
    report.sender = {101};
    report.ntp = {ntp.value + (std::uint64_t{1} << 31)};
    report.rtp = high.timestamp + 45'000;
    publication.receive_report(report, kStart + 500ms);

    // Time since the start that a timestamp of the viewer means, by the viewer's reports.
    const auto meaning = [&](RtpTimestamp timestamp, Instant now) {
        std::array<std::uint8_t, kMaxRtcpBytes> buffer;
        RtcpWriter writer{buffer};
        REQUIRE(viewer.write_report(publication, now, writer));
        RtcpReader reader{writer.bytes()};
        const auto sr = std::get<SenderReport>(*reader.next());
        const auto since = static_cast<std::int64_t>(sr.ntp.value - ntp_of(kStart).value);
        const double at = static_cast<double>(since) / 4294967296.0;
        return at + timestamp.since(sr.rtp) / 90'000.0;
    };
    viewer.set_highest_step(0);
    Instant now = kStart + 1s;
    viewer.tick(publication, now);
    low.timestamp = low.timestamp + 90'000;
    auto out = viewer.forward(*give(publication, low.next(kKeyframeStart).bytes(), now), publication, now);
    REQUIRE(out);
    CHECK(meaning(out->header.timestamp, now) == doctest::Approx(1.0).epsilon(0.001));

    viewer.set_highest_step(9);
    now = kStart + 2s;
    high.timestamp = high.timestamp + 2 * 90'000;
    const auto start = *give(publication, high.next(kKeyframeStart).bytes(), now);
    viewer.tick(publication, now);
    out = viewer.forward(start, publication, now);
    REQUIRE(out);
    CHECK(viewer.layer() == 1);
    CHECK(meaning(out->header.timestamp, now + 100ms) == doctest::Approx(2.0).epsilon(0.001));
}

TEST("a viewer's report about our report gives the round trip") {
    SeededRandom random{9};
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    auto viewer = viewer_of(random);
    viewer.forward(*give(publication, encoder.next(kKeyframeStart).bytes(), kStart), publication, kStart);
    SenderReport report;
    report.sender = {100};
    report.ntp = {0x1234567812345678};
    publication.receive_report(report, kStart);
    std::array<std::uint8_t, kMaxRtcpBytes> buffer;
    RtcpWriter writer{buffer};
    REQUIRE(viewer.write_report(publication, kStart + 1s, writer));
    CHECK_FALSE(viewer.write_report(publication, kStart + 1s, writer));
    RtcpReader reader{writer.bytes()};
    const auto sr = std::get<SenderReport>(*reader.next());
    CHECK(sr.packets == 1);
    CHECK(sr.octets == kKeyframeStart.size());
    ReportBlock block;
    block.ssrc = viewer.ssrc();
    block.fraction_lost = 12;
    block.last_sr = sr.ntp.middle();
    block.delay_since_sr = 65'536 / 2;
    viewer.receive_report(block, publication, kStart + 1s + 620ms);
    REQUIRE(viewer.round_trip());
    CHECK(*viewer.round_trip() == 120ms);
    CHECK(viewer.fraction_lost() == 12);
    block.last_sr += 5;
    viewer.receive_report(block, publication, kStart + 9s);
    CHECK(*viewer.round_trip() == 120ms);
}

TEST("a publisher who comes back goes on in the same numbers, from a keyframe") {
    SeededRandom random{10};
    auto viewer = viewer_of(random);
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    const auto before =
        *viewer.forward(*give(publication, encoder.next(kKeyframeStart).bytes(), kStart), publication, kStart);
    Publication again{{audio_media(), video_media({})}, {1}, "server", kStart};
    viewer.source_restarted(1);
    Encoder other{{500}, "", {3}, {77}};
    const Instant now = kStart + 5s;
    CHECK_FALSE(viewer.forward(*give(again, other.next(kSlice).bytes(), now), again, now));
    const auto after = viewer.forward(*give(again, other.next(kKeyframeStart).bytes(), now), again, now);
    REQUIRE(after);
    CHECK(after->header.sequence.since(before.header.sequence) == 1);
    CHECK(after->header.timestamp.since(before.header.timestamp) == 5 * 90'000);
    // What the old publication had is no longer repeated from the new one's ring.
    Buffer items;
    int repeated = 0;
    viewer.receive_nack(nack_of(items, {before.header.sequence.value}), again, now, [&](const auto&) { ++repeated; });
    CHECK(repeated == 0);
}

TEST("sound goes through from its first packet, with its pauses as they are") {
    SeededRandom random{11};
    auto publication = publication_of();
    Subscription viewer{for_viewer(audio_media(), 8000), kAudio, random, kStart};
    Encoder encoder{{300}, "", {9}, {9}, 111, "1"};
    const auto first = *viewer.forward(*give(publication, encoder.next({1, 2}).bytes(), kStart), publication, kStart);
    encoder.timestamp = encoder.timestamp + 480'000;  // ten seconds of silence
    const auto second =
        *viewer.forward(*give(publication, encoder.next({3}).bytes(), kStart + 10s), publication, kStart + 10s);
    CHECK(second.header.sequence.since(first.header.sequence) == 1);
    CHECK(second.header.timestamp.since(first.header.timestamp) == 480'000);
}

TEST("a thousand viewers who join, and then all lose a packet, cost the publisher one keyframe each time") {
    SeededRandom random{12};
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    give(publication, encoder.next(kSlice).bytes(), kStart);
    std::vector<Subscription> viewers;
    for (int i = 0; i < 1000; ++i) viewers.push_back(viewer_of(random));
    Instant now = kStart;
    int asked = 0;
    const auto pass = [&](const Buffer& payload) {
        now = now + 10ms;
        const auto given = give(publication, encoder.next(payload).bytes(), now);
        for (auto& viewer : viewers) {
            if (viewer.deadline() <= now) viewer.tick(publication, now);
            viewer.forward(*given, publication, now);
        }
        asked += feedback_of(publication, now).keyframes[100];
    };
    for (int i = 0; i < 5; ++i) pass(kSlice);
    CHECK(asked == 1);
    pass(kKeyframeStart);
    for (const auto& viewer : viewers) CHECK(viewer.counters().packets == 1);
    for (int i = 0; i < 100; ++i) pass(kSlice);
    CHECK(asked == 1);
    // Their requests do not come at once: some when the keyframe is on its way to them already.
    for (std::size_t i = 0; i < viewers.size(); ++i) {
        if (i % 100 == 0) pass(i == 500 ? kKeyframeStart : kSlice);
        viewers[i].request_keyframe(publication, now);
    }
    for (int i = 0; i < 100; ++i) pass(kSlice);
    CHECK(asked == 2);
    viewers[0].request_keyframe(publication, now);
    pass(kSlice);
    CHECK(asked == 3);
}

TEST("a probe is a recent large packet by RTX, or padding, and a receiver takes neither for media") {
    SeededRandom random{11};
    auto publication = publication_of();
    auto viewer = viewer_of(random);
    Encoder encoder{{100}, ""};
    Buffer large = kSlice;
    large.resize(1100, 1);
    const auto forward = [&](const Buffer& payload) {
        return *viewer.forward(*give(publication, encoder.next(payload).bytes(), kStart), publication, kStart);
    };
    // Before the first picture there is nothing to repeat.
    CHECK(viewer.probe(publication, 1200)->padding == 255);
    forward(kKeyframeStart);
    const auto sent = forward(large);
    forward(kSlice);
    const auto again = viewer.probe(publication, 1200);
    REQUIRE(again);
    CHECK(again->repeats == sent.header.sequence);
    CHECK(again->header.ssrc.value == 7001);
    CHECK(again->header.timestamp == sent.header.timestamp);
    const auto padding = viewer.probe(publication, 144);
    REQUIRE(padding);
    CHECK_FALSE(padding->repeats);
    CHECK(padding->padding == 100);
    CHECK(padding->header.sequence.since(again->header.sequence) == 1);
    std::array<std::uint8_t, kMaxRtpBytes> buffer;
    const auto view = RtpPacketView::parse(Bytes{buffer}.first(viewer.write(*padding, {9}, kStart, buffer)));
    REQUIRE(view);
    CHECK(view->payload().empty());
    CHECK(view->padding_size() == 100);
    CHECK(viewer.counters().packets == 3);
    CHECK(viewer.counters().repeated == 0);

    auto media = for_viewer(video_media({}), 8000);
    media.rtx_payload_type.reset();
    Subscription plain{media, kVideo, random, kStart};
    CHECK_FALSE(plain.probe(publication, 1200));
}
