#include "media/protocol/ice/credentials.hpp"

#include <array>
#include <string_view>

namespace confidente::media {

namespace {
constexpr std::string_view kIceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kUfragLength = 16;  // 96 bits
constexpr std::size_t kPwdLength = 32;    // 192 bits; the RFC asks for 128

std::string ice_chars(Random& random, std::size_t length) {
    std::array<std::byte, 64> bytes{};
    random.fill(std::span{bytes}.first(length));
    std::string text(length, ' ');
    for (std::size_t i = 0; i < length; ++i) text[i] = kIceChars[std::to_integer<std::size_t>(bytes[i]) & 63];
    return text;
}
}  // namespace

IceCredentials make_ice_credentials(Random& random) {
    return {ice_chars(random, kUfragLength), ice_chars(random, kPwdLength)};
}

}  // namespace confidente::media
