// Time. Two clocks that cannot be confused: Instant never jumps and means nothing outside this process; UtcTime is
// what people and other machines read. Neither has now(): only a Clock, made in app and handed down, can tell it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace confidente {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A point of the monotonic clock, in nanoseconds since an arbitrary start.
struct Instant {
    std::int64_t ns = 0;
    static constexpr Instant never() { return {INT64_MAX}; }
    auto operator<=>(const Instant&) const = default;
    friend constexpr Instant operator+(Instant at, Duration by) { return {at.ns + by.count()}; }
    friend constexpr Instant operator-(Instant at, Duration by) { return {at.ns - by.count()}; }
    friend constexpr Duration operator-(Instant a, Instant b) { return Duration{a.ns - b.ns}; }
};

/// Milliseconds since 1970-01-01T00:00:00Z.
struct UtcTime {
    std::int64_t ms = 0;
    auto operator<=>(const UtcTime&) const = default;
    friend constexpr UtcTime operator+(UtcTime at, Duration by) {
        return {at.ms + std::chrono::duration_cast<std::chrono::milliseconds>(by).count()};
    }
    friend constexpr UtcTime operator-(UtcTime at, Duration by) {
        return {at.ms - std::chrono::duration_cast<std::chrono::milliseconds>(by).count()};
    }
};

/// `2026-11-23T12:00:00.000Z` (RFC 3339, always UTC, always milliseconds).
std::string to_iso8601(UtcTime time);
/// Reads RFC 3339 with any offset and any number of fraction digits (rounded down); nothing if it is not one.
std::optional<UtcTime> parse_iso8601(std::string_view text);

/// A calendar day, for birth dates.
struct Date {
    std::int32_t year = 0;
    std::uint32_t month = 0, day = 0;
    auto operator<=>(const Date&) const = default;
};
/// `2026-11-23`; nothing if it is not a day that exists.
std::optional<Date> parse_date(std::string_view text);
std::string to_string(Date date);
/// The UTC day of an instant.
Date date_of(UtcTime time);
/// Whole years from birth to today.
int age_on(Date birth, Date today);

class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
    virtual UtcTime utc_now() const = 0;
};

/// The machine's clocks. Made in app (and in media/engine); everyone else gets a Clock&.
class SystemClock final : public Clock {
public:
    Instant now() const override;
    UtcTime utc_now() const override;
};

/// A clock that tests move by hand.
class ManualClock final : public Clock {
public:
    Instant now() const override { return now_; }
    UtcTime utc_now() const override { return utc_; }
    void advance(Duration by) {
        now_ = now_ + by;
        utc_ = utc_ + by;
    }
    void set_utc(UtcTime time) { utc_ = time; }

private:
    Instant now_{1'000'000'000};
    UtcTime utc_{1'790'000'000'000};
};

}  // namespace confidente
