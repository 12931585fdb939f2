// The dependency descriptor (AV1 RTP specification, appendix A): a header extension of any codec that tells without a
// look into the payload which layer a frame belongs to, which decode targets need it and which frames it refers to.
// Sans-IO; nothing allocates.
//
// Invariants: what is read lies inside the extension, whatever its lengths and counts say; every list has its limit
// below, and a descriptor beyond one is none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "media/protocol/codecs/codec.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxDecodeTargets = 32;          ///< dt_cnt_minus_one has five bits
inline constexpr std::size_t kMaxFrameTemplates = 64;         ///< template ids have six
inline constexpr std::size_t kMaxDependencySpatial = 4;       ///< spatial layers
inline constexpr std::size_t kMaxDependencyTemporal = 8;      ///< temporal layers
inline constexpr std::size_t kMaxDependencyDescriptor = 255;  ///< bytes: what a header extension holds

/// What a frame is to a decode target.
enum class FrameUse : std::uint8_t { absent, discardable, switching, required };

/// Frames that depend in the same way.
struct FrameTemplate {
    std::uint8_t spatial = 0, temporal = 0;
    std::uint64_t uses = 0;        ///< a FrameUse in two bits for each decode target, the first in the lowest
    std::uint64_t references = 0;  ///< bit n: the frame that is n + 1 before
};

inline FrameUse frame_use(std::uint64_t uses, std::size_t target) {
    return static_cast<FrameUse>(uses >> (2 * target) & 3);
}

/// What a keyframe says once for all frames that follow.
struct DependencyStructure {
    std::uint8_t template_offset = 0, targets = 0, chains = 0, templates = 0, spatial_layers = 0;
    std::array<FrameTemplate, kMaxFrameTemplates> frames = {};
    std::array<std::uint8_t, kMaxDecodeTargets> target_spatial = {}, target_temporal = {};  ///< highest that it has
    std::array<PictureSize, kMaxDependencySpatial> sizes = {};                              ///< zero when not said

    /// The decode targets (one bit each) that lose nothing when only the frames of `target` arrive; itself among them.
    std::uint32_t served_by(std::size_t target) const;
};

struct DependencyDescriptor {
    bool starts_frame = false, ends_frame = false;
    bool has_structure = false;
    std::uint16_t frame_number = 0;
    std::optional<std::uint32_t> active_targets;  ///< one bit each; holds until the next that says so
    std::uint8_t spatial = 0, temporal = 0;
    std::uint64_t uses = 0, references = 0;  ///< as in FrameTemplate
    bool far_references = false;             ///< it refers to frames more than 64 before, which `references` lacks
};

/// Reads a descriptor by the structure that it brings, which is left in `fresh`, or else by `known` (may be null).
/// Nothing when it is malformed or its structure is not known.
std::optional<DependencyDescriptor> read_dependency_descriptor(Bytes extension, const DependencyStructure* known,
                                                               DependencyStructure& fresh);

/// The decode targets that a receiver is told to expect.
struct ActiveTargets {
    std::uint32_t mask = 0;
    std::uint8_t count = 0;  ///< of targets in the structure; 0 = say nothing new
};
/// Writes the same descriptor with another frame number and these active targets. Returns the size; 0 when `out` is
/// too small or `extension` malformed.
std::size_t rewrite_dependency_descriptor(Bytes extension, std::uint16_t frame_number, ActiveTargets active,
                                          MutableBytes out);

}  // namespace confidente::media
