#include "platform/http/static_files.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <iterator>

#include "platform/base/bytes.hpp"
#include "platform/base/log.hpp"
#include "platform/http/text.hpp"

namespace confidente::http {
namespace {

std::string_view type_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kTypes = {{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".webp", "image/webp"},
        {".avif", "image/avif"},
        {".gif", "image/gif"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".mp3", "audio/mpeg"},
        {".mp4", "video/mp4"},
        {".webm", "video/webm"},
    }};
    for (const auto& [extension, type] : kTypes)
        if (name.ends_with(extension)) return type;
    return "application/octet-stream";
}

std::string hash_of(std::string_view body) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return to_base64url(Bytes{digest.data(), 16});
}

/// A page's address rather than a file's: its last segment has no dot.
bool is_navigation(std::string_view path) {
    return path != "/api" && !path.starts_with("/api/") && !path.starts_with("/assets/") &&
           path.substr(path.rfind('/')).find('.') == std::string_view::npos;
}

}  // namespace

StaticFiles::StaticFiles(const std::filesystem::path& root) {
    if (root.empty()) return;
    std::error_code error;
    std::filesystem::recursive_directory_iterator entries{root, error};
    for (; !error && entries != std::filesystem::recursive_directory_iterator{}; entries.increment(error)) {
        std::error_code ignored;
        if (entries->is_symlink(ignored) || !entries->is_regular_file(ignored)) continue;
        add(entries->path(), "/" + entries->path().lexically_relative(root).generic_string());
    }
    if (!files_.contains("/index.html")) log::warning("http.web_root_empty", {{"file.path", root.string()}});
}

void StaticFiles::add(const std::filesystem::path& path, std::string name) {
    std::ifstream in{path, std::ios::binary};
    if (!in) return;
    const auto body =
        std::make_shared<const std::string>(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
    total_ += body->size();
    if (total_ > kMaxTotalBytes) {
        log::warning("http.web_root_too_large", {{"file.path", name}});
        return;
    }
    auto& file = files_[name];
    file.type = type_of(name);
    file.etag = hash_of(*body);
    file.compressible = is_compressible(file.type) && body->size() > kCompressFrom;
    file.body = body;
}

const std::shared_ptr<const std::string>& StaticFiles::File::packed(Encoding encoding) const {
    auto& wanted = encoding == Encoding::brotli ? brotli : gzip;
    const auto make = [&] {
        auto smaller = compressed(*body, encoding, Effort::once);
        if (smaller && !smaller->empty()) wanted.bytes = std::make_shared<const std::string>(std::move(*smaller));
    };
    if (compressible) std::call_once(wanted.made, make);
    return wanted.bytes;
}

std::optional<Response> StaticFiles::answer(const Request& request) const {
    auto found = files_.find(request.path);
    if (found == files_.end() && is_navigation(request.path)) found = files_.find("/index.html");
    if (found == files_.end()) return std::nullopt;
    const auto& [name, file] = *found;
    Encoding encoding = choose_encoding(request.header("Accept-Encoding").value_or(""));
    if (encoding != Encoding::identity && !file.packed(encoding)) encoding = Encoding::identity;

    Response response;
    response.content_type = file.type;
    // A strong ETag names bytes, so each encoding has its own (RFC 9110 §8.8.3.3).
    response.headers.emplace_back("ETag", '"' + file.etag + '-' + std::string{to_string(encoding)} + '"');
    const bool hashed_name = name.starts_with("/assets/");
    response.headers.emplace_back("Cache-Control", hashed_name ? "public, max-age=31536000, immutable" : "no-cache");
    if (file.compressible) response.headers.emplace_back("Vary", "Accept-Encoding");
    if (encoding != Encoding::identity) response.headers.emplace_back("Content-Encoding", to_string(encoding));
    response.shared_body = encoding == Encoding::identity ? file.body : file.packed(encoding);
    return response;
}

}  // namespace confidente::http
