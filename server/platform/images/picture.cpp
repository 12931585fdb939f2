#include "platform/images/picture.hpp"

#include <vips/vips.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace confidente::images {
namespace {

struct Unref {
    void operator()(VipsImage* image) const { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, Unref>;

Error broken() {
    std::string cause = vips_error_buffer();
    vips_error_clear();
    return {.kind = ErrorKind::unprocessable,
            .code = "broken_picture",
            .detail = "The picture cannot be read.",
            .cause = cause.substr(0, 200)};
}

bool begins(Bytes bytes, std::size_t at, std::string_view text) {
    return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

/// Only the header is read here: the size is known before anything is decoded. JPEGs can be decoded at 1/2, 1/4 or 1/8
/// of their size, which costs that much less.
Result<Image> open(Bytes original, int shrink = 1) {
    VipsImage* image = nullptr;
    void* data = const_cast<std::uint8_t*>(original.data());
    int failed = -1;
    switch (sniff(original)) {
        case Kind::jpeg:
            failed = vips_jpegload_buffer(data, original.size(), &image, "shrink", shrink, "fail_on",
                                          VIPS_FAIL_ON_WARNING, "access", VIPS_ACCESS_SEQUENTIAL, nullptr);
            break;
        case Kind::png:
            failed = vips_pngload_buffer(data, original.size(), &image, "fail_on", VIPS_FAIL_ON_WARNING, "access",
                                         VIPS_ACCESS_SEQUENTIAL, nullptr);
            break;
        case Kind::webp:
            failed = vips_webpload_buffer(data, original.size(), &image, "fail_on", VIPS_FAIL_ON_WARNING, "access",
                                          VIPS_ACCESS_SEQUENTIAL, nullptr);
            break;
        case Kind::unknown:
            return unsupported_picture();
    }
    if (failed != 0) return broken();
    return Image{image};
}

/// Told to strip, libvips 8.14 strips JPEG, and leaves a WebP the place where its photo was taken; so both are done.
Result<Image> without_metadata(VipsImage* image) {
    VipsImage* copy = nullptr;
    if (vips_copy(image, &copy, nullptr) != 0) return broken();
    Image bare{copy};
    const std::unique_ptr<char*, void (*)(char**)> fields{vips_image_get_fields(bare.get()), g_strfreev};
    for (char** name = fields.get(); *name != nullptr; ++name)
        if (vips_image_get_typeof(bare.get(), *name) == VIPS_TYPE_BLOB || std::strncmp(*name, "exif-", 5) == 0)
            vips_image_remove(bare.get(), *name);
    return bare;
}

}  // namespace

Error unsupported_picture() {
    return {.kind = ErrorKind::unsupported_media,
            .code = "unsupported_picture",
            .detail = "Send a JPEG, PNG or WebP picture."};
}

Error picture_too_large() {
    return {.kind = ErrorKind::too_large,
            .code = "picture_too_large",
            .detail = "A picture has at most 10 MiB, 10,000 pixels a side and 40 million in all."};
}

Kind sniff(Bytes original) {
    if (begins(original, 0, "\xff\xd8\xff")) return Kind::jpeg;
    if (begins(original, 0, "\x89PNG\r\n\x1a\n")) return Kind::png;
    if (begins(original, 0, "RIFF") && begins(original, 8, "WEBP")) return Kind::webp;
    return Kind::unknown;
}

Status prepare() {
    if (VIPS_INIT("confidente") != 0) return internal_error("libvips does not start");
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_block_untrusted_set(TRUE);
    return {};
}

Result<Buffer> square_jpeg(Bytes original, int side) {
    if (original.size() > kMaxOriginal) return picture_too_large();
    int shortest = 0;
    {
        TRY(const auto header, open(original));
        const int width = vips_image_get_width(header.get()), height = vips_image_get_height(header.get());
        shortest = std::min(width, height);
        if (width > kMaxSide || height > kMaxSide || std::int64_t{width} * height > kMaxPixels)
            return picture_too_large();
    }
    side = std::min(side, shortest);
    int shrink = 1;
    while (shrink < 8 && shortest / (shrink * 2) >= side * 2) shrink *= 2;
    TRY(const auto opened, open(original, shrink));
    VipsImage* made = nullptr;
    if (vips_thumbnail_image(opened.get(), &made, side, "height", side, "crop", VIPS_INTERESTING_CENTRE,
                             "export_profile", "srgb", nullptr) != 0)
        return broken();
    const Image cropped{made};
    TRY(const auto thumbnail, without_metadata(cropped.get()));
    void* data = nullptr;
    std::size_t size = 0;
    const std::unique_ptr<VipsArrayDouble, void (*)(VipsArrayDouble*)> white{
        vips_array_double_newv(1, 255.0), [](VipsArrayDouble* a) { vips_area_unref(VIPS_AREA(a)); }};
    if (vips_jpegsave_buffer(thumbnail.get(), &data, &size, "Q", 84, "strip", TRUE, "optimize_coding", TRUE,
                             "background", white.get(), nullptr) != 0)
        return broken();
    const std::unique_ptr<void, void (*)(void*)> owner{data, [](void* p) { g_free(p); }};
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    if (size > kMaxResult) return broken();
    return Buffer{bytes, bytes + size};
}

}  // namespace confidente::images
