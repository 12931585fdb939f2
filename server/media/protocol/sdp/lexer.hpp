// Words and numbers of SDP lines. Private to this room.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace confidente::media::sdp {

/// Takes the text up to `separator` off `rest`, and the separator with it; all of it when there is none.
inline std::string_view take(std::string_view& rest, char separator = ' ') {
    const std::size_t end = rest.find(separator);
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return word;
}

/// The whole text as an unsigned number within its type.
template <std::unsigned_integral T>
std::optional<T> number(std::string_view text) {
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

/// RFC 8866 `token`, the part of it that ids are made of: mid, rid, encoding names, foundations.
inline bool is_token(std::string_view text, std::size_t max) {
    constexpr std::string_view kOther = "!#$%&'*+-.^_`{|}~/=";
    if (text.empty() || text.size() > max) return false;
    for (const char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              kOther.find(c) != std::string_view::npos))
            return false;
    return true;
}

/// RFC 8839 `ice-char`: what ufrag and password are made of.
inline bool is_ice_text(std::string_view text, std::size_t min, std::size_t max) {
    if (text.size() < min || text.size() > max) return false;
    for (const char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
            return false;
    return true;
}

/// Takes the next line off `rest`, without its CRLF or LF.
inline std::string_view take_line(std::string_view& rest) {
    std::string_view line = take(rest, '\n');
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

}  // namespace confidente::media::sdp
