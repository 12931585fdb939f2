#include "platform/base/time.hpp"

#include "testing/test.hpp"

using namespace confidente;

TEST("a UTC time survives the way through its text") {
    for (const std::int64_t ms : {0LL, -1LL, 1'790'000'000'123LL, 951'782'400'000LL, -62'135'596'800'000LL}) {
        const auto parsed = parse_iso8601(to_iso8601({ms}));
        REQUIRE(parsed);
        CHECK(parsed->ms == ms);
    }
    CHECK(to_iso8601({1'582'934'400'007}) == "2020-02-29T00:00:00.007Z");
}

TEST("an offset moves a time to UTC and finer fractions are cut") {
    CHECK(parse_iso8601("2026-11-23T09:00:00.9999-03:00")->ms == parse_iso8601("2026-11-23T12:00:00.999Z")->ms);
}

TEST("what is not a time is refused") {
    for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-11-23 12:00:00Z", "2026-11-23T24:00:00Z",
                             "2026-11-23T12:00:00", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00Zx"})
        CHECK_FALSE(parse_iso8601(text));
    for (const char* text : {"2026-13-01", "2026-02-29", "26-01-01", "2026-1-1", "2026-01-01T"})
        CHECK_FALSE(parse_date(text));
}

TEST("an age counts birthdays, not days") {
    CHECK(age_on({2008, 11, 24}, {2026, 11, 23}) == 17);
    CHECK(age_on({2008, 11, 23}, {2026, 11, 23}) == 18);
    CHECK(age_on({2008, 2, 29}, {2026, 2, 28}) == 17);
    CHECK(age_on({2008, 2, 29}, {2026, 3, 1}) == 18);
}
