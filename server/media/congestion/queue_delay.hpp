// How long packets wait on the path: the least one-way delay of the last few over the least of the last while. The
// clocks of the two ends need not agree, only run evenly. Jitter is no queue: of several packets one comes through
// without. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kQueueSample = 20;  ///< packets
inline constexpr Duration kQueueBaseFor = 10s;   ///< a base is kept for one to two of these: routes change
inline constexpr Duration kMaxQueueDelay = 10s;

class QueueDelay {
public:
    void add(Instant sent, std::int64_t arrived_us) {
        const std::int64_t delay_us = arrived_us - sent.ns / 1000;
        recent_[next_] = delay_us;
        next_ = (next_ + 1) % kQueueSample;
        if (next_ == 0) full_ = true;
        if (sent - began_ > kQueueBaseFor) {
            before_us_ = now_us_;
            now_us_ = INT64_MAX;
            began_ = sent;
        }
        now_us_ = std::min(now_us_, delay_us);
    }
    /// Zero until enough packets told.
    Duration waiting() const {
        if (!full_) return {};
        const std::int64_t least = *std::min_element(recent_.begin(), recent_.end());
        const std::int64_t base = std::min(now_us_, before_us_);
        const auto most = std::chrono::duration_cast<std::chrono::microseconds>(kMaxQueueDelay).count();
        return std::chrono::microseconds{std::clamp<std::int64_t>(least - base, 0, most)};
    }
    void restart() { *this = QueueDelay{}; }

private:
    std::array<std::int64_t, kQueueSample> recent_ = {};
    std::size_t next_ = 0;
    bool full_ = false;
    std::int64_t now_us_ = INT64_MAX, before_us_ = INT64_MAX;  ///< least delays of this period and the one before
    Instant began_;
};

}  // namespace confidente::media
