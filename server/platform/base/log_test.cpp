#include "platform/base/log.hpp"

#include "platform/base/metrics.hpp"
#include "platform/base/time.hpp"
#include "testing/test.hpp"

using namespace confidente;

namespace {
std::string written;
std::string line_of(log::Fields fields) {
    written.clear();
    log::set_sink([](std::string_view line) { written = line; });
    log::info("test.event", fields);
    log::set_sink(nullptr);
    return written;
}
}  // namespace

TEST("what a client sends cannot forge a log line") {
    const auto line =
        line_of({{"user_agent.original", "x\"}\n{\"log.level\":\"error\" \\ \x7f"}, {"n", 7}, {"ok", true}});
    CHECK(line.find("\"user_agent.original\":\"x\\\"}\\u000a{\\\"log.level\\\":\\\"error\\\" \\\\ "
                    "\\u007f\",\"n\":7,\"ok\":true}\n") != std::string::npos);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
}

TEST("bytes that are not UTF-8 become replacement characters, whole sequences stay") {
    std::string out;
    log::append_escaped(out, "a\xff\xc3\xa7\xed\xa0\x80");
    CHECK(out == "a\xEF\xBF\xBD\xc3\xa7\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST("personal data shows only stars") {
    CHECK(line_of({{"user.email", Pii<std::string>{"luna@example.com"}}}).find("luna") == std::string::npos);
}

TEST("a scrape has one family a name, with cumulative buckets") {
    metrics::Registry registry;
    registry.counter("lc_things_total", "Things.", "kind=\"a\"").add(2);
    registry.counter("lc_things_total", "Things.", "kind=\"b\"").add(3);
    registry.counter("lc_things_total", "Things.", "kind=\"a\"").add(1);
    registry.histogram("lc_wait_seconds", "Waits.").observe_seconds(0.02);
    const auto text = registry.scrape();
    CHECK(text.find("# TYPE lc_things_total counter\nlc_things_total{kind=\"a\"} 3\nlc_things_total{kind=\"b\"} 3\n") !=
          std::string::npos);
    CHECK(text.find("lc_wait_seconds_bucket{le=\"0.01\"} 0\nlc_wait_seconds_bucket{le=\"0.025\"} 1\n") !=
          std::string::npos);
    CHECK(text.find("lc_wait_seconds_bucket{le=\"+Inf\"} 1\nlc_wait_seconds_sum 0.02\nlc_wait_seconds_count 1\n") !=
          std::string::npos);
}

TEST("a line tells its time to the millisecond, and numbers with as many digits as they mean") {
    const SystemClock clock;
    const auto before = clock.utc_now();
    const auto line = line_of({{"third", 1.0 / 3}, {"small", 0.0000125}, {"whole", 2.0}, {"large", 1e20}});
    const auto after = clock.utc_now();
    const auto at = line.find("\"@timestamp\":\"") + 14;
    const auto told = parse_iso8601(std::string_view{line}.substr(at, 24));
    REQUIRE(told);
    CHECK(to_iso8601(*told) == line.substr(at, 24));
    CHECK((*told >= before && *told <= after));
    CHECK(line.find("\"third\":0.333333,\"small\":1.25e-05,\"whole\":2,\"large\":1e+20}") != std::string::npos);
}
