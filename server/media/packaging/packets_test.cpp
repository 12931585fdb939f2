// The whole way of a picture: encoded, cut into RTP payloads, put together again, shown as a still.
#include "media/packaging/test_picture.hpp"
#include "media/packaging/thumbnail.hpp"
#include "media/protocol/codecs/h264.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

TEST("a picture that went through RTP payloads is the picture that was encoded, and makes a still") {
    auto source = TestPicture::open(TestPictureConfig{.width = 960, .height = 540});
    REQUIRE(source);
    H264Depacketizer depacketizer;
    std::int64_t index = 0;
    for (int i = 0; i < 8; ++i) {
        if (i == 4) source->force_keyframe();
        const auto frame = source->next_video();
        REQUIRE(frame);
        const auto payloads = packetize_h264(frame->annexb, 1100);
        if (frame->keyframe) CHECK(starts_keyframe(Codec::h264, payloads.at(0)));
        std::optional<H264AccessUnit> unit;
        for (std::size_t k = 0; k < payloads.size(); ++k) {
            CHECK(payloads[k].size() <= 1100);
            unit = depacketizer.push(index++, {frame->timestamp}, k + 1 == payloads.size(), payloads[k]);
        }
        REQUIRE(unit);
        CHECK(unit->keyframe == frame->keyframe);
        CHECK(unit->keyframe == (i % 4 == 0));
        const auto sent = split_annexb(frame->annexb), got = split_annexb(unit->annexb);
        REQUIRE(sent.size() == got.size());
        for (std::size_t k = 0; k < sent.size(); ++k)
            CHECK(Buffer(sent[k].begin(), sent[k].end()) == Buffer(got[k].begin(), got[k].end()));
        if (!unit->keyframe) continue;
        CHECK(keyframe_size(Codec::h264, payloads[0]) == PictureSize{960, 540});
        const auto jpeg = make_thumbnail(unit->annexb);
        REQUIRE(jpeg);
        CHECK(jpeg->size() > 3'200);  // twice a flat picture of this size
        CHECK(load_be16(jpeg->data()) == 0xFFD8);
    }
}
