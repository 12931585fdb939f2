#include <algorithm>
#include <map>

#include "media/protocol/codecs/bit_reader.hpp"
#include "media/protocol/codecs/h264.hpp"
#include "media/protocol/codecs/h264_parameter_sets.hpp"
#include "media/protocol/codecs/vp9.hpp"
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
        CHECK(parse_vp8_descriptor(view.payload())->numbers.id_bytes == 2);
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

TEST("a VP8 descriptor of any shape is read, and cut off it is none") {
    const Buffer full = {0x90, 0xF0, 0x92, 0x34, 0x56, 0xA1, 0x00};  // X; I L T K; wide PictureID; TL0PICIDX; TID 2
    const auto read = parse_vp8_descriptor(full);
    REQUIRE(read);
    CHECK(read->size == 6);
    CHECK(read->numbers.id_at == 2);
    CHECK(read->numbers.id_bytes == 2);
    CHECK(read->numbers.id == 0x1234);
    CHECK(read->numbers.tl0_at == 4);
    CHECK(read->numbers.tl0 == 0x56);
    CHECK(read->temporal == 2);
    for (std::size_t size = 0; size < 6; ++size) CHECK_FALSE(parse_vp8_descriptor(Bytes{full}.first(size)));
    const auto narrow = parse_vp8_descriptor(Buffer{0x90, 0xC0, 0x12, 0x56, 0x00});
    CHECK(narrow->numbers.id_bytes == 1);
    CHECK(narrow->numbers.id == 0x12);
    CHECK(narrow->numbers.tl0_at == 3);
    const auto bare = parse_vp8_descriptor(Buffer{0x10, 0x00});
    CHECK(bare->size == 1);
    CHECK(bare->numbers.id_bytes == 0);
    CHECK(bare->numbers.tl0_at == 0);
}

TEST("a VP9 descriptor of any shape is read, and cut off it is none") {
    // I L B E V, wide PictureID, T1 U S0, TL0PICIDX; two spatial layers with sizes and a group of two pictures.
    const Buffer full = {0xAE, 0x92, 0x34, 0x30, 0x56, 0x38, 0x01, 0x40, 0x00, 0xB4, 0x02,
                         0x80, 0x01, 0x68, 0x02, 0x04, 0x01, 0x28, 0x01, 0x02, 0xFF};
    const auto read = parse_vp9_descriptor(full);
    REQUIRE(read);
    CHECK(read->size == full.size() - 1);
    CHECK(read->numbers.id == 0x1234);
    CHECK(read->numbers.id_at == 1);
    CHECK(read->numbers.tl0_at == 4);
    CHECK(read->numbers.tl0 == 0x56);
    CHECK(read->temporal == 1);
    CHECK(read->switching_up);
    CHECK(read->spatial == 0);
    REQUIRE(read->structure);
    CHECK(read->structure->spatial == 2);
    CHECK(read->structure->sizes[1] == PictureSize{640, 360});
    CHECK(keyframe_size(Codec::vp9, full) == PictureSize{640, 360});
    for (std::size_t size = 0; size + 1 < full.size(); ++size)
        CHECK_FALSE(parse_vp9_descriptor(Bytes{full}.first(size)));
    // Flexible mode: references instead of TL0PICIDX.
    const auto flexible = parse_vp9_descriptor(Buffer{0xFC, 0x12, 0x03, 0x03, 0x04, 0xFF});
    REQUIRE(flexible);
    CHECK(flexible->size == 5);
    CHECK(flexible->numbers.tl0_at == 0);
    CHECK(flexible->spatial == 1);
    CHECK(flexible->inter_layer);
    CHECK(flexible->reference_count == 2);
    CHECK(flexible->references[0] == 1);
    CHECK(flexible->references[1] == 2);
}

