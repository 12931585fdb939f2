#include "media/congestion/arrival_groups.hpp"

#include <algorithm>
#include <cstdlib>

namespace confidente::media {

bool ArrivalGroups::joins(Instant sent, std::int64_t arrived_us) const {
    if (sent - current_.first_sent <= kGroupSpan) return true;
    const std::int64_t apart_us = arrived_us - current_.last_us;
    const std::int64_t sent_apart_us = (sent - current_.last_sent).count() / 1000;
    // Arrived in one heap with the packet before it though sent later: something on the way held both.
    return apart_us - sent_apart_us < 0 && apart_us <= kGroupSpan.count() / 1000 &&
           arrived_us - current_.first_us < kMaxBurstUs;
}

std::optional<GroupDelta> ArrivalGroups::add(Instant sent, std::int64_t arrived_us) {
    const Group alone{sent, sent, arrived_us, arrived_us, true};
    if (!current_.used) {
        current_ = alone;
        return {};
    }
    if (std::llabs(arrived_us - current_.last_us) > kMaxArrivalJumpUs) {
        restart();
        current_ = alone;
        return {};
    }
    if (sent < current_.first_sent) return {};
    if (joins(sent, arrived_us)) {
        current_.last_sent = std::max(current_.last_sent, sent);
        current_.last_us = std::max(current_.last_us, arrived_us);
        return {};
    }
    std::optional<GroupDelta> delta;
    if (previous_.used) {
        const GroupDelta found{(current_.last_sent - previous_.last_sent).count() / 1000,
                               current_.last_us - previous_.last_us, current_.last_us};
        if (found.arrived_us >= 0) {
            reordered_ = 0;
            delta = found;
        } else if (++reordered_ >= kMaxReorderedGroups) {
            restart();
            current_ = alone;
            return {};
        }
    }
    previous_ = current_;
    current_ = alone;
    return delta;
}

}  // namespace confidente::media
