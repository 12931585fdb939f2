// Packets that left together, as one: how much further apart two such groups arrived than they were sent. Bursts
// within 5 ms say nothing of the path (draft-ietf-rmcat-gcc-02 section 5.2). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr Duration kGroupSpan = 5ms;
inline constexpr std::int64_t kMaxBurstUs = 100'000;          ///< packets that come in one heap after a stall
inline constexpr std::int64_t kMaxArrivalJumpUs = 3'000'000;  ///< beyond it the receiver's clock began anew
inline constexpr int kMaxReorderedGroups = 3;

struct GroupDelta {
    std::int64_t sent_us = 0;     ///< between the last packets of two groups
    std::int64_t arrived_us = 0;  ///< the same on the receiver's clock
    std::int64_t at_us = 0;       ///< when the later group was complete, on the receiver's clock
};

class ArrivalGroups {
public:
    /// In the order of sending. A delta when this packet begins a group and two before it are complete.
    std::optional<GroupDelta> add(Instant sent, std::int64_t arrived_us);
    /// Forgets: what comes next is compared with nothing before.
    void restart() { *this = ArrivalGroups{}; }

private:
    struct Group {
        Instant first_sent, last_sent;
        std::int64_t first_us = 0, last_us = 0;
        bool used = false;
    };
    bool joins(Instant sent, std::int64_t arrived_us) const;

    Group current_, previous_;
    int reordered_ = 0;
};

}  // namespace confidente::media
