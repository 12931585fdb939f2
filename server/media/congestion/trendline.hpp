// Does the path's queue grow? A line through the recent one-way delays; its slope against a threshold that adapts to
// what the path does without us (draft-ietf-rmcat-gcc-02 sections 5.3 and 5.4, with the slope by least squares over a
// window, as libwebrtc's trendline estimator takes it, in place of the Kalman filter). Pure.
#pragma once

#include <array>
#include <cstdint>

#include "media/congestion/arrival_groups.hpp"

namespace confidente::media {

enum class Usage : std::uint8_t { normal, over, under };

class Trendline {
public:
    void add(const GroupDelta& delta);
    Usage usage() const { return usage_; }
    void restart() { *this = Trendline{}; }

private:
    static constexpr std::size_t kWindow = 20;  ///< groups
    struct Point {
        double at_ms = 0, delay_ms = 0;
    };
    double slope() const;
    void detect(double slope, double span_ms);
    void adapt(double trend, double span_ms);

    std::array<Point, kWindow> points_ = {};
    std::size_t next_ = 0;
    int count_ = 0;
    std::int64_t first_us_ = 0;
    double accumulated_ms_ = 0, smoothed_ms_ = 0;
    double threshold_ = 12.5;  ///< of the slope times its gain; GCC's del_var_th
    double over_for_ms_ = -1;
    int over_count_ = 0;
    double last_slope_ = 0;
    Usage usage_ = Usage::normal;
};

}  // namespace confidente::media
