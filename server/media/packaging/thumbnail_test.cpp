#include "media/packaging/thumbnail.hpp"

#include <algorithm>

#include "media/packaging/libav.hpp"
#include "media/packaging/test_picture.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
/// Size and spread of brightness of a JPEG, read by libav's decoder.
struct Look {
    int width = 0, height = 0, darkest = 255, brightest = 0;
};
Look look_at(const Buffer& jpeg) {
    libav::Codec decoder{avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG))};
    REQUIRE(avcodec_open2(decoder.get(), decoder->codec, nullptr) == 0);
    libav::Packet packet{av_packet_alloc()};
    REQUIRE(av_new_packet(packet.get(), static_cast<int>(jpeg.size())) == 0);
    std::copy(jpeg.begin(), jpeg.end(), packet->data);
    libav::Frame frame{av_frame_alloc()};
    REQUIRE(avcodec_send_packet(decoder.get(), packet.get()) == 0);
    REQUIRE(avcodec_receive_frame(decoder.get(), frame.get()) == 0);
    Look look{frame->width, frame->height};
    for (int y = 0; y < frame->height; ++y)
        for (int x = 0; x < frame->width; ++x) {
            const int value = frame->data[0][y * frame->linesize[0] + x];
            look.darkest = std::min(look.darkest, value);
            look.brightest = std::max(look.brightest, value);
        }
    return look;
}
}  // namespace

TEST("a keyframe becomes a JPEG of its picture, 640 wide") {
    auto source = TestPicture::open(TestPictureConfig{.width = 1280, .height = 720});
    REQUIRE(source);
    const auto frame = source->next_video();
    REQUIRE(frame);
    CHECK(frame->keyframe);
    const auto jpeg = make_thumbnail(frame->annexb);
    REQUIRE(jpeg);
    const Look look = look_at(*jpeg);
    CHECK(look.width == 640);
    CHECK(look.height == 360);
    CHECK(look.brightest - look.darkest > 60);
}

TEST("a small picture is not blown up") {
    auto source = TestPicture::open(TestPictureConfig{.width = 320, .height = 240});
    const auto jpeg = make_thumbnail(source->next_video()->annexb);
    REQUIRE(jpeg);
    CHECK(look_at(*jpeg).width == 320);
}

TEST("what is not a keyframe is refused, whatever its bytes") {
    auto source = TestPicture::open({});
    Buffer keyframe = source->next_video()->annexb;
    CHECK_FALSE(make_thumbnail({}));
    CHECK(make_thumbnail(source->next_video()->annexb).error().code == "bad_keyframe");
    SUBCASE("cut short") {
        for (const std::size_t size : {std::size_t{1}, std::size_t{5}, std::size_t{20}})
            CHECK_FALSE(make_thumbnail(Bytes{keyframe}.first(size)));
    }
    SUBCASE("noise") {
        for (std::size_t i = 4; i < keyframe.size(); ++i) keyframe[i] ^= static_cast<std::uint8_t>(i * 37);
        CHECK_FALSE(make_thumbnail(keyframe));
    }
}

TEST("the test picture moves, gives keyframes on request, and never falls silent") {
    auto opened = TestPicture::open({});
    TestPicture& source = *opened;
    std::size_t keyframes = 0;
    for (int i = 0; i < 10; ++i) {
        if (i == 5) source.force_keyframe();
        const auto frame = source.next_video();
        REQUIRE(frame);
        keyframes += frame->keyframe ? 1 : 0;
        CHECK(frame->annexb.size() > 50);
    }
    CHECK(keyframes == 2);
    for (int i = 0; i < 50; ++i) CHECK(source.next_opus_20ms()->size() > 20);
}
