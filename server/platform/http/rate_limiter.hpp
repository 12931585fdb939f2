// Token buckets by key, in a table that cannot grow beyond its limit: the least recently used bucket makes room.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "platform/base/time.hpp"
#include "platform/http/principal.hpp"

namespace confidente::http {

struct RateVerdict {
    bool allowed = true;
    std::uint32_t limit = 0;      ///< the bucket's size
    std::uint32_t remaining = 0;  ///< whole requests left at once
    std::uint32_t reset_s = 0;    ///< until the bucket is full again
    std::uint32_t retry_s = 0;    ///< until one request fits; 0 when allowed
};

class RateLimiter {
public:
    static constexpr std::size_t kMaxBuckets = 100'000;  // about 20 MB at worst
    /// Takes one token from `key`'s bucket. Thread-safe.
    RateVerdict take(const std::string& key, Rate rate, Instant now);
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

}  // namespace confidente::http
