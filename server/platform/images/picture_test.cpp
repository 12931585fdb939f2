#include "platform/images/picture.hpp"

#include <fstream>
#include <iterator>

#include "testing/test.hpp"

namespace confidente::images {
namespace {

Buffer file(const std::string& name) {
    std::ifstream in{CONFIDENTE_SOURCE_DIR "/" + name, std::ios::binary};
    REQUIRE(in.good());
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

bool contains(Bytes bytes, std::string_view text) { return as_text(bytes).find(text) != std::string_view::npos; }

/// Width and height in a JPEG's frame header (ITU T.81 §B.2.2).
std::pair<int, int> jpeg_size(Bytes jpeg) {
    const auto at = as_text(jpeg).find("\xff\xc0");
    REQUIRE(at != std::string_view::npos);
    const auto* p = jpeg.data() + at + 5;
    return {load_be16(p + 2), load_be16(p)};
}

}  // namespace

TEST("a picture becomes a square JPEG, smaller where it was large, and loses its metadata") {
    REQUIRE(prepare().has_value());
    const auto original = file("tests/corpus/images/photo-with-gps.jpg");
    REQUIRE(contains(original, "Exif"));
    const auto made = square_jpeg(original, 200);
    REQUIRE(made.has_value());
    CHECK(sniff(*made) == Kind::jpeg);
    CHECK(jpeg_size(*made) == std::pair{200, 200});
    CHECK_FALSE(contains(*made, "Exif"));
    CHECK_FALSE(contains(*made, "EXIF"));
}

TEST("first bytes decide what a file is, whatever its name says") {
    CHECK(sniff(as_bytes("\xff\xd8\xff\xe0")) == Kind::jpeg);
    CHECK(sniff(as_bytes("RIFF\x01\x02\x03\x04WEBPVP8 ")) == Kind::webp);
    for (const char* text : {"", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", "PK\x03\x04", "%PDF-1.7",
                             "<!doctype html>", "RIFF....AVI "}) {
        CHECK(sniff(as_bytes(text)) == Kind::unknown);
        CHECK(square_jpeg(as_bytes(text), 64).error().code == "unsupported_picture");
    }
}

TEST("truncated and lying pictures are refused, at every length") {
    REQUIRE(prepare().has_value());
    const auto original = file("server/app/demo/luna.webp");
    for (std::size_t length = 12; length < original.size(); length += 997)
        CHECK_FALSE(square_jpeg(Bytes{original}.first(length), 64).has_value());
    const auto photo = file("tests/corpus/images/photo-with-gps.jpg");
    for (std::size_t length = 4; length < photo.size() - 64; length += 997)
        CHECK_FALSE(square_jpeg(Bytes{photo}.first(length), 64).has_value());
}

TEST("a small file that unfolds into an enormous picture is refused by its header") {
    REQUIRE(prepare().has_value());
    CHECK(square_jpeg(file("tests/corpus/images/bomb-30000x30000.png"), 64).error().code == "picture_too_large");
}

}  // namespace confidente::images
