// Which neighbours of an outbox leave by one call (UDP_SEGMENT, "generic segmentation offload"): the kernel cuts one
// piece of memory into datagrams of one size, of which the last may be shorter. Pure.
//
// Invariants: runs cover the outbox in order, without a gap; a run has one address; all its datagrams but the last have
// one size, and the last is not larger.
#pragma once

#include <cstddef>

#include "media/session/outbox.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxSegments = 64;           ///< UDP_MAX_SEGMENTS of Linux before 6.9; 128 since
inline constexpr std::size_t kMaxSegmentedBytes = 65000;  ///< an IP packet holds 65 535 with its headers

/// How many datagrams, from `first` on, can leave by one call; at least one. `first` is below out.size().
std::size_t segment_run(const Outbox& out, std::size_t first);

}  // namespace confidente::media
