#include "media/engine/bitrate_policer.hpp"

namespace confidente::media {

PolicerVerdict BitratePolicer::packet(std::size_t bytes, Instant now) {
    if (now - second_began_ >= 1s) {
        // A pause of more than a second forgives what was before it.
        const bool follows = now - second_began_ < 2s;
        seconds_above_ = follows && bits_ > kDropShare * limit_bps_ ? seconds_above_ + 1 : 0;
        if (bits_ * 2 > kWarnHalves * limit_bps_) ++seconds_warned_;
        second_began_ = now;
        bits_ = 0;
    }
    bits_ += bytes * 8;
    if (bits_ > kCloseShare * limit_bps_) return PolicerVerdict::close;
    return seconds_above_ >= kDropAfterSeconds ? PolicerVerdict::drop : PolicerVerdict::pass;
}

}  // namespace confidente::media
