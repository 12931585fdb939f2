// What arrived, in bits a second by the receiver's own clock, over the last half second. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace confidente::media {

class AckedRate {
public:
    void add(std::size_t bytes, std::int64_t arrived_us);
    /// Nothing until enough time is covered.
    std::optional<std::uint64_t> bps() const;

private:
    static constexpr std::int64_t kBucketUs = 50'000, kBuckets = 10;
    static constexpr std::int64_t kMinSpanUs = 150'000;
    static constexpr std::int64_t kMaxJumpUs = 3'000'000;  ///< beyond it counting begins anew
    std::array<std::uint64_t, kBuckets> bytes_ = {};
    std::int64_t started_us_ = 0, newest_us_ = 0;
    bool started_ = false;
};

}  // namespace confidente::media
