// Keeps a publisher within what it was allowed to send: above twice that for two seconds packets are dropped until it
// sends less; above three times it is to be closed. Looks at whole seconds. Pure.
#pragma once

#include <cstdint>

#include "platform/base/time.hpp"

namespace confidente::media {

enum class PolicerVerdict : std::uint8_t { pass, drop, close };

class BitratePolicer {
public:
    static constexpr std::uint64_t kDropShare = 2, kCloseShare = 3;  ///< of the limit
    static constexpr std::uint32_t kDropAfterSeconds = 2;

    explicit BitratePolicer(std::uint64_t limit_bps) : limit_bps_(limit_bps) {}
    /// A datagram of the publisher; call it for every one.
    PolicerVerdict packet(std::size_t bytes, Instant now);

private:
    std::uint64_t limit_bps_;
    Instant second_began_{INT64_MIN / 2};
    std::uint64_t bits_ = 0;
    std::uint32_t seconds_above_ = 0;
};

}  // namespace confidente::media
