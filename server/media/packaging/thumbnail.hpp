// A still picture of a live: one H.264 keyframe decoded, scaled and written as JPEG, in memory. Blocking and costly
// (some 10 ms for 720p): call it off the media worker.
//
// Errors: `bad_keyframe` (unprocessable) when the bytes are not a picture; `internal` when a library fails.
#pragma once

#include "platform/base/bytes.hpp"
#include "platform/base/result.hpp"

namespace confidente::media {

inline constexpr int kThumbnailWidth = 640;       ///< pixels; smaller pictures keep their width, all keep the aspect
inline constexpr int kMaxThumbnailSource = 4096;  ///< pixels a side; more is refused by the decoder

/// `annexb` is a whole access unit with SPS, PPS and IDR.
Result<Buffer> make_thumbnail(Bytes annexb);

}  // namespace confidente::media
