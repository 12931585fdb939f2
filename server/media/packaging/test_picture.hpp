// The synthetic live: a moving picture as H.264 and soft music as Opus, made here and now, for the demo publisher, the
// load generator and tests. Deterministic: the same configuration gives the same picture at the same frame number.
//
// Errors: `encoder_failed` (internal) when libav has no fitting encoder or refuses the settings.
// Not thread-safe; one owner. Costs CPU like any encoder: 640×360 at 25/s about a tenth of a core.
#pragma once

#include <cstdint>
#include <memory>

#include "platform/base/bytes.hpp"
#include "platform/base/result.hpp"

namespace confidente::media {

inline constexpr std::uint32_t kMinTestPictureSide = 64;
inline constexpr std::uint32_t kMaxTestPictureSide = 1920;

struct TestPictureConfig {
    std::uint32_t width = 640, height = 360;  ///< pixels, even
    std::uint32_t fps = 25;                   ///< 1..60
    std::uint32_t bitrate_kbps = 800;
    std::uint32_t keyframe_interval_s = 4;  ///< at the latest
    std::uint32_t variant = 0;              ///< another hue and melody
};

class TestPicture {
public:
    static Result<TestPicture> open(TestPictureConfig config);
    ~TestPicture();
    TestPicture(TestPicture&&) noexcept;
    TestPicture& operator=(TestPicture&&) noexcept;

    struct Frame {
        Buffer annexb;                ///< one access unit; keyframes begin with SPS and PPS
        std::uint32_t timestamp = 0;  ///< 90 kHz, from 0
        bool keyframe = false;
    };
    /// The next picture; call it `fps` times a second.
    Result<Frame> next_video();
    /// The next 20 ms of sound, one Opus packet (48 kHz, mono: 960 ticks); call it 50 times a second.
    Result<Buffer> next_opus_20ms();
    /// The next picture will be a keyframe.
    void force_keyframe();

private:
    struct Parts;  // libav stays out of the door
    explicit TestPicture(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace confidente::media
