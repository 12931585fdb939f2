#include "synthetic_stream.hpp"

#include <algorithm>

namespace bench {

using namespace confidente;

namespace {
// 1280 × 720, constrained baseline, level 3.1: what OpenH264 writes.
constexpr std::uint8_t kSps[] = {0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x28,
                                 0x02, 0xdd, 0x00, 0xf0, 0x88, 0x46, 0xa0};
constexpr std::uint8_t kPps[] = {0x68, 0xce, 0x3c, 0x80};
constexpr std::uint8_t kStapA = 0x78, kFuA = 28, kIdr = 5, kSlice = 1;
constexpr std::size_t kParameterBytes = 1 + 2 + sizeof kSps + 2 + sizeof kPps;
constexpr std::array<std::uint8_t, 3> kMark = {0xC1, 0xD2, 0xE3};
constexpr std::size_t kLeastBytes = 200;  // of a frame's last packet
}  // namespace

void write_stamp(std::int64_t ns, std::uint8_t* out) {
    std::copy(kMark.begin(), kMark.end(), out);
    // Seven bits a byte: 63 bits are nine bytes.
    for (std::size_t i = 0; i < 9; ++i)
        out[3 + i] = static_cast<std::uint8_t>(0x80 | (static_cast<std::uint64_t>(ns) >> (7 * i) & 0x7f));
}

std::optional<std::int64_t> read_stamp(Bytes payload) {
    for (std::size_t at = 1; at <= 2; ++at) {
        if (payload.size() < at + kStampBytes) return {};
        if (!std::equal(kMark.begin(), kMark.end(), payload.begin() + static_cast<std::ptrdiff_t>(at))) continue;
        std::uint64_t ns = 0;
        for (std::size_t i = 0; i < 9; ++i) ns |= std::uint64_t{payload[at + 3 + i] & 0x7fU} << (7 * i);
        return static_cast<std::int64_t>(ns);
    }
    return {};
}

SyntheticStream::SyntheticStream(std::uint64_t bits_per_second) {
    // n - 1 frames of one size and one of kKeyframeFactor sizes in every kFramesPerKeyframe.
    const auto second = bits_per_second / 8;
    frame_bytes_ = second * kFramesPerKeyframe / kFramesPerSecond / (kFramesPerKeyframe - 1 + kKeyframeFactor);
}

const std::vector<PacketPlan>& SyntheticStream::next_frame(bool keyframe_asked) {
    plan_.clear();
    const bool key = keyframe_asked || since_keyframe_ >= kFramesPerKeyframe;
    since_keyframe_ = key ? 1 : since_keyframe_ + 1;
    if (key) plan_.push_back({.size = kParameterBytes, .head = {}, .head_size = 0, .parameters = true});
    shuffle_ = shuffle_ * 1664525 + 1013904223;
    // Within a tenth of the mean, so that the last packets are not all alike.
    const auto mean = frame_bytes_ * (key ? kKeyframeFactor : 1);
    const auto bytes = std::max(kLeastBytes, mean * 9 / 10 + (shuffle_ >> 8) % (mean / 5 + 1));
    const std::uint8_t importance = key ? 0x60 : 0x40, type = key ? kIdr : kSlice;
    if (bytes <= kPayloadBytes) {
        plan_.push_back({.size = bytes, .head = {static_cast<std::uint8_t>(importance | type)}, .head_size = 1});
    } else {
        // As browsers do it: about equally, the larger ones last.
        const auto count = (bytes + kPayloadBytes - 1) / kPayloadBytes;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint8_t start = i == 0 ? 0x80 : 0, end = i + 1 == count ? 0x40 : 0;
            plan_.push_back(
                {.size = bytes / count + (count - i <= bytes % count ? 1 : 0),
                 .head = {static_cast<std::uint8_t>(importance | kFuA), static_cast<std::uint8_t>(start | end | type)},
                 .head_size = 2});
        }
    }
    plan_.back().marker = true;
    return plan_;
}

std::size_t SyntheticStream::write(const PacketPlan& plan, std::int64_t ns, MutableBytes out) {
    auto* at = out.data();
    if (plan.parameters) {
        *at++ = kStapA;
        const auto unit = [&](Bytes nal) {
            store_be16(at, static_cast<std::uint16_t>(nal.size()));
            at = std::copy(nal.begin(), nal.end(), at + 2);
        };
        unit(kSps);
        unit(kPps);
        return kParameterBytes;
    }
    at = std::copy_n(plan.head.begin(), plan.head_size, at);
    write_stamp(ns, at);
    std::fill(at + kStampBytes, out.data() + plan.size, std::uint8_t{0xA5});
    return plan.size;
}

}  // namespace bench
