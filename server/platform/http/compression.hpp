// Content encodings: gzip (RFC 1952) and brotli (RFC 7932), chosen by Accept-Encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace confidente::http {

enum class Encoding : std::uint8_t { identity, gzip, brotli };
enum class Effort : std::uint8_t { live, once };  ///< `once`: files, compressed at start and sent many times

inline constexpr std::size_t kCompressFrom = 1024;  // below, headers and checksums eat the gain

Encoding choose_encoding(std::string_view accept_encoding);
std::string_view to_string(Encoding encoding);
/// Text, JSON, scripts, SVG: what shrinks.
bool is_compressible(std::string_view content_type);
/// Nothing when the library refuses; the caller then sends the body as it is.
std::optional<std::string> compressed(std::string_view body, Encoding encoding, Effort effort);

}  // namespace confidente::http
