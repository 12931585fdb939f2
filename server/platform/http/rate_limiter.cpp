#include "platform/http/rate_limiter.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "platform/base/bytes.hpp"

namespace confidente::http {

RateVerdict RateLimiter::take(const std::string& key, Rate rate, Instant now) {
    if (rate.per_minute == 0) return {};
    const double size = rate.burst ? rate.burst : rate.per_minute;
    const double per_second = rate.per_minute / (60.0 * rate.minutes);
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
    verdict.window_s = static_cast<std::uint32_t>(std::ceil(size / per_second));
    verdict.remaining = static_cast<std::uint32_t>(bucket.tokens);
    verdict.reset_s = static_cast<std::uint32_t>(std::ceil((size - bucket.tokens) / per_second));
    return verdict;
}

void RateLimiter::give_back(const std::string& key) {
    const std::lock_guard lock{mutex_};
    // Above the bucket's size it is cut off again with the next take().
    if (const auto found = by_key_.find(key); found != by_key_.end()) found->second->tokens += 1;
}

std::size_t RateLimiter::size() const {
    const std::lock_guard lock{mutex_};
    return buckets_.size();
}

namespace {

enum class Breadth : std::uint8_t { caller, network };

std::string key_of(std::string_view text, Breadth breadth) {
    const std::string address{text};
    std::array<std::uint8_t, 16> bytes{};
    std::size_t kept = breadth == Breadth::caller ? 8 : 6;
    constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
        if (!std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) return "6:" + to_hex(Bytes{bytes}.first(kept));
        std::rotate(bytes.begin(), bytes.begin() + 12, bytes.end());
    } else if (inet_pton(AF_INET, address.c_str(), bytes.data()) != 1) {
        return address;
    }
    kept = breadth == Breadth::caller ? 4 : 3;
    return "4:" + to_hex(Bytes{bytes}.first(kept));
}

}  // namespace

std::string address_key(std::string_view address) { return key_of(address, Breadth::caller); }

std::string network_key(std::string_view address) { return key_of(address, Breadth::network); }

Headers rate_headers(std::string_view policy, const RateVerdict& verdict) {
    const auto name = '"' + std::string{policy} + '"';
    // `t` is when more may be had: the next one for who has none, a full bucket for the others.
    const auto reset = verdict.allowed ? verdict.reset_s : verdict.retry_s;
    // The last three are those of the drafts up to 07, which most clients still read.
    return {
        {"RateLimit-Policy", name + ";q=" + std::to_string(verdict.limit) + ";w=" + std::to_string(verdict.window_s)},
        {"RateLimit", name + ";r=" + std::to_string(verdict.remaining) + ";t=" + std::to_string(reset)},
        {"RateLimit-Limit", std::to_string(verdict.limit)},
        {"RateLimit-Remaining", std::to_string(verdict.remaining)},
        {"RateLimit-Reset", std::to_string(reset)}};
}

Error rate_limited(const RateVerdict& verdict) {
    return {.kind = ErrorKind::too_many,
            .code = "rate_limited",
            .detail = "Too many requests. Wait a moment.",
            .retry_after_s = verdict.retry_s};
}

}  // namespace confidente::http
