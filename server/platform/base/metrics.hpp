// Counters, gauges and histograms in the Prometheus text format (version 0.0.4). A metric is made once, at start, and
// lives as long as the process; touching it is one relaxed atomic, so it may stand on a hot path.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace confidente::metrics {

class Counter {
public:
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// Seconds, in the buckets 1 ms · 2.5 ms · 5 ms · … · 10 s.
class Histogram {
public:
    void observe_seconds(double seconds);
    static constexpr double kBounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    static constexpr std::size_t kBuckets = sizeof kBounds / sizeof kBounds[0];
    void append_to(std::string& out, std::string_view name, std::string_view labels) const;

private:
    std::atomic<std::uint64_t> counts_[kBuckets + 1]{};
    std::atomic<std::uint64_t> sum_us_{0};
};

/// Every metric of the process. Names are whole literals, so that grep finds them.
class Registry {
public:
    /// `labels` as Prometheus writes them, without braces: `reason="bad_mac"`. The same name and labels give the same
    /// metric again. References stay valid for the registry's life.
    Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = {});
    /// A value asked for at each scrape; may be called from any thread.
    void callback(std::string_view name, std::string_view help, std::string_view type, std::function<double()> value);
    /// Series that `render` writes at each scrape, whole lines with append_series(); may be called from any thread.
    void rendered(std::string_view name, std::string_view help, std::string_view type,
                  std::function<void(std::string& out)> render);
    std::string scrape() const;

private:
    template <class M>
    struct Series {
        std::string labels;
        M metric;
    };
    struct Family {
        std::string name, help, type;
        std::deque<Series<Counter>> counters;
        std::deque<Series<Gauge>> gauges;
        std::deque<Series<Histogram>> histograms;
        std::vector<std::function<double()>> callbacks;
        std::vector<std::function<void(std::string&)>> renderers;
    };
    Family& family(std::string_view name, std::string_view help, std::string_view type);
    mutable std::mutex mutex_;  ///< guards families_, not the values inside
    std::deque<Family> families_;
};

/// One line of the text format, for renderers.
void append_series(std::string& out, std::string_view name, std::string_view labels, double value);

/// The process's registry.
Registry& registry();

}  // namespace confidente::metrics
