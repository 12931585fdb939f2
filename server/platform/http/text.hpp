// Text as the network gives it: percent-encoding (RFC 3986 §2.1), UTF-8, header lists. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/base/time.hpp"

namespace confidente::http {

bool is_utf8(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trimmed(std::string_view text);
/// Nothing when an escape is broken. `+` means a space in queries only.
enum class Plus : bool { literal, space };
std::optional<std::string> percent_decoded(std::string_view text, Plus plus);
/// Quality of `name` in a list such as `gzip;q=0.5, br`; 0 when it is not there (RFC 9110 §12.4.2).
double quality(std::string_view list, std::string_view name);
/// Whether a comma-separated list such as `keep-alive, Upgrade` has `token`.
bool has_token(std::string_view list, std::string_view token);
/// `Tue, 24 Nov 2026 02:10:19 GMT` (RFC 9110 §5.6.7).
std::string http_date(UtcTime time);
/// The same of the thread's last second, which most answers share; until the next call on this thread.
std::string_view http_date_of_now(UtcTime now);

/// A request's target: path decoded and safe to compare, query as it came.
struct Target {
    std::string path;
    std::string query;
};
/// Nothing for broken escapes, control characters, invalid UTF-8, dot segments, encoded slashes and backslashes:
/// what could be read as another path by somebody else is refused rather than normalised.
std::optional<Target> parse_target(std::string_view target);

}  // namespace confidente::http
