#include "media/congestion/acked_rate.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace confidente::media {
namespace {

/// Towards minus infinity: receivers may tell times before their zero.
constexpr std::int64_t bucket_of(std::int64_t us, std::int64_t width) {
    return us >= 0 ? us / width : -((-us + width - 1) / width);
}

}  // namespace

void AckedRate::add(std::size_t bytes, std::int64_t arrived_us) {
    if (!started_ || std::llabs(arrived_us - newest_us_) > kMaxJumpUs) {
        *this = AckedRate{};
        started_ = true;
        started_us_ = newest_us_ = arrived_us;
    }
    const std::int64_t bucket = bucket_of(arrived_us, kBucketUs), newest = bucket_of(newest_us_, kBucketUs);
    if (newest - bucket >= kBuckets) return;
    const auto place = [](std::int64_t number) {
        return static_cast<std::size_t>((number % kBuckets + kBuckets) % kBuckets);
    };
    for (std::int64_t at = std::max(newest + 1, bucket - kBuckets + 1); at <= bucket; ++at) bytes_[place(at)] = 0;
    bytes_[place(bucket)] += bytes;
    newest_us_ = std::max(newest_us_, arrived_us);
}

std::optional<std::uint64_t> AckedRate::bps() const {
    if (!started_) return {};
    const std::int64_t oldest_us = (bucket_of(newest_us_, kBucketUs) - kBuckets + 1) * kBucketUs;
    const std::int64_t span_us = newest_us_ - std::max(started_us_, oldest_us);
    if (span_us < kMinSpanUs) return {};
    const auto bytes = std::accumulate(bytes_.begin(), bytes_.end(), std::uint64_t{0});
    return bytes * 8'000'000 / static_cast<std::uint64_t>(span_us);
}

}  // namespace confidente::media
