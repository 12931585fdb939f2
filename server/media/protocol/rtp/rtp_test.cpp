#include <array>
#include <map>

#include "media/protocol/rtp/packet.hpp"
#include "platform/base/random.hpp"
#include "testing/rtp_capture.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
const std::string kCorpus = CONFIDENTE_SOURCE_DIR "/tests/corpus/rtp/";
}

TEST("sequence numbers are compared and unrolled across the wrap") {
    CHECK(SeqNo{1}.newer_than({65535}));
    CHECK_FALSE(SeqNo{65535}.newer_than({1}));
    CHECK((SeqNo{65535} + 2).value == 1);
    SeqNoUnroller unroller;
    const auto first = unroller.unroll({65534});
    CHECK(unroller.unroll({1}).value == first.value + 3);
    CHECK(unroller.unroll({65535}).value == first.value + 1);  // late, from before the wrap
    CHECK(unroller.highest().value == first.value + 3);
    CHECK(RtpTimestamp{5}.newer_than({0xFFFFFFF0}));
}

TEST("a first packet at zero may be followed by an older one without going negative") {
    SeqNoUnroller unroller;
    unroller.unroll({0});
    CHECK(unroller.unroll({65535}).value == 65535);
}

TEST("every packet that Chromium sent is read, with its mid and rid in the first ones") {
    std::map<std::string, int> rids;
    std::size_t padding = 0;
    const auto packets = testing::read_rtp_capture(kCorpus + "chromium156-h264-simulcast-no-rtx.bin");
    REQUIRE(packets.size() > 500);
    for (const auto& packet : packets) {
        const auto view = RtpPacketView::parse(packet.bytes);
        REQUIRE(view);
        CHECK(looks_like_rtp(packet.bytes));
        CHECK(view->extension(4)->size() == 2);
        if (const auto rid = view->extension(10)) ++rids[std::string{as_text(*rid)}];
        if (view->payload().empty()) ++padding;
        CHECK(view->header_size() + view->payload().size() + view->padding_size() == packet.bytes.size());
    }
    CHECK(rids.size() == 3);
    CHECK(padding > 50);
}

TEST("both forms of header extensions are written and read back") {
    const Buffer longer(20, 7);
    const std::array<std::uint8_t, 2> number = {0x12, 0x34};
    const RtpHeader header{{96}, {4711}, {0xDEADBEEF}, {0xCAFE}, true};
    for (const bool two_byte : {false, true}) {
        const RtpExtension extensions[] = {{4, number}, {0, number}, {9, two_byte ? Bytes{longer} : as_bytes("0")}};
        std::array<std::uint8_t, kMaxRtpHeaderBytes> out;
        const std::size_t size = write_rtp_header(header, extensions, out);
        REQUIRE(size % 4 == 0);
        const auto view = RtpPacketView::parse(Bytes{out}.first(size));
        REQUIRE(view);
        CHECK(view->marker());
        CHECK(view->payload_type().value == 96);
        CHECK(view->sequence().value == 4711);
        CHECK(view->timestamp().value == 0xDEADBEEF);
        CHECK(view->ssrc().value == 0xCAFE);
        CHECK(load_be16(view->extension(4)->data()) == 0x1234);
        CHECK(view->extension(9)->size() == (two_byte ? 20 : 1));
        CHECK_FALSE(view->extension(0));
        CHECK_FALSE(view->extension(5));
        CHECK(write_rtp_header(header, extensions, MutableBytes{out}.first(size - 1)) == 0);
    }
}

TEST("a header without extensions has twelve bytes") {
    std::array<std::uint8_t, 64> out;
    CHECK(write_rtp_header({}, {}, out) == 12);
    const RtpExtension none[] = {{0, {}}};
    CHECK(write_rtp_header({}, none, out) == 12);
    CHECK((out[0] & 0x10) == 0);
}

TEST("padding that claims more than there is is refused, and the payload is what is left otherwise") {
    Buffer packet(16, 0);
    packet[0] = 0xA0;
    packet[15] = 4;
    REQUIRE(RtpPacketView::parse(packet));
    CHECK(RtpPacketView::parse(packet)->payload().empty());
    packet[15] = 3;
    CHECK(RtpPacketView::parse(packet)->payload().size() == 1);
    for (const std::uint8_t count : {0, 5, 255}) {
        packet[15] = count;
        CHECK_FALSE(RtpPacketView::parse(packet));
    }
}

TEST("noise is read within its bounds or not at all") {
    SeededRandom random{3550};
    std::size_t read = 0;
    for (int i = 0; i < 200'000; ++i) {
        Buffer noise(random.below(80));
        random.fill(std::as_writable_bytes(std::span{noise}));
        if (!noise.empty() && i % 2) noise[0] = static_cast<std::uint8_t>(0x80 | (noise[0] & 0x31));
        if (noise.size() > 16 && i % 3) store_be32(noise.data() + 12, i % 2 ? 0xBEDE0003 : 0x10000004);
        const auto view = RtpPacketView::parse(noise);
        if (!view) continue;
        ++read;
        std::size_t seen = view->payload().size();
        for (int id = 1; id < 256; ++id)
            if (const auto value = view->extension(static_cast<std::uint8_t>(id))) seen += value->size();
        CHECK(seen <= noise.size() * 256);
    }
    CHECK(read > 1000);
}

TEST("padding that is appended is told apart from the payload again") {
    for (const int padding : {1, 2, 4, 255}) {
        Buffer packet(12 + 20 + 255, 0x77);
        REQUIRE(write_rtp_header({.payload_type = {96}, .sequence = {1}, .timestamp = {2}, .ssrc = {3}}, {}, packet) ==
                12);
        const auto size = pad_rtp(packet, 32, static_cast<std::uint8_t>(padding));
        CHECK(size == 32 + static_cast<std::size_t>(padding));
        const auto view = RtpPacketView::parse(Bytes{packet}.first(size));
        REQUIRE(view);
        CHECK(view->payload().size() == 20);
        CHECK(view->payload().back() == 0x77);
        CHECK(view->padding_size() == static_cast<std::size_t>(padding));
    }
}

TEST("RTP and RTCP are told apart by the second byte (RFC 5761)") {
    Buffer packet(12, 0);
    packet[0] = 0x80;
    packet[1] = 200;
    CHECK(looks_like_rtcp(packet));
    CHECK_FALSE(looks_like_rtp(packet));
    packet[1] = 0x80 | 96;
    CHECK(looks_like_rtp(packet));
    CHECK_FALSE(looks_like_rtcp(packet));
}

TEST("abs-send-time counts 64 seconds in 6.18 fixed point") {
    CHECK(abs_send_time(0) == 0);
    CHECK(abs_send_time(1'000'000'000) == 1 << 18);
    CHECK(abs_send_time(65'000'000'000) == 1 << 18);
    CHECK(abs_send_time(63'999'999'999) == 0xFFFFFF);
}
