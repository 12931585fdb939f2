#include "platform/base/time.hpp"

#include <ctime>

#include <array>
#include <cstdio>

namespace confidente {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;

/// Reads exactly `count` digits at `at`, moving it; -1 if they are not there.
int digits(std::string_view text, std::size_t& at, std::size_t count) {
    if (text.size() - at < count) return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at) {
        if (text[at] < '0' || text[at] > '9') return -1;
        value = value * 10 + (text[at] - '0');
    }
    return value;
}

bool skip(std::string_view text, std::size_t& at, char wanted) {
    if (at >= text.size() || text[at] != wanted) return false;
    ++at;
    return true;
}

std::optional<Date> read_date(std::string_view text, std::size_t& at) {
    const int year = digits(text, at, 4);
    if (year < 0 || !skip(text, at, '-')) return {};
    const int month = digits(text, at, 2);
    if (month < 0 || !skip(text, at, '-')) return {};
    const int day = digits(text, at, 2);
    if (day < 0) return {};
    const std::chrono::year_month_day ymd{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day))};
    if (!ymd.ok()) return {};
    return Date{year, static_cast<std::uint32_t>(month), static_cast<std::uint32_t>(day)};
}

std::chrono::sys_days days_of(Date date) {
    return std::chrono::year_month_day{std::chrono::year{date.year}, std::chrono::month{date.month},
                                       std::chrono::day{date.day}};
}

/// `Z` or `+hh:mm`; the offset in minutes.
std::optional<int> read_offset(std::string_view text, std::size_t& at) {
    if (at >= text.size()) return {};
    const char sign = text[at++];
    if (sign == 'Z' || sign == 'z') return 0;
    if (sign != '+' && sign != '-') return {};
    const int hours = digits(text, at, 2);
    if (hours < 0 || hours > 23 || !skip(text, at, ':')) return {};
    const int minutes = digits(text, at, 2);
    if (minutes < 0 || minutes > 59) return {};
    return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

std::string to_iso8601(UtcTime time) {
    std::int64_t day = time.ms / kMsPerDay;
    std::int64_t rest = time.ms % kMsPerDay;
    if (rest < 0) {
        rest += kMsPerDay;
        --day;
    }
    const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{day}}};
    std::array<char, 40> text{};
    const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(ymd.year()),
                                     unsigned(ymd.month()), unsigned(ymd.day()), int(rest / 3'600'000),
                                     int(rest / 60'000 % 60), int(rest / 1000 % 60), int(rest % 1000));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<UtcTime> parse_iso8601(std::string_view text) {
    std::size_t at = 0;
    const auto date = read_date(text, at);
    if (!date || !(skip(text, at, 'T') || skip(text, at, 't'))) return {};
    const int hour = digits(text, at, 2);
    if (hour < 0 || hour > 23 || !skip(text, at, ':')) return {};
    const int minute = digits(text, at, 2);
    if (minute < 0 || minute > 59 || !skip(text, at, ':')) return {};
    const int second = digits(text, at, 2);
    if (second < 0 || second > 60) return {};
    int ms = 0;
    if (skip(text, at, '.')) {
        std::size_t count = 0;
        for (int scale = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count, scale /= 10)
            ms += (text[at] - '0') * scale;
        if (count == 0) return {};
    }
    const auto offset = read_offset(text, at);
    if (!offset || at != text.size()) return {};
    const std::int64_t days = days_of(*date).time_since_epoch().count();
    return UtcTime{days * kMsPerDay + ((hour * 60 + minute - *offset) * 60LL + second) * 1000 + ms};
}

std::optional<Date> parse_date(std::string_view text) {
    std::size_t at = 0;
    const auto date = read_date(text, at);
    return at == text.size() ? date : std::nullopt;
}

std::string to_string(Date date) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", date.year, date.month, date.day);
    return {text.data(), static_cast<std::size_t>(length)};
}

Date date_of(UtcTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_time{std::chrono::milliseconds{time.ms}});
    const std::chrono::year_month_day ymd{day};
    return {int(ymd.year()), unsigned(ymd.month()), unsigned(ymd.day())};
}

int age_on(Date birth, Date today) {
    const int years = today.year - birth.year;
    const bool had_birthday = std::pair{today.month, today.day} >= std::pair{birth.month, birth.day};
    return had_birthday ? years : years - 1;
}

Instant SystemClock::now() const {
    timespec ts{};
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return {ts.tv_sec * 1'000'000'000LL + ts.tv_nsec};
}

UtcTime SystemClock::utc_now() const {
    timespec ts{};
    clock_gettime(CLOCK_REALTIME, &ts);
    return {ts.tv_sec * 1000LL + ts.tv_nsec / 1'000'000};
}

}  // namespace confidente
