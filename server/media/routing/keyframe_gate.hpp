// Merges the keyframe requests of all viewers of a layer into few (design.md: a thousand viewers cost a publisher one
// keyframe): at most two requests a second, and while one waits for its keyframe it is repeated, because requests get
// lost. Sans-IO.
#pragma once

#include <cstdint>

#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr Duration kKeyframeRequestSpacing = 500ms;   ///< security-and-reliability.md 2.10: at most 2 per second
inline constexpr std::uint32_t kKeyframeRequestRepeats = 5;  ///< then silence until somebody asks again

class KeyframeGate {
public:
    /// Somebody needs a keyframe; remembered until one arrives.
    void request();
    /// The layer started a keyframe.
    void keyframe_arrived();
    /// True when a request must go to the publisher now; counts as sent.
    bool take(Instant now);
    /// When take() can be true next; never() when nobody waits.
    Instant deadline() const;
    bool pending() const { return pending_; }

private:
    bool pending_ = false;
    std::uint32_t repeats_ = 0;
    bool sent_before_ = false;
    Instant last_sent_;
};

}  // namespace confidente::media
