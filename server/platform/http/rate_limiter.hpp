// Token buckets by key, in a table that cannot grow beyond its limit: the least recently used bucket makes room. And
// how they are told: the headers of draft-ietf-httpapi-ratelimit-headers.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "platform/base/time.hpp"
#include "platform/http/http.hpp"

namespace confidente::http {

struct RateVerdict {
    bool allowed = true;
    std::uint32_t limit = 0;      ///< the bucket's size
    std::uint32_t remaining = 0;  ///< whole requests left at once
    std::uint32_t reset_s = 0;    ///< until the bucket is full again
    std::uint32_t retry_s = 0;    ///< until one request fits; 0 when allowed
    std::uint32_t window_s = 0;   ///< from an empty bucket to a full one
};

class RateLimiter {
public:
    static constexpr std::size_t kMaxBuckets = 100'000;  // about 20 MB at worst
    /// Takes one token from `key`'s bucket. Thread-safe.
    RateVerdict take(const std::string& key, Rate rate, Instant now);
    /// Gives one token back: what was counted turned out to be no guess.
    void give_back(const std::string& key);
    std::size_t size() const;

private:
    struct Bucket {
        std::string key;
        double tokens;
        Instant at;
    };
    mutable std::mutex mutex_;   ///< guards both members below
    std::list<Bucket> buckets_;  ///< most recently used first
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_key_;
};

/// What stands for a caller without an account: an IPv4 address, or an IPv6 /64, which one customer has for himself.
std::string address_key(std::string_view address);
/// The neighbourhood: an IPv4 /24, or an IPv6 /48.
std::string network_key(std::string_view address);

/// `RateLimit-Policy: "login";q=5;w=900` and `RateLimit: "login";r=4;t=180`.
Headers rate_headers(std::string_view policy, const RateVerdict& verdict);
/// 429 `rate_limited`, with Retry-After.
Error rate_limited(const RateVerdict& verdict);

}  // namespace confidente::http
