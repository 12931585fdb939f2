// Text forms of bytes, times, days and ids: what is read is written back as it was.
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/base/time.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;

FUZZ(input) {
    const std::string_view text = as_text(input);
    // base64url is strict: one text for one value, or a token could be changed and stay valid.
    if (const auto bytes = from_base64url(text)) check(to_base64url(*bytes) == text);
    check(from_base64url(to_base64url(input)) == Buffer(input.begin(), input.end()));
    check(from_hex(to_hex(input)) == Buffer(input.begin(), input.end()));
    if (const auto bytes = from_hex(text)) check(to_hex(*bytes).size() == text.size());
    check(to_base64(input).size() == (input.size() + 2) / 3 * 4);

    if (const auto time = parse_iso8601(text)) {
        check(parse_iso8601(to_iso8601(*time)) == time);
        check(to_iso8601(*time).starts_with(to_string(date_of(*time))));
    }
    if (const auto date = parse_date(text)) {
        check(to_string(*date) == text);
        check(age_on(*date, *date) == 0);
        const Date later{date->year + 18, 6, 15};
        const bool had_birthday = date->month < 6 || (date->month == 6 && date->day <= 15);
        check(age_on(*date, later) == (had_birthday ? 18 : 17));
    }
    if (is_uuid(text)) check(text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == std::string::npos);

    std::string escaped;
    log::append_escaped(escaped, text);
    for (const char c : escaped) check(static_cast<unsigned char>(c) >= 0x20);
}
