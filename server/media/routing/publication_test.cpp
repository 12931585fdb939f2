#include "media/routing/publication.hpp"

#include <set>

#include "media/routing/reception.hpp"
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
}  // namespace

TEST("Chromium's layers are latched by rid in the first second and known by SSRC ever after") {
    auto publication = publication_of({"l", "m", "h"});
    std::map<int, std::set<std::uint32_t>> epochs;
    std::map<int, int> counts;
    Instant now = kStart;
    for (const auto& packet : confidente::testing::read_rtp_capture(kCorpus + "chromium156-h264-simulcast-rtx.bin")) {
        now = kStart + packet.at;
        const auto given = give(publication, packet.bytes, now);
        if (!given) continue;
        ++counts[given->track * 10 + given->layer];
        epochs[given->track * 10 + given->layer].insert(given->epoch);
    }
    CHECK(counts.size() == 4);
    for (const auto& [place, seen] : epochs) CHECK(seen.size() == 1);
    CHECK(publication.counters().stray == 0);
    CHECK(publication.picture_size(kVideo, 2) == PictureSize{1280, 720});
    std::array<std::uint8_t, kMaxLayers> ladder;
    REQUIRE(publication.ladder(kVideo, now, ladder) == 3);
    CHECK(ladder == std::array<std::uint8_t, 3>{0, 1, 2});
    CHECK(publication.bitrate_bps(kVideo, 2, now) > publication.bitrate_bps(kVideo, 0, now));
    CHECK(publication.ladder(kVideo, now + 3s, ladder) == 0);
}

TEST("the padding of a publisher without RTX leaves no hole in any layer") {
    auto publication = publication_of({"l", "m", "h"});
    std::map<int, std::int64_t> last;
    for (const auto& packet :
         confidente::testing::read_rtp_capture(kCorpus + "chromium156-h264-simulcast-no-rtx.bin")) {
        const auto given = give(publication, packet.bytes, kStart + packet.at);
        if (!given) continue;
        CHECK_FALSE(given->payload.empty());
        const int place = given->track * 10 + given->layer;
        if (last.contains(place)) CHECK(given->index == last[place] + 1);
        last[place] = given->index;
    }
    CHECK(publication.counters().padding > 50);
}

TEST("the best layer is the largest picture, whatever the order of the rids") {
    // OBS names its best layer "0" and sends it first.
    auto publication = publication_of({"h", "m", "l"});
    Instant now = kStart;
    for (const auto& packet : confidente::testing::read_rtp_capture(kCorpus + "chromium156-h264-simulcast-rtx.bin")) {
        now = kStart + packet.at;
        give(publication, packet.bytes, now);
    }
    std::array<std::uint8_t, kMaxLayers> ladder;
    REQUIRE(publication.ladder(kVideo, now, ladder) == 3);
    CHECK(ladder == std::array<std::uint8_t, 3>{2, 1, 0});
}

TEST("what was not negotiated is stray: payload types, mids, rids, and SSRCs beyond the limit") {
    auto publication = publication_of({"l", "h"});
    Encoder low{{100}, "l"};
    CHECK(give(publication, low.next(kSlice).bytes(), kStart));
    Wire wire = low.next(kSlice);
    wire.header.payload_type = {96};
    CHECK_FALSE(give(publication, wire.bytes(), kStart));
    wire = low.next(kSlice);
    wire.mid = "7";
    CHECK_FALSE(give(publication, wire.bytes(), kStart));
    Encoder unnamed{{101}, ""}, unknown{{102}, "x"}, sound_on_video{{100}, "", {5}, {5}, 111, "1"};
    CHECK_FALSE(give(publication, unnamed.next(kSlice).bytes(), kStart));
    CHECK_FALSE(give(publication, unknown.next(kSlice).bytes(), kStart));
    CHECK_FALSE(give(publication, sound_on_video.next(kSlice).bytes(), kStart));
    CHECK(publication.counters().stray == 5);
    CHECK(publication.layer_count(kVideo) == 1);
}

