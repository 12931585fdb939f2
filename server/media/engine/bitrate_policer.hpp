// Keeps a publisher within what it was allowed to send: above one and a half times that it is counted; above twice for
// two seconds packets are dropped until it sends less; above three times it is to be closed. Looks at whole seconds.
// Pure.
#pragma once

#include <cstdint>

#include "platform/base/time.hpp"

namespace confidente::media {

enum class PolicerVerdict : std::uint8_t { pass, drop, close };

class BitratePolicer {
public:
    static constexpr std::uint64_t kDropShare = 2, kCloseShare = 3;  ///< of the limit
    static constexpr std::uint32_t kDropAfterSeconds = 2;
    static constexpr std::uint64_t kWarnHalves = 3;  ///< halves of the limit

    explicit BitratePolicer(std::uint64_t limit_bps) : limit_bps_(limit_bps) {}
    /// A datagram of the publisher; call it for every one.
    PolicerVerdict packet(std::size_t bytes, Instant now);
    /// How many seconds were above the warning, each told when it is over.
    std::uint64_t seconds_warned() const { return seconds_warned_; }

private:
    std::uint64_t limit_bps_;
    Instant second_began_{INT64_MIN / 2};
    std::uint64_t bits_ = 0;
    std::uint32_t seconds_above_ = 0;
    std::uint64_t seconds_warned_ = 0;
};

}  // namespace confidente::media
