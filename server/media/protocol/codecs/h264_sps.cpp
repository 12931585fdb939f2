// Sequence parameter sets (H.264 section 7.3.2.1.1), read only as far as the picture's size.
#include <algorithm>
#include <array>

#include "media/protocol/codecs/bit_reader.hpp"
#include "media/protocol/codecs/h264.hpp"

namespace confidente::media {
namespace {

constexpr std::size_t kMaxSpsBytes = 512;         // with scaling lists some 300
constexpr std::uint32_t kMaxSide = 16'384;        // pixels
constexpr std::uint32_t kMaxRefFrameCycle = 255;  // section 7.4.2.1.1

void skip_scaling_list(BitReader& reader, int size) {
    std::int64_t last = 8, next = 8;
    for (int i = 0; i < size && !reader.failed(); ++i) {
        if (next != 0) next = (last + reader.se()) & 0xFF;
        if (next != 0) last = next;
    }
}

bool has_chroma_format(std::uint8_t profile) {
    constexpr std::array<std::uint8_t, 13> kProfiles = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
    return std::find(kProfiles.begin(), kProfiles.end(), profile) != kProfiles.end();
}

void skip_picture_order(BitReader& reader) {
    const std::uint32_t type = reader.ue();
    if (type == 0) {
        reader.ue();
    } else if (type == 1) {
        reader.bit();
        reader.se();
        reader.se();
        const std::uint32_t cycle = std::min(reader.ue(), kMaxRefFrameCycle);
        for (std::uint32_t i = 0; i < cycle && !reader.failed(); ++i) reader.se();
    }
}

/// Sizes in samples from the fields behind the picture order count.
std::optional<PictureSize> read_size(BitReader& reader, std::uint32_t chroma_format) {
    const std::uint64_t width_mbs = std::uint64_t{reader.ue()} + 1, map_units = std::uint64_t{reader.ue()} + 1;
    const std::uint32_t frame_mbs_only = reader.bit();
    if (frame_mbs_only == 0) reader.bit();
    reader.bit();  // direct_8x8_inference_flag
    std::uint64_t crop[4] = {};
    if (reader.bit())
        for (auto& side : crop) side = reader.ue();
    const std::uint64_t unit_x = chroma_format == 1 || chroma_format == 2 ? 2 : 1;
    const std::uint64_t unit_y = (chroma_format == 1 ? 2 : 1) * (2 - frame_mbs_only);
    const std::uint64_t width = width_mbs * 16, height = map_units * 16 * (2 - frame_mbs_only);
    const std::uint64_t cut_x = (crop[0] + crop[1]) * unit_x, cut_y = (crop[2] + crop[3]) * unit_y;
    if (reader.failed() || width > kMaxSide || height > kMaxSide || cut_x >= width || cut_y >= height) return {};
    return PictureSize{static_cast<std::uint32_t>(width - cut_x), static_cast<std::uint32_t>(height - cut_y)};
}

}  // namespace

std::optional<H264Sps> parse_h264_sps(Bytes nal) {
    if (nal.size() < 5 || (nal[0] & 0x1F) != 7) return {};
    // Emulation prevention: 00 00 03 stands for 00 00 (section 7.4.1).
    std::array<std::uint8_t, kMaxSpsBytes> rbsp;
    std::size_t size = 0, zeros = 0;
    for (const std::uint8_t byte : nal.subspan(1)) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        if (size == rbsp.size()) return {};
        rbsp[size++] = byte;
        zeros = byte == 0 ? zeros + 1 : 0;
    }
    BitReader reader{Bytes{rbsp}.first(size)};
    H264Sps sps;
    sps.profile_idc = static_cast<std::uint8_t>(reader.bits(8));
    sps.constraints = static_cast<std::uint8_t>(reader.bits(8));
    sps.level_idc = static_cast<std::uint8_t>(reader.bits(8));
    reader.ue();  // seq_parameter_set_id
    std::uint32_t chroma_format = 1;
    if (has_chroma_format(sps.profile_idc)) {
        chroma_format = reader.ue();
        if (chroma_format > 3) return {};
        if (chroma_format == 3) reader.bit();
        reader.ue();
        reader.ue();
        reader.bit();
        if (reader.bit())
            for (int i = 0; i < (chroma_format == 3 ? 12 : 8); ++i)
                if (reader.bit()) skip_scaling_list(reader, i < 6 ? 16 : 64);
    }
    reader.ue();  // log2_max_frame_num_minus4
    skip_picture_order(reader);
    reader.ue();   // max_num_ref_frames
    reader.bit();  // gaps_in_frame_num_value_allowed_flag
    const auto picture = read_size(reader, chroma_format);
    if (!picture) return {};
    sps.size = *picture;
    return sps;
}

}  // namespace confidente::media