TEST("a datagram that came in fragments is larger than any packet, and no packet") {
    // Whoever gathers or stores packets has room for kMaxRtpBytes; a publisher alone on its path can send 64 KB.
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    CHECK(give(publication, encoder.next(kKeyframeStart).bytes(), kStart));
    for (const std::size_t size : {kMaxRtpBytes, std::size_t{60'000}})
        CHECK_FALSE(give(publication, encoder.next(Buffer(size, 0x41)).bytes(), kStart));
    CHECK(publication.counters().stray == 2);
    const auto whole = give(publication, encoder.next(Buffer(kMaxRtpBytes - 24, 0x41)).bytes(), kStart);
    REQUIRE(whole);
    CHECK(publication.stored(kVideo, 0, 0, whole->index));
}

TEST("a hole is asked for after a moment, a few times, and filled by RTX under its own number") {
    auto publication = publication_of({"h"});
    Encoder encoder{{100}, "h"}, rtx{{200}, "", {7}, {0}, 109};
    const auto first = *give(publication, encoder.next(kKeyframeStart).bytes(), kStart);
    Wire lost = encoder.next({0x41, 9, 9, 9});
    const auto third = *give(publication, encoder.next(kSlice).bytes(), kStart);
    CHECK(third.index == first.index + 2);
    CHECK(feedback_of(publication, kStart).nacked.empty());
    CHECK(publication.deadline() <= kStart + kNackDelay);
    CHECK(feedback_of(publication, kStart + kNackDelay).nacked == std::vector{lost.header.sequence.value});
    CHECK(feedback_of(publication, kStart + kNackDelay + 1ms).nacked.empty());
    CHECK(feedback_of(publication, kStart + kNackDelay + kNackInterval).nacked.size() == 1);

    Wire repair = rtx.next({0, 0, 0x41, 9, 9, 9});
    store_be16(repair.payload.data(), lost.header.sequence.value);
    repair.header.timestamp = lost.header.timestamp;
    repair.repaired_rid = "h";
    const auto filled = give(publication, repair.bytes(), kStart + 200ms);
    REQUIRE(filled);
    CHECK(filled->index == first.index + 1);
    CHECK_FALSE(filled->in_order);
    CHECK(Buffer(filled->payload.begin(), filled->payload.end()) == lost.payload);
    CHECK_FALSE(give(publication, lost.bytes(), kStart + 210ms));  // a second time, by the plain way
    CHECK(feedback_of(publication, kStart + 900ms).nacked.empty());
    // RTX of padding, and RTX of what was never lost, change nothing.
    Wire probe = rtx.padding();
    probe.repaired_rid = "h";
    CHECK_FALSE(give(publication, probe.bytes(), kStart + 300ms));
    repair = rtx.next({0, 0, 0x41});
    store_be16(repair.payload.data(), static_cast<std::uint16_t>(encoder.sequence.value - 1));
    CHECK_FALSE(give(publication, repair.bytes(), kStart + 300ms));
}

TEST("what stays lost ends in one request for a keyframe, and so does a loss too large to repeat") {
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    give(publication, encoder.next(kKeyframeStart).bytes(), kStart);
    encoder.next(kSlice);
    give(publication, encoder.next(kSlice).bytes(), kStart);
    Instant now = kStart;
    std::size_t nacks = 0;
    int keyframes = 0;
    for (int i = 0; i < 150 && keyframes == 0; ++i, now = now + 20ms) {
        const auto feedback = feedback_of(publication, now);
        nacks += feedback.nacked.size();
        if (feedback.keyframes.contains(100)) ++keyframes;
    }
    CHECK(nacks == kMaxNackTries);
    CHECK(keyframes == 1);
    give(publication, encoder.next(kKeyframeStart).bytes(), now);
    now = now + 2s;
    for (std::size_t i = 0; i < kMaxMissing + 10; ++i) encoder.next(kSlice);
    give(publication, encoder.next(kSlice).bytes(), now);
    const auto feedback = feedback_of(publication, now + 50ms);
    CHECK(feedback.nacked.empty());
    CHECK(feedback.keyframes.size() == 1);
}

TEST("a thousand viewers who want a keyframe cost the publisher two requests a second at most") {
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    give(publication, encoder.next(kSlice).bytes(), kStart);
    int requests = 0;
    for (int ms = 0; ms < 5000; ms += 10) {
        for (int viewer = 0; viewer < 20; ++viewer) publication.request_keyframe(kVideo, 0);
        requests += feedback_of(publication, kStart + std::chrono::milliseconds{ms}).keyframes[100];
    }
    CHECK(requests == 10);
}

TEST("a request that got lost is repeated, and falls silent when the keyframe comes or never does") {
    KeyframeGate gate;
    CHECK(gate.deadline() == Instant::never());
    gate.request();
    CHECK(gate.take(kStart));
    CHECK_FALSE(gate.take(kStart + 499ms));
    CHECK(gate.take(kStart + 500ms));
    gate.keyframe_arrived();
    CHECK_FALSE(gate.take(kStart + 2s));
    gate.request();
    int sent = 0;
    for (int i = 4; i < 40; ++i) sent += gate.take(kStart + i * 500ms) ? 1 : 0;
    CHECK(sent == kKeyframeRequestRepeats);
}

TEST("the receiver report counts losses and carries the time of the sender's report") {
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    Instant now = kStart;
    for (int i = 0; i < 100; ++i, now = now + 5ms) {
        const Wire wire = encoder.next(kSlice);
        if (i % 4 == 1) continue;
        give(publication, wire.bytes(), now);
    }
    SenderReport report;
    report.sender = {100};
    report.ntp = {0x1122334455667788};
    publication.receive_report(report, kStart + 500ms);
    const auto feedback = feedback_of(publication, kStart + 1s);
    REQUIRE(feedback.blocks.size() == 1);
    const ReportBlock& block = feedback.blocks[0];
    CHECK(block.ssrc.value == 100);
    CHECK(block.cumulative_lost == 25);
    CHECK(block.fraction_lost == 25 * 256 / 100);
    CHECK(block.extended_highest == 65'500 + 99);
    CHECK(block.last_sr == 0x33445566);
    CHECK(block.delay_since_sr == 32'768);
    CHECK(feedback_of(publication, kStart + 1s).blocks.empty());
    CHECK(feedback_of(publication, kStart + 2s).blocks.at(0).fraction_lost == 0);
}

TEST("jitter follows RFC 3550: none for even packets, much for uneven ones") {
    for (const int wobble_ms : {0, 20}) {
        auto publication = publication_of();
        Encoder encoder{{100}, ""};
        for (int i = 0; i < 200; ++i) {
            encoder.timestamp = encoder.timestamp + 3600;
            const auto late = std::chrono::milliseconds{i % 2 ? wobble_ms : 0};
            give(publication, encoder.next(kSlice).bytes(), kStart + i * 40ms + late);
        }
        const auto jitter = feedback_of(publication, kStart + 9s).blocks.at(0).jitter;
        CHECK(jitter == doctest::Approx(wobble_ms * 90).epsilon(0.1));
    }
}

TEST("transport-wide feedback is sent at its interval while packets come") {
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    int feedbacks = 0;
    for (int ms = 0; ms < 1000; ms += 5) {
        Wire wire = encoder.next(kSlice);
        wire.transport_number = static_cast<std::uint16_t>(65'400 + ms / 5);
        give(publication, wire.bytes(), kStart + std::chrono::milliseconds{ms});
        feedbacks += feedback_of(publication, kStart + std::chrono::milliseconds{ms}).transport;
    }
    CHECK(feedbacks >= 19);
    CHECK(feedbacks <= 21);
}

TEST("numbers that jump, or another SSRC, begin a new epoch; one stray packet does not") {
    auto publication = publication_of({"h"});
    Encoder encoder{{100}, "h"};
    CHECK(give(publication, encoder.next(kKeyframeStart).bytes(), kStart)->epoch == 0);
    const SeqNo before = encoder.sequence;
    encoder.sequence = encoder.sequence + 20'000;
    CHECK_FALSE(give(publication, encoder.next(kSlice).bytes(), kStart));
    encoder.sequence = before;
    CHECK(give(publication, encoder.next(kSlice).bytes(), kStart)->epoch == 0);
    encoder.sequence = encoder.sequence + 20'000;
    CHECK_FALSE(give(publication, encoder.next(kSlice).bytes(), kStart));
    CHECK(give(publication, encoder.next(kSlice).bytes(), kStart)->epoch == 1);
    Encoder other{{101}, "h"};
    CHECK(give(publication, other.next(kKeyframeStart).bytes(), kStart)->epoch == 2);
    CHECK_FALSE(give(publication, Encoder{{100}, ""}.next(kSlice).bytes(), kStart));  // the old one is gone
}

TEST("packets stay in the ring for a while, whole, and then give way") {
    auto publication = publication_of();
    Encoder encoder{{100}, ""};
    std::vector<LayerPacket> given;
    for (int i = 0; i < 600; ++i)
        given.push_back(
            *give(publication, encoder.next({0x41, std::uint8_t(i), std::uint8_t(i >> 8)}).bytes(), kStart));
    const auto stored = publication.stored(kVideo, 0, 0, given[550].index);
    REQUIRE(stored);
    CHECK(Buffer(stored->payload.begin(), stored->payload.end()) == Buffer{0x41, 550 & 0xFF, 550 >> 8});
    CHECK_FALSE(publication.stored(kVideo, 0, 0, given[10].index));
    CHECK_FALSE(publication.stored(kVideo, 0, 1, given[550].index));
    CHECK_FALSE(publication.stored(kVideo, 2, 0, given[550].index));
    CHECK_FALSE(publication.stored(9, 9, 0, -1));
}
