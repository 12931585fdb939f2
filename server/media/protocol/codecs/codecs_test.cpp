#include <algorithm>
#include <map>

#include "media/protocol/codecs/h264.hpp"
#include "media/protocol/rtp/packet.hpp"
#include "platform/base/random.hpp"
#include "testing/rtp_capture.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
const std::string kCorpus = CONFIDENTE_SOURCE_DIR "/tests/corpus/rtp/";
constexpr Ssrc kTop{2077444449}, kMiddle{675076807}, kLow{3988946115};  // of the capture with RTX

/// A unit of this type, filled so that it holds no start code.
Buffer nal(std::uint8_t header, std::size_t size) {
    Buffer bytes(size, 0x5A);
    bytes[0] = header;
    return bytes;
}
Buffer annexb(std::initializer_list<Buffer> nals) {
    Buffer bytes;
    for (const Buffer& one : nals) {
        bytes.insert(bytes.end(), {0, 0, 0, 1});
        bytes.insert(bytes.end(), one.begin(), one.end());
    }
    return bytes;
}
}  // namespace

TEST("the keyframes of Chromium's layers begin with an SPS that tells their sizes") {
    std::map<Ssrc, PictureSize> sizes;
    std::map<Ssrc, int> starts;
    for (const auto& packet : testing::read_rtp_capture(kCorpus + "chromium156-h264-simulcast-rtx.bin")) {
        const auto view = *RtpPacketView::parse(packet.bytes);
        if (view.payload_type().value != 108 || !starts_keyframe(Codec::h264, view.payload())) continue;
        ++starts[view.ssrc()];
        sizes[view.ssrc()] = *keyframe_size(Codec::h264, view.payload());
    }
    CHECK(sizes[kTop] == PictureSize{1280, 720});
    CHECK(sizes[kMiddle] == PictureSize{640, 360});
    CHECK(sizes[kLow] == PictureSize{320, 180});
    CHECK(starts[kTop] >= 1);
    CHECK(starts[kTop] < 10);
}

TEST("Chromium's packets become whole access units, the first of them a keyframe") {
    H264Depacketizer depacketizer;
    SeqNoUnroller unroller;
    std::vector<H264AccessUnit> units;
    int markers = 0;
    for (const auto& packet : testing::read_rtp_capture(kCorpus + "chromium156-h264-simulcast-rtx.bin")) {
        const auto view = *RtpPacketView::parse(packet.bytes);
        if (view.ssrc() != kLow) continue;
        markers += view.marker() ? 1 : 0;
        auto unit =
            depacketizer.push(unroller.unroll(view.sequence()).value, view.timestamp(), view.marker(), view.payload());
        if (unit) units.push_back(std::move(*unit));
    }
    REQUIRE(units.size() > 20);
    CHECK(static_cast<int>(units.size()) == markers);
    CHECK(units[0].keyframe);
    CHECK_FALSE(units[1].keyframe);
    const auto nals = split_annexb(units[0].annexb);
    REQUIRE(nals.size() >= 3);
    CHECK(parse_h264_sps(nals[0])->size == PictureSize{320, 180});
    CHECK((nals[1][0] & 0x1F) == 8);
}

TEST("what is packetized comes out of the depacketizer unchanged") {
    const Buffer unit = annexb({nal(0x67, 20), nal(0x68, 5), nal(0x06, 30), nal(0x65, 5000), nal(0x65, 1100)});
    const auto payloads = packetize_h264(unit, 1100);
    REQUIRE(payloads.size() == 1 + 1 + 5 + 1);
    CHECK((payloads[0][0] & 0x1F) == 24);
    CHECK(find_h264_sps(payloads[0]));
    for (const Buffer& payload : payloads) CHECK(payload.size() <= 1100);
    H264Depacketizer depacketizer;
    std::optional<H264AccessUnit> out;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        CHECK_FALSE(out);
        out = depacketizer.push(static_cast<std::int64_t>(i), {90}, i + 1 == payloads.size(), payloads[i]);
    }
    REQUIRE(out);
    CHECK(out->annexb == unit);
    CHECK(out->keyframe);
    CHECK(out->timestamp.value == 90);
}

