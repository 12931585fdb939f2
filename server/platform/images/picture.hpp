// Pictures from strangers, made safe: decoded, turned upright, cropped to a square and written anew as JPEG without
// metadata (a camera's GPS position above all).
//
// This is the part that touches hostile bytes; it runs in the process of sandbox.hpp, never in the server's own.
// Errors: 415 `unsupported_picture` (not JPEG, PNG or WebP), 413 `picture_too_large`, 422 `broken_picture`.
#pragma once

#include <cstddef>

#include "platform/base/bytes.hpp"
#include "platform/base/result.hpp"

namespace confidente::images {

inline constexpr std::size_t kMaxOriginal = std::size_t{10} << 20U;  ///< bytes
inline constexpr int kMaxSide = 10'000;                              ///< pixels of the original
inline constexpr std::int64_t kMaxPixels = 40'000'000;               ///< of the original
inline constexpr std::size_t kMaxResult = std::size_t{1} << 20U;     ///< bytes

enum class Kind : std::uint8_t { unknown, jpeg, png, webp };
/// By its first bytes; names and declared types are only believed where they agree.
Kind sniff(Bytes original);

/// What is said of a file that is no picture, and of one that is too much of one.
Error unsupported_picture();
Error picture_too_large();

/// Loads the library; call once, before pictures and before the sandbox closes.
Status prepare();
/// A square JPEG of at most `side` pixels.
Result<Buffer> square_jpeg(Bytes original, int side);

}  // namespace confidente::images