namespace {
/// A High profile SPS of this size in macroblocks, with the frame cropping that 1080 needs.
Buffer sps_of(std::uint32_t width_mbs, std::uint32_t height_mbs, std::uint8_t level, std::uint32_t crop_bottom) {
    Buffer nal(64);
    BitWriter writer{nal};
    const auto ue = [&](std::uint32_t value) {
        unsigned width = 0;
        while ((value + 1) >> width > 1) ++width;
        writer.bits(0, width);
        writer.bits(value + 1, width + 1);
    };
    writer.bits(0x67, 8);
    writer.bits(100, 8);
    writer.bits(0, 8);
    writer.bits(level, 8);
    for (const std::uint32_t value : {0u, 1u, 0u, 0u}) ue(value);  // id, 4:2:0, eight bits
    writer.bits(0, 2);                                             // no bypass, no scaling lists
    for (const std::uint32_t value : {0u, 2u, 4u}) ue(value);      // frame numbers, order by output, references
    writer.bits(0, 1);
    ue(width_mbs - 1);
    ue(height_mbs - 1);
    writer.bits(3, 2);  // frames only, direct_8x8
    writer.bits(crop_bottom != 0, 1);
    if (crop_bottom)
        for (const std::uint32_t value : {0u, 0u, 0u, crop_bottom}) ue(value);
    writer.bits(0, 1);
    writer.bits(1, 1);
    nal.resize(writer.size());
    return nal;
}
}  // namespace

TEST("sizes up to 2160p and beyond are read from the SPS of any level") {
    const auto full = parse_h264_sps(sps_of(240, 135, 52, 0));
    REQUIRE(full);
    CHECK(full->size == PictureSize{3840, 2160});
    CHECK(full->level_idc == 52);
    CHECK(parse_h264_sps(sps_of(120, 68, 40, 4))->size == PictureSize{1920, 1080});
    CHECK(parse_h264_sps(sps_of(480, 270, 62, 0))->size == PictureSize{7680, 4320});
    CHECK(keyframe_size(Codec::h264, sps_of(240, 135, 60, 0)) == PictureSize{3840, 2160});
}

TEST("a keyframe that lacks its parameter sets gets the newest of them, and one that has them does not") {
    const Buffer sps = nal(0x67, 12), pps = {0x68, 0x80, 1}, idr = {0x65, 0x88, 1, 2}, slice = {0x41, 0x9A, 1};
    H264ParameterSets sets;
    std::int64_t index = 0;
    const auto send = [&](const Buffer& payload, std::uint32_t timestamp, bool in_order = true,
                          bool contiguous = true) {
        return sets.note(payload, {index++, {timestamp}, in_order, contiguous});
    };
    CHECK_FALSE(send(idr, 1));  // nothing is known yet
    CHECK_FALSE(send(sps, 2));
    CHECK_FALSE(send(pps, 2));
    CHECK_FALSE(send(idr, 2));  // its own
    CHECK_FALSE(send(slice, 3));
    CHECK(send(idr, 4));
    CHECK_FALSE(send({0x65, 0x08}, 4));  // its second slice
    Buffer stap = {0x78, 0, 12};
    stap.insert(stap.end(), sps.begin(), sps.end());
    stap.insert(stap.end(), {0, 3});
    stap.insert(stap.end(), pps.begin(), pps.end());
    const Bytes all = sets.aggregate();
    CHECK(Buffer(all.begin(), all.end()) == stap);

    CHECK_FALSE(send(stap, 5));
    CHECK_FALSE(send({0x7C, 0x85, 0x88, 1}, 5));  // FU-A of an IDR behind its sets
    CHECK(send({0x7C, 0x85, 0x88, 1}, 6));
    CHECK_FALSE(send({0x7C, 0x45, 0x88, 1}, 6));
    CHECK_FALSE(send(idr, 7, true, false));  // what was lost before it may have been sets
    CHECK_FALSE(send(sps, 8));
    CHECK(send(idr, 8));  // its PPS was sent before

    // The sets change in the middle, in a picture of their own; those that come late are older.
    const Buffer changed = {0x68, 0x80, 2};
    CHECK_FALSE(send(changed, 9));
    sets.note(pps, {3, {8}, false, false});
    CHECK(send(idr, 10));
    CHECK(sets.aggregate().back() == 2);
    // Too many kinds, and nothing is inserted any more.
    for (std::uint8_t id = 0; id <= kMaxPpsKept; ++id) {
        Buffer many = {0x68, 0, 0};
        BitWriter writer{MutableBytes{many}.subspan(1)};
        writer.bits(0, 4);
        writer.bits(16u + id, 5);
        send(many, 11);
    }
    CHECK_FALSE(send(idr, 12));
    CHECK(sets.aggregate().empty());
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
