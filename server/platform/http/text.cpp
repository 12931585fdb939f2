#include "platform/http/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace confidente::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

template <class Each>
void for_each_item(std::string_view list, char separator, Each each) {
    while (true) {
        const auto at = list.find(separator);
        each(trimmed(list.substr(0, at)));
        if (at == std::string_view::npos) return;
        list.remove_prefix(at + 1);
    }
}

/// Characters of a path that nobody reads as anything else.
constexpr std::array<bool, 256> kPlain = [] {
    std::array<bool, 256> plain{};
    constexpr std::string_view kAll = "/-_~!$&'()*+,;=:@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (const char c : kAll) plain[static_cast<unsigned char>(c)] = true;
    return plain;
}();

bool is_plain(std::string_view path) {
    for (const char c : path)
        if (!kPlain[static_cast<unsigned char>(c)]) return false;
    return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return false;
        std::uint32_t point = lead & (0x7FU >> length);
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0U) != 0x80) return false;
            point = point << 6 | (next & 0x3FU);
        }
        const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
        if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        i += length;
    }
    return true;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i] == '+' && plus == Plus::space ? ' ' : text[i];
        }
    }
    return out;
}

double quality(std::string_view list, std::string_view name) {
    double best = 0;
    for_each_item(list, ',', [&](std::string_view item) {
        const auto semicolon = item.find(';');
        if (!equals_ignoring_case(trimmed(item.substr(0, semicolon)), name)) return;
        double q = 1;
        if (semicolon != std::string_view::npos) {
            const auto parameter = trimmed(item.substr(semicolon + 1));
            if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
                q = 0;
                std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), q);
            }
        }
        best = std::max(best, std::min(q, 1.0));
    });
    return best;
}

bool has_token(std::string_view list, std::string_view token) {
    bool found = false;
    for_each_item(list, ',', [&](std::string_view item) { found = found || equals_ignoring_case(item, token); });
    return found;
}

std::string http_date(UtcTime time) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::sys_seconds at{std::chrono::seconds{time.ms / 1000}};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{at - day};
    char out[64];
    std::snprintf(out, sizeof out, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[std::chrono::weekday{day}.c_encoding()],
                  static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                  static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return out;
}

std::string_view http_date_of_now(UtcTime now) {
    thread_local std::int64_t second = -1;
    thread_local std::string text;
    if (now.ms / 1000 != second) {
        text = http_date(now);
        second = now.ms / 1000;
    }
    return text;
}

std::optional<Target> parse_target(std::string_view target) {
    // Absolute form (RFC 9112 §3.2.2): what stands before the path does not choose anything here.
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const auto slash = target.find_first_of("/?", scheme.size());
        target = slash == std::string_view::npos || target[slash] == '?' ? "/" : target.substr(slash);
        break;
    }
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return std::nullopt;
    const auto mark = target.find('?');
    const auto raw = target.substr(0, mark);
    std::string query{mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1)};
    if (is_plain(raw)) return Target{std::string{raw}, std::move(query)};
    const auto slashes = [](std::string_view text) { return std::ranges::count(text, '/'); };
    auto path = percent_decoded(raw, Plus::literal);
    if (!path || slashes(*path) != slashes(raw) || !is_utf8(*path)) return std::nullopt;
    for (const char c : *path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\') return std::nullopt;
    bool dots = false;
    for_each_item(*path, '/', [&](std::string_view segment) { dots = dots || segment == "." || segment == ".."; });
    if (dots) return std::nullopt;
    return Target{std::move(*path), std::move(query)};
}

}  // namespace confidente::http
