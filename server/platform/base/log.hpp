// Logs: one JSON object a line on standard error, field names after the Elastic Common Schema. Events, not prose:
//   log::info("http.request", {{"http.request.method", "GET"}, {"http.response.status_code", 200}});
// Thread-safe. Never called per packet. Values are escaped here, so nothing a client sends can forge a line.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "platform/base/pii.hpp"

namespace confidente::log {

enum class Level : std::uint8_t { debug, info, warning, error };

struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, const std::string& v) : name(n), value(std::string_view{v}) {}
    Field(std::string_view n, const char* v) : name(n), value(std::string_view{v}) {}
    Field(std::string_view n, bool v) : name(n), value(v) {}
    Field(std::string_view n, double v) : name(n), value(v) {}
    template <std::integral T>
    Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
    template <class T>
    Field(std::string_view n, const Pii<T>&) : name(n), value(std::string_view{"***"}) {}
};
using Fields = std::initializer_list<Field>;

/// Lines below `level` are not written. Default: info.
void set_level(Level level);
/// `debug`, `info`, `warning`, `error`; false if it is none of them.
bool set_level(std::string_view name);
/// Where lines go instead of standard error (for tests); null restores it.
void set_sink(void (*sink)(std::string_view line));

/// Whether such a line would be written. Asked before values are made that only the log wants.
bool enabled(Level level);
void write(Level level, std::string_view event, Fields fields = {});
inline void debug(std::string_view event, Fields fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) { write(Level::warning, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::error, event, fields); }

/// Appends `text` as the inside of a JSON string; invalid UTF-8 becomes U+FFFD.
void append_escaped(std::string& out, std::string_view text);

}  // namespace confidente::log
