#include "platform/http/compression.hpp"

#include <brotli/encode.h>
#include <zlib.h>

#include "platform/http/text.hpp"

namespace confidente::http {
namespace {

std::optional<std::string> gzipped(std::string_view body, int level) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header instead of zlib's
    if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
    std::string out(deflateBound(&stream, body.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) return std::nullopt;
    return out;
}

std::optional<std::string> brotlied(std::string_view body, int level) {
    std::size_t size = BrotliEncoderMaxCompressedSize(body.size());
    std::string out(size, '\0');
    const auto* in = reinterpret_cast<const std::uint8_t*>(body.data());
    if (!BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body.size(), in, &size,
                               reinterpret_cast<std::uint8_t*>(out.data())))
        return std::nullopt;
    out.resize(size);
    return out;
}

}  // namespace

Encoding choose_encoding(std::string_view accept_encoding) {
    const double brotli = quality(accept_encoding, "br"), gzip = quality(accept_encoding, "gzip");
    if (brotli > 0 && brotli >= gzip) return Encoding::brotli;
    return gzip > 0 ? Encoding::gzip : Encoding::identity;
}

std::string_view to_string(Encoding encoding) {
    return encoding == Encoding::brotli ? "br" : encoding == Encoding::gzip ? "gzip" : "identity";
}

bool is_compressible(std::string_view type) {
    type = type.substr(0, type.find(';'));
    return type.starts_with("text/") || type.ends_with("json") || type.ends_with("+xml") ||
           type.ends_with("javascript") || type == "application/wasm" || type == "application/yaml" ||
           type == "application/vnd.apple.mpegurl";
}

std::optional<std::string> compressed(std::string_view body, Encoding encoding, Effort effort) {
    // Live answers take the cheap levels: beyond them time doubles for a few percent.
    if (encoding == Encoding::gzip) return gzipped(body, effort == Effort::once ? 9 : 5);
    if (encoding == Encoding::brotli) return brotlied(body, effort == Effort::once ? 9 : 4);
    return std::nullopt;
}

}  // namespace confidente::http
