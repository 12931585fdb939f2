#include "platform/base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include "platform/base/time.hpp"

namespace confidente::log {
namespace {

std::atomic<Level> minimum{Level::info};
std::atomic<void (*)(std::string_view)> sink_in_force{nullptr};

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

/// Bytes of the UTF-8 sequence at `text`, 0 if it is malformed (RFC 3629 §4).
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

/// The time as to_iso8601() gives it, of which only the last digits change between most lines.
void append_time(std::string& out, UtcTime now) {
    thread_local std::int64_t second = -1;
    thread_local std::string text;
    if (now.ms / 1000 != second) {
        text = to_iso8601({now.ms / 1000 * 1000});
        second = now.ms / 1000;
    }
    const auto at = out.size() + text.size() - 2;  // of the last digit; `Z` follows
    out += text;
    for (auto [rest, i] = std::pair{now.ms % 1000, std::size_t{0}}; i < 3; ++i, rest /= 10)
        out[at - i] = static_cast<char>('0' + rest % 10);
}

void append_value(std::string& out, const Field& field) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        out += '"';
        append_escaped(out, *text);
        out += '"';
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
        out += std::to_string(*number);
    } else if (const auto* real = std::get_if<double>(&field.value)) {
        std::array<char, 32> digits;
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), *real, std::chars_format::general, 6).ptr;
        out.append(digits.data(), end);
    } else {
        out += std::get<bool>(field.value) ? "true" : "false";
    }
}

void write_all(std::string_view line) {
    while (!line.empty()) {
        const ssize_t count = ::write(STDERR_FILENO, line.data(), line.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        line.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace

void set_level(Level level) { minimum = level; }

bool set_level(std::string_view name) {
    for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
        if (name_of(level) != name) continue;
        set_level(level);
        return true;
    }
    return false;
}

void set_sink(void (*sink)(std::string_view line)) { sink_in_force = sink; }

void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        // Almost everything stands for itself.
        const auto plain = std::find_if_not(text.begin(), text.end(), is_plain) - text.begin();
        out += text.substr(0, static_cast<std::size_t>(plain));
        text.remove_prefix(static_cast<std::size_t>(plain));
        if (text.empty()) return;
        const std::size_t length = sequence_length(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += code;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

bool enabled(Level level) { return level >= minimum.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, Fields fields) {
    if (!enabled(level)) return;
    static const SystemClock clock;
    std::string line;
    line.reserve(512);
    line += "{\"@timestamp\":\"";
    append_time(line, clock.utc_now());
    line += "\",\"log.level\":\"";
    line += name_of(level);
    line += "\",\"event.action\":\"";
    append_escaped(line, event);
    line += '"';
    for (const Field& field : fields) {
        line += ",\"";
        append_escaped(line, field.name);
        line += "\":";
        append_value(line, field);
    }
    line += "}\n";
    // One write(2) a line: lines of several threads never mix.
    if (auto* sink = sink_in_force.load())
        sink(line);
    else
        write_all(line);
}

}  // namespace confidente::log
