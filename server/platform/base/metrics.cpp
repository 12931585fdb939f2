#include "platform/base/metrics.hpp"

#include <algorithm>
#include <cstdio>

namespace confidente::metrics {
namespace {

void append_number(std::string& out, double value) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.15g", value);
    out += digits;
}

template <class All>
auto& find_or_add(All& all, std::string_view labels) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& series) { return series.labels == labels; });
    if (found != all.end()) return found->metric;
    auto& added = all.emplace_back();
    added.labels = labels;
    return added.metric;
}

}  // namespace

void append_series(std::string& out, std::string_view name, std::string_view labels, double value) {
    out += name;
    if (!labels.empty()) {
        out += '{';
        out += labels;
        out += '}';
    }
    out += ' ';
    append_number(out, value);
    out += '\n';
}

void Histogram::observe_seconds(double seconds) {
    const auto* bucket = std::lower_bound(std::begin(kBounds), std::end(kBounds), seconds);
    counts_[bucket - std::begin(kBounds)].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e6), std::memory_order_relaxed);
}

void Histogram::append_to(std::string& out, std::string_view name, std::string_view labels) const {
    const std::string prefix = labels.empty() ? std::string{} : std::string{labels} + ",";
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= kBuckets; ++i) {
        total += counts_[i].load(std::memory_order_relaxed);
        std::string bound = "+Inf";
        if (i < kBuckets) {
            bound.clear();
            append_number(bound, kBounds[i]);
        }
        append_series(out, std::string{name} + "_bucket", prefix + "le=\"" + bound + "\"", double(total));
    }
    append_series(out, std::string{name} + "_sum", labels, double(sum_us_.load(std::memory_order_relaxed)) / 1e6);
    append_series(out, std::string{name} + "_count", labels, double(total));
}

Registry::Family& Registry::family(std::string_view name, std::string_view help, std::string_view type) {
    for (Family& known : families_)
        if (known.name == name) return known;
    Family& added = families_.emplace_back();
    added.name = name;
    added.help = help;
    added.type = type;
    return added;
}

Counter& Registry::counter(std::string_view name, std::string_view help, std::string_view labels) {
    const std::scoped_lock lock{mutex_};
    return find_or_add(family(name, help, "counter").counters, labels);
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, std::string_view labels) {
    const std::scoped_lock lock{mutex_};
    return find_or_add(family(name, help, "gauge").gauges, labels);
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, std::string_view labels) {
    const std::scoped_lock lock{mutex_};
    return find_or_add(family(name, help, "histogram").histograms, labels);
}

void Registry::callback(std::string_view name, std::string_view help, std::string_view type,
                        std::function<double()> value) {
    const std::scoped_lock lock{mutex_};
    family(name, help, type).callbacks.push_back(std::move(value));
}

void Registry::rendered(std::string_view name, std::string_view help, std::string_view type,
                        std::function<void(std::string& out)> render) {
    const std::scoped_lock lock{mutex_};
    family(name, help, type).renderers.push_back(std::move(render));
}

std::string Registry::scrape() const {
    const std::scoped_lock lock{mutex_};
    std::string out;
    for (const Family& known : families_) {
        out += "# HELP " + known.name + ' ' + known.help + "\n# TYPE " + known.name + ' ' + known.type + '\n';
        for (const auto& series : known.counters)
            append_series(out, known.name, series.labels, double(series.metric.value()));
        for (const auto& series : known.gauges)
            append_series(out, known.name, series.labels, double(series.metric.value()));
        for (const auto& series : known.histograms) series.metric.append_to(out, known.name, series.labels);
        for (const auto& value : known.callbacks) append_series(out, known.name, {}, value());
        for (const auto& render : known.renderers) render(out);
    }
    return out;
}

Registry& registry() {
    static Registry process_registry;
    return process_registry;
}

}  // namespace confidente::metrics
