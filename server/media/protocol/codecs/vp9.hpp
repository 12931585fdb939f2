// The VP9 payload descriptor (RFC 9628 section 4.2). Sans-IO; nothing allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "media/protocol/codecs/codec.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxVp9Spatial = 8;     ///< N_S has three bits
inline constexpr std::size_t kMaxVp9References = 3;  ///< P_DIFF of one frame

/// Y and N_S of the scalability structure, which keyframes bring.
struct Vp9Layers {
    std::uint8_t spatial = 1;
    std::array<PictureSize, kMaxVp9Spatial> sizes = {};  ///< zero when not said
};

struct Vp9Descriptor {
    std::size_t size = 0;       ///< bytes before the VP9 payload
    bool predicted = false;     ///< P: refers to earlier pictures
    bool flexible = false;      ///< F
    bool starts_frame = false;  ///< B
    bool ends_frame = false;    ///< E
    PictureNumbers numbers;
    bool has_layers = false;  ///< L: the four below are said
    std::uint8_t temporal = 0, spatial = 0;
    bool switching_up = false;                                    ///< U
    bool inter_layer = false;                                     ///< D: refers to the layer below in the same picture
    std::array<std::uint8_t, kMaxVp9References> references = {};  ///< P_DIFF, in flexible mode
    std::uint8_t reference_count = 0;
    std::optional<Vp9Layers> structure;
};
/// Nothing when it is cut off.
std::optional<Vp9Descriptor> parse_vp9_descriptor(Bytes payload);

}  // namespace confidente::media
