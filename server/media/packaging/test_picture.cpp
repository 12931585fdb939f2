#include "media/packaging/test_picture.hpp"

extern "C" {
#include <libavutil/channel_layout.h>
}

#include <algorithm>
#include <cmath>
#include <numbers>

#include "media/packaging/libav.hpp"

namespace confidente::media {
namespace {

constexpr int kSampleRate = 48'000;
constexpr int kSamplesPerPacket = kSampleRate / 50;
constexpr std::int64_t kVideoClock = 90'000;
constexpr double kTau = 2 * std::numbers::pi;

Error encoder_failed(std::string cause) {
    return {.kind = ErrorKind::internal,
            .code = "encoder_failed",
            .detail = "The test picture cannot be encoded.",
            .cause = std::move(cause)};
}

/// A soft light: where it is, how far it reaches, and its colour as YUV differences.
struct Light {
    double x, y, radius;
    int luma, blue, red;
};

std::uint8_t clamp8(double value) { return static_cast<std::uint8_t>(std::clamp(value, 16.0, 235.0)); }

/// Three lights that wander over a dark aubergine ground; one value per pixel of the plane given.
void paint_plane(std::uint8_t* plane, int stride, int width, int height, const Light (&lights)[3], int base,
                 int Light::*colour) {
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            double value = base;
            for (const Light& light : lights) {
                const double dx = (x + 0.5) / width - light.x, dy = ((y + 0.5) / height - light.y) * height / width;
                value += light.*colour * std::max(0.0, 1 - (dx * dx + dy * dy) / (light.radius * light.radius));
            }
            plane[y * stride + x] = clamp8(value);
        }
}

/// A bar along the lower edge that fills once in ten seconds: a viewer sees at once whether time goes on.
void paint_progress(AVFrame& frame, double seconds) {
    const int top = frame.height * 94 / 100, bottom = frame.height * 96 / 100;
    const int filled = static_cast<int>(frame.width * std::fmod(seconds, 10.0) / 10.0);
    for (int y = top; y < bottom; ++y) std::fill_n(frame.data[0] + y * frame.linesize[0], filled, std::uint8_t{225});
}

void paint(AVFrame& frame, double seconds, std::uint32_t variant) {
    const double turn = 0.17 * variant;
    const int tint = static_cast<int>(variant % 3) * 24;
    const auto sway = [&](double period, double phase) { return std::sin(kTau * (seconds / period + phase + turn)); };
    const Light lights[3] = {
        {0.30 + 0.18 * sway(7, 0), 0.45 + 0.20 * sway(5, 0.2), 0.30, 130, -14 + tint, 58 - tint},  // coral
        {0.68 + 0.16 * sway(9, 0.4), 0.50 + 0.22 * sway(6, 0.7), 0.34, 70, 34, 40},                // magenta
        {0.50 + 0.30 * sway(11, 0.8), 0.30 + 0.15 * sway(4, 0.5), 0.16, 110, 18, -8},              // cool white
    };
    paint_plane(frame.data[0], frame.linesize[0], frame.width, frame.height, lights, 34, &Light::luma);
    paint_plane(frame.data[1], frame.linesize[1], frame.width / 2, frame.height / 2, lights, 138, &Light::blue);
    paint_plane(frame.data[2], frame.linesize[2], frame.width / 2, frame.height / 2, lights, 134, &Light::red);
    paint_progress(frame, seconds);
}

/// A slow arpeggio of sines, each note fading: pleasant, and never silent.
float sound(double seconds, std::uint32_t variant) {
    constexpr double kNotes[] = {220.0, 277.18, 329.63, 440.0, 329.63, 277.18};
    const double at = seconds * 2;
    const double note = kNotes[(static_cast<std::size_t>(at) + variant) % std::size(kNotes)];
    const double fade = std::exp(-2.5 * (at - std::floor(at)));
    return static_cast<float>(0.18 * fade * std::sin(kTau * note * seconds) + 0.03 * std::sin(kTau * 110 * seconds));
}

libav::Codec open_video(const TestPictureConfig& config) {
    libav::Codec encoder{avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"))};
    if (!encoder) return {};
    encoder->width = static_cast<int>(config.width);
    encoder->height = static_cast<int>(config.height);
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->time_base = {1, static_cast<int>(config.fps)};
    encoder->framerate = {static_cast<int>(config.fps), 1};
    encoder->gop_size = static_cast<int>(config.keyframe_interval_s * config.fps);
    encoder->max_b_frames = 0;
    encoder->bit_rate = std::int64_t{config.bitrate_kbps} * 1000;
    encoder->rc_max_rate = encoder->bit_rate;
    encoder->rc_buffer_size = static_cast<int>(encoder->bit_rate / 2);
    encoder->thread_count = 1;
    av_opt_set(encoder->priv_data, "preset", "ultrafast", 0);
    av_opt_set(encoder->priv_data, "tune", "zerolatency", 0);
    av_opt_set(encoder->priv_data, "profile", "baseline", 0);
    av_opt_set(encoder->priv_data, "forced-idr", "1", 0);
    if (avcodec_open2(encoder.get(), encoder->codec, nullptr) < 0) return {};
    return encoder;
}

libav::Codec open_sound() {
    libav::Codec encoder{avcodec_alloc_context3(avcodec_find_encoder_by_name("libopus"))};
    if (!encoder) return {};
    encoder->sample_rate = kSampleRate;
    encoder->sample_fmt = AV_SAMPLE_FMT_FLT;
    av_channel_layout_default(&encoder->ch_layout, 1);
    encoder->bit_rate = 48'000;
    if (avcodec_open2(encoder.get(), encoder->codec, nullptr) < 0) return {};
    return encoder;
}

Result<Buffer> encode(AVCodecContext& encoder, AVFrame& frame, AVPacket& packet) {
    if (avcodec_send_frame(&encoder, &frame) < 0 || avcodec_receive_packet(&encoder, &packet) < 0)
        return encoder_failed("it refused a picture or sound");
    Buffer bytes{packet.data, packet.data + packet.size};
    return bytes;
}

}  // namespace

struct TestPicture::Parts {
    TestPictureConfig config;
    libav::Codec video, sound;
    libav::Frame picture{av_frame_alloc()}, samples{av_frame_alloc()};
    libav::Packet packet{av_packet_alloc()};
    std::int64_t next_frame = 0, next_sample = 0;
    bool keyframe_wanted = false;
};

TestPicture::TestPicture(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TestPicture::~TestPicture() = default;
TestPicture::TestPicture(TestPicture&&) noexcept = default;
TestPicture& TestPicture::operator=(TestPicture&&) noexcept = default;

Result<TestPicture> TestPicture::open(TestPictureConfig config) {
    av_log_set_level(AV_LOG_QUIET);
    const auto side_fits = [](std::uint32_t side) {
        return side % 2 == 0 && side >= kMinTestPictureSide && side <= kMaxTestPictureSide;
    };
    if (!side_fits(config.width) || !side_fits(config.height) || config.fps < 1 || config.fps > 60)
        return encoder_failed("a size or rate outside the limits");
    auto parts = std::make_unique<Parts>();
    parts->config = config;
    parts->video = open_video(config);
    parts->sound = open_sound();
    if (!parts->video || !parts->sound) return encoder_failed("libav lacks libx264 or libopus");
    parts->picture->format = AV_PIX_FMT_YUV420P;
    parts->picture->width = static_cast<int>(config.width);
    parts->picture->height = static_cast<int>(config.height);
    parts->samples->format = AV_SAMPLE_FMT_FLT;
    parts->samples->nb_samples = kSamplesPerPacket;
    parts->samples->sample_rate = kSampleRate;
    av_channel_layout_default(&parts->samples->ch_layout, 1);
    if (av_frame_get_buffer(parts->picture.get(), 0) < 0 || av_frame_get_buffer(parts->samples.get(), 0) < 0)
        return encoder_failed("no memory");
    return TestPicture{std::move(parts)};
}

void TestPicture::force_keyframe() { parts_->keyframe_wanted = true; }

Result<TestPicture::Frame> TestPicture::next_video() {
    Parts& p = *parts_;
    if (av_frame_make_writable(p.picture.get()) < 0) return encoder_failed("no memory");
    paint(*p.picture, double(p.next_frame) / p.config.fps, p.config.variant);
    p.picture->pict_type = p.keyframe_wanted ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    p.picture->pts = p.next_frame;
    p.keyframe_wanted = false;
    TRY(auto annexb, encode(*p.video, *p.picture, *p.packet));
    Frame frame;
    frame.annexb = std::move(annexb);
    frame.timestamp = static_cast<std::uint32_t>(p.next_frame++ * kVideoClock / p.config.fps);
    frame.keyframe = (p.packet->flags & AV_PKT_FLAG_KEY) != 0;
    av_packet_unref(p.packet.get());
    return frame;
}

Result<Buffer> TestPicture::next_opus_20ms() {
    Parts& p = *parts_;
    if (av_frame_make_writable(p.samples.get()) < 0) return encoder_failed("no memory");
    auto* out = reinterpret_cast<float*>(p.samples->data[0]);
    p.samples->pts = p.next_sample;
    for (int i = 0; i < kSamplesPerPacket; ++i, ++p.next_sample)
        out[i] = sound(double(p.next_sample) / kSampleRate, p.config.variant);
    TRY(auto packet, encode(*p.sound, *p.samples, *p.packet));
    av_packet_unref(p.packet.get());
    return packet;
}

}  // namespace confidente::media
