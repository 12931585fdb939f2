#include "media/routing/keyframe_gate.hpp"

namespace confidente::media {

void KeyframeGate::request() {
    pending_ = true;
    repeats_ = 0;
}

void KeyframeGate::keyframe_arrived() { pending_ = false; }

bool KeyframeGate::take(Instant now) {
    if (now < deadline()) return false;
    sent_before_ = true;
    last_sent_ = now;
    pending_ = ++repeats_ < kKeyframeRequestRepeats;
    return true;
}

Instant KeyframeGate::deadline() const {
    if (!pending_) return Instant::never();
    return sent_before_ ? last_sent_ + kKeyframeRequestSpacing : Instant{};
}

}  // namespace confidente::media
