// What loss alone allows: above 10 % less, below 2 % more, between the two nothing changes (draft-ietf-rmcat-gcc-02
// section 6). For paths that drop what is too much instead of holding it. Pure.
#pragma once

#include <cstdint>

#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::uint64_t kNoLimit = UINT64_MAX;
inline constexpr double kHighLossShare = 0.10, kLowLossShare = 0.02;
inline constexpr double kFloodShare = 0.25;  ///< so much lost is no accident: what arrived is what goes through
/// Chance loses that much at most. Up to it loss alone lowers to a small picture with its sound and no further: on a
/// bad radio link less traffic is lost as often, and whoever sees nothing for it has won nothing.
inline constexpr double kChanceShare = 0.35;
inline constexpr std::uint64_t kChanceFloorBps = 300'000;
/// Packets that a judgement needs: with 2 % of random loss eleven of a hundred are missing once in hours.
inline constexpr std::int64_t kLossSample = 100;
inline constexpr std::int64_t kLossAlarm = 20;      ///< so many missing are judged at once
inline constexpr Duration kLossSampleTime = 500ms;  ///< at least, unless it is an alarm

class LossLimit {
public:
    /// After each feedback: packets newly known, of which `lost` (negative when late ones arrived after all).
    /// `sent`: what was allowed while they were sent.
    struct Sent {
        std::uint64_t estimate_bps = 0;
        std::uint64_t acked_bps = kNoLimit;  ///< what of it arrived
        Duration round_trip{0};
    };
    void report(std::int64_t packets, std::int64_t lost, const Sent& sent, Instant now);
    /// A probe carried so much without loss.
    void raise_to(std::uint64_t bps);
    std::uint64_t bps() const { return bps_; }
    /// Of the last judgement, 0..1.
    double share() const { return share_; }

private:
    std::uint64_t bps_ = kNoLimit;
    std::int64_t packets_ = 0, lost_ = 0;
    double share_ = 0;
    Instant since_{INT64_MIN / 2}, fell_at_{INT64_MIN / 2};
};

}  // namespace confidente::media
