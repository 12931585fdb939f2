// From what the delay says to a rate: additive increase near the known limit, multiplicative far from it, a fall below
// what arrived when the queue grows (draft-ietf-rmcat-gcc-02 section 5.5). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "media/congestion/trendline.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::uint64_t kMinEstimateBps = 60'000;       ///< a voice with its headers
inline constexpr std::uint64_t kMaxEstimateBps = 100'000'000;  ///< whatever a receiver pretends

class RateControl {
public:
    /// What the estimate may grow beyond: what was seen to arrive, or nothing, where we cannot probe.
    enum class Growth : std::uint8_t { with_arrivals, free };
    RateControl(std::uint64_t start_bps, Growth growth) : bps_(start_bps), growth_(growth) {}

    /// What the path says after a feedback.
    struct Path {
        Usage usage = Usage::normal;
        std::optional<std::uint64_t> acked_bps;  ///< what arrived lately, if enough did to tell
        Duration waiting{0};                     ///< in its queue
        Duration round_trip{0};
    };
    void update(const Path& path, Instant now);
    /// A probe carried so much.
    void raise_to(std::uint64_t bps);
    /// Something else says that less goes through.
    void lower_to(std::uint64_t bps);

    std::uint64_t bps() const { return bps_; }
    std::optional<Instant> fell_at() const { return fell_at_; }

private:
    enum class State : std::uint8_t { hold, increase };
    void increase(const Path& path, Instant now);
    void decrease(const Path& path, Instant now);

    /// Where the path's limit was met before: an average with its spread.
    struct Limit {
        double bps = 0, spread = 0.4;
        bool known() const { return bps > 0; }
        double reach() const;
        void met_at(double acked_bps);
    };
    std::uint64_t bps_;
    Growth growth_;
    State state_ = State::increase;
    Limit limit_;
    std::optional<Instant> updated_at_, fell_at_;
};

}  // namespace confidente::media
