#include "platform/http/rate_limiter.hpp"

#include "testing/test.hpp"

namespace confidente::http {

TEST("five in a quarter of an hour are five, and then one every three minutes") {
    RateLimiter limiter;
    Instant now{1};
    const Rate rate{5, 5, 15};
    for (int i = 0; i < 5; ++i) CHECK(limiter.take("a", rate, now).allowed);
    const auto refused = limiter.take("a", rate, now);
    CHECK_FALSE(refused.allowed);
    CHECK(refused.retry_s == 180);
    CHECK(refused.window_s == 900);
    CHECK_FALSE(limiter.take("a", rate, now + 179s).allowed);
    CHECK(limiter.take("a", rate, now + 181s).allowed);
    CHECK(limiter.take("b", rate, now).allowed);
}

TEST("what is given back can be had again, but never more than the bucket holds") {
    RateLimiter limiter;
    const Rate rate{1, 1, 60};
    const Instant now{1};
    CHECK(limiter.take("a", rate, now).allowed);
    limiter.give_back("a");
    for (int i = 0; i < 3; ++i) limiter.give_back("a");
    CHECK(limiter.take("a", rate, now).allowed);
    CHECK_FALSE(limiter.take("a", rate, now).allowed);
    limiter.give_back("never seen");
    CHECK(limiter.size() == 1);
}

TEST("an IPv6 customer is one caller whatever address of his he uses, and a mapped IPv4 address is that address") {
    CHECK(address_key("2001:db8:1:2::1") == address_key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    CHECK(address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1"));
    CHECK(address_key("::ffff:192.0.2.7") == address_key("192.0.2.7"));
    CHECK(address_key("192.0.2.7") != address_key("192.0.2.8"));
    CHECK(network_key("192.0.2.7") == network_key("192.0.2.200"));
    CHECK(network_key("192.0.2.7") != network_key("192.0.3.7"));
    CHECK(network_key("2001:db8:1:2::1") == network_key("2001:db8:1:ffff::9"));
    CHECK(network_key("2001:db8:1::1") != network_key("2001:db8:2::1"));
    CHECK(address_key("::1") != address_key("0.0.0.1"));
}

TEST("the table of buckets is bounded") {
    RateLimiter limiter;
    const Rate rate{1, 1};
    for (std::size_t i = 0; i < RateLimiter::kMaxBuckets + 50; ++i) limiter.take(std::to_string(i), rate, Instant{1});
    CHECK(limiter.size() == RateLimiter::kMaxBuckets);
}

TEST("the headers are those of the draft") {
    RateLimiter limiter;
    const auto verdict = limiter.take("a", {5, 5, 15}, Instant{1});
    const auto headers = rate_headers("login", verdict);
    REQUIRE(headers.size() >= 2);
    CHECK(headers[0] == std::pair<std::string, std::string>{"RateLimit-Policy", "\"login\";q=5;w=900"});
    CHECK(headers[1] == std::pair<std::string, std::string>{"RateLimit", "\"login\";r=4;t=180"});
    CHECK(rate_limited({.allowed = false, .retry_s = 7}).retry_after_s == 7);
}

}  // namespace confidente::http
