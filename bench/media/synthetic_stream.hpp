// The packets of a live that nobody filmed: H.264 in RTP of a chosen bit rate, as a server sees it. Parameter sets and
// fragmentation are real (RFC 6184), the pictures are filler with the time in it.
//
// Sizes follow the bit rate: 30 frames a second, a keyframe four times the size every two seconds and whenever one is
// asked for, each cut as Chromium does: into packets of at most kPayloadBytes that differ by a byte, the larger ones
// last.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "platform/base/bytes.hpp"

namespace bench {

inline constexpr std::size_t kPayloadBytes = 1160;  ///< some 1200 with RTP's header and SRTP's tag
inline constexpr int kFramesPerSecond = 30;
inline constexpr int kFramesPerKeyframe = 60;
inline constexpr int kKeyframeFactor = 4;
inline constexpr std::size_t kStampBytes = 12;

/// Writes a mark and the time into `out`; no byte of it can look like a start code. Nanoseconds, of wall_ns().
void write_stamp(std::int64_t ns, std::uint8_t* out);
/// The time in a payload of ours, or nothing.
std::optional<std::int64_t> read_stamp(confidente::Bytes payload);

struct PacketPlan {
    std::size_t size = 0;                   ///< of the payload
    std::array<std::uint8_t, 2> head = {};  ///< NAL header, or FU indicator and header
    std::size_t head_size = 0;
    bool parameters = false;  ///< SPS and PPS, instead of a picture
    bool marker = false;
};

class SyntheticStream {
public:
    explicit SyntheticStream(std::uint64_t bits_per_second);
    /// The packets of the next frame, until the next call.
    const std::vector<PacketPlan>& next_frame(bool keyframe_asked);
    /// Writes the payload, stamped with the time; its size.
    static std::size_t write(const PacketPlan& plan, std::int64_t ns, confidente::MutableBytes out);

private:
    std::size_t frame_bytes_;
    int since_keyframe_ = kFramesPerKeyframe;
    std::uint32_t shuffle_ = 12345;
    std::vector<PacketPlan> plan_;
};

}  // namespace bench