TEST("a unit with a packet missing is never given, whichever it is, and the next whole one is") {
    const auto key = packetize_h264(annexb({nal(0x67, 20), nal(0x68, 5), nal(0x65, 3000)}), 1000);
    const auto delta = packetize_h264(annexb({nal(0x41, 2500)}), 1000);
    const auto after = packetize_h264(annexb({nal(0x41, 500)}), 1000);
    for (std::size_t lost = 0; lost < key.size() + delta.size(); ++lost) {
        H264Depacketizer depacketizer;
        std::int64_t index = 0;
        std::vector<RtpTimestamp> given;
        const auto send = [&](const std::vector<Buffer>& payloads, RtpTimestamp timestamp) {
            for (std::size_t i = 0; i < payloads.size(); ++i, ++index) {
                if (index == static_cast<std::int64_t>(lost)) continue;
                if (auto unit = depacketizer.push(index, timestamp, i + 1 == payloads.size(), payloads[i]))
                    given.push_back(unit->timestamp);
            }
        };
        send(key, {1});
        send(delta, {2});
        send(after, {3});
        send(after, {4});
        const bool key_lost = lost < key.size();
        CHECK(std::count(given.begin(), given.end(), RtpTimestamp{key_lost ? 1u : 2u}) == 0);
        CHECK(std::count(given.begin(), given.end(), RtpTimestamp{key_lost ? 2u : 1u}) ==
              (lost + 1 == key.size() ? 0 : 1));
        CHECK(std::count(given.begin(), given.end(), RtpTimestamp{4}) == 1);
    }
}

TEST("start codes of either length part the units, and trailing zeros are no part of them") {
    const Buffer stream = {0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 4, 0, 0};
    const auto nals = split_annexb(stream);
    REQUIRE(nals.size() == 3);
    CHECK(Buffer(nals[0].begin(), nals[0].end()) == Buffer{0x67, 1, 2});
    CHECK(Buffer(nals[1].begin(), nals[1].end()) == Buffer{0x68, 3});
    CHECK(Buffer(nals[2].begin(), nals[2].end()) == Buffer{0x65, 4});
    CHECK(split_annexb(Buffer{1, 2, 3}).empty());
}

TEST("VP8 descriptors are read past, and keyframes told with their size") {
    int starts = 0, packets = 0;
    for (const auto& packet : testing::read_rtp_capture(kCorpus + "chromium156-vp8-low-layer-only.bin")) {
        const auto view = *RtpPacketView::parse(packet.bytes);
        if (view.payload_type().value != 96 || view.payload().empty()) continue;
        ++packets;
        CHECK(parse_vp8_descriptor(view.payload())->picture_id);
        if (!starts_keyframe(Codec::vp8, view.payload())) continue;
        ++starts;
        CHECK(keyframe_size(Codec::vp8, view.payload()) == PictureSize{320, 180});
    }
    CHECK(starts >= 1);
    CHECK(starts < packets / 5);
}

TEST("VP9 and AV1 keyframes are told by their first byte") {
    CHECK(starts_keyframe(Codec::vp9, Buffer{0x88, 0x01}));
    CHECK_FALSE(starts_keyframe(Codec::vp9, Buffer{0xC8, 0x01}));
    CHECK_FALSE(starts_keyframe(Codec::vp9, Buffer{0x80, 0x01}));
    CHECK(starts_keyframe(Codec::av1, Buffer{0x18}));
    CHECK_FALSE(starts_keyframe(Codec::av1, Buffer{0x10}));
    CHECK(starts_keyframe(Codec::opus, Buffer{0}));
    CHECK_FALSE(starts_keyframe(Codec::other, Buffer{0}));
}

TEST("codec names are known in any case") {
    CHECK(codec_from_name("h264") == Codec::h264);
    CHECK(codec_from_name("OPUS") == Codec::opus);
    CHECK(codec_from_name("rtx") == Codec::other);
    CHECK(to_string(Codec::vp9) == "VP9");
}

TEST("payloads of noise are survived, and never make more bytes than went in") {
    SeededRandom random{6184};
    H264Depacketizer depacketizer;
    for (std::int64_t i = 0; i < 200'000; ++i) {
        Buffer noise(random.below(60));
        random.fill(std::as_writable_bytes(std::span{noise}));
        constexpr std::uint8_t kTypes[] = {0x67, 0x18, 0x1C, 0x65};
        if (!noise.empty() && i % 4) noise[0] = kTypes[random.below(4)];
        for (const Codec codec : {Codec::h264, Codec::vp8, Codec::vp9, Codec::av1}) keyframe_size(codec, noise);
        const auto unit = depacketizer.push(i, {static_cast<std::uint32_t>(i / 5)}, i % 5 == 4, noise);
        if (unit) CHECK(unit->annexb.size() < 5 * 60 * 5);
    }
}
