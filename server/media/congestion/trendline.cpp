#include "media/congestion/trendline.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace confidente::media {
namespace {

constexpr int kMinPoints = 10;
constexpr double kSmoothing = 0.9;             // of the accumulated delay
constexpr double kGain = 4.0;                  // slope to threshold
constexpr int kMaxCount = 60;                  // groups until the slope has its full weight
constexpr double kOverForMs = 10;              // GCC section 5.5: overuse_time_th
constexpr double kUp = 0.0087, kDown = 0.039;  // GCC section 5.4: K_u, K_d
constexpr double kMinThreshold = 6, kMaxThreshold = 600;
constexpr double kMaxOutlier = 15;  // further above the threshold it is a stall, which teaches nothing
constexpr double kMaxAdaptMs = 100;

}  // namespace

void Trendline::add(const GroupDelta& delta) {
    const double span_ms = static_cast<double>(delta.arrived_us) / 1000;
    if (count_ == 0) first_us_ = delta.at_us;
    count_ = std::min(count_ + 1, 1000);
    accumulated_ms_ += static_cast<double>(delta.arrived_us - delta.sent_us) / 1000;
    smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
    points_[next_] = {static_cast<double>(delta.at_us - first_us_) / 1000, smoothed_ms_};
    next_ = (next_ + 1) % kWindow;
    detect(count_ < kMinPoints ? 0 : slope(), span_ms);
}

double Trendline::slope() const {
    const auto known = std::span{points_}.first(std::min(kWindow, static_cast<std::size_t>(count_)));
    const auto size = static_cast<double>(known.size());
    double mean_at = 0, mean_delay = 0;
    for (const Point& point : known) {
        mean_at += point.at_ms / size;
        mean_delay += point.delay_ms / size;
    }
    double over = 0, under = 0;
    for (const Point& point : known) {
        over += (point.at_ms - mean_at) * (point.delay_ms - mean_delay);
        under += (point.at_ms - mean_at) * (point.at_ms - mean_at);
    }
    return under > 0 ? over / under : last_slope_;
}

void Trendline::detect(double slope, double span_ms) {
    const double trend = std::min(count_, kMaxCount) * slope * kGain;
    if (trend > threshold_) {
        over_for_ms_ = over_for_ms_ < 0 ? span_ms / 2 : over_for_ms_ + span_ms;
        ++over_count_;
        if (over_for_ms_ > kOverForMs && over_count_ > 1 && slope >= last_slope_) {
            over_for_ms_ = 0;
            over_count_ = 0;
            usage_ = Usage::over;
        }
    } else {
        over_for_ms_ = -1;
        over_count_ = 0;
        usage_ = trend < -threshold_ ? Usage::under : Usage::normal;
    }
    last_slope_ = slope;
    adapt(trend, span_ms);
}

void Trendline::adapt(double trend, double span_ms) {
    const double size = std::abs(trend);
    if (size > threshold_ + kMaxOutlier) return;
    const double gain = size < threshold_ ? kDown : kUp;
    threshold_ += gain * (size - threshold_) * std::min(span_ms, kMaxAdaptMs);
    threshold_ = std::clamp(threshold_, kMinThreshold, kMaxThreshold);
}

}  // namespace confidente::media
