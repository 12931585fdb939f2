#include "platform/http/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace confidente::http {

RateVerdict RateLimiter::take(const std::string& key, Rate rate, Instant now) {
    if (rate.per_minute == 0) return {};
    const double size = rate.burst ? rate.burst : rate.per_minute;
    const double per_second = rate.per_minute / 60.0;
    const std::lock_guard lock{mutex_};
    auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        if (buckets_.size() >= kMaxBuckets) {
            by_key_.erase(buckets_.back().key);
            buckets_.pop_back();
        }
        buckets_.push_front({key, size, now});
        found = by_key_.emplace(buckets_.front().key, buckets_.begin()).first;
    } else {
        buckets_.splice(buckets_.begin(), buckets_, found->second);
    }
    Bucket& bucket = *found->second;
    const double elapsed_s = std::max(0.0, static_cast<double>((now - bucket.at).count()) / 1e9);
    bucket.tokens = std::min(size, bucket.tokens + elapsed_s * per_second);
    bucket.at = std::max(bucket.at, now);
    RateVerdict verdict;
    verdict.limit = static_cast<std::uint32_t>(size);
    verdict.allowed = bucket.tokens >= 1;
    if (verdict.allowed)
        bucket.tokens -= 1;
    else
        verdict.retry_s = static_cast<std::uint32_t>(std::ceil((1 - bucket.tokens) / per_second));
    verdict.remaining = static_cast<std::uint32_t>(bucket.tokens);
    verdict.reset_s = static_cast<std::uint32_t>(std::ceil((size - bucket.tokens) / per_second));
    return verdict;
}

std::size_t RateLimiter::size() const {
    const std::lock_guard lock{mutex_};
    return buckets_.size();
}

}  // namespace confidente::http
