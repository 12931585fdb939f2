#include <algorithm>

#include "platform/base/ids.hpp"
#include "platform/http/http.hpp"

namespace confidente::http {
namespace {

constexpr std::size_t kMaxParameter = 200;  // code points, as the door says

/// The segments of a path that starts with `/`; `/a/` has two, the last of them empty.
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        segments.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with(':'); }

bool acceptable(std::string_view name, std::string_view value) {
    if (name == "id" || name.ends_with("Id")) return is_uuid(value);
    const auto points = std::ranges::count_if(value, [](char c) { return (c & 0xC0) != 0x80; });
    return points >= 1 && static_cast<std::size_t>(points) <= kMaxParameter;
}

/// Literals first: they are cheaper to compare, and most patterns differ in one.
bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
    if (pattern.size() != path.size()) return false;
    for (std::size_t i = pattern.size(); i-- > 0;)
        if (pattern[i] != path[i] && !is_parameter(pattern[i])) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if (is_parameter(pattern[i]) && !acceptable(pattern[i].substr(1), path[i])) return false;
    return true;
}

/// A literal segment wins over a parameter at the first place where two patterns differ in kind.
bool more_specific(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        if (is_parameter(a[i]) != is_parameter(b[i])) return is_parameter(b[i]);
    return false;
}

}  // namespace

Router::Router() = default;
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::add(Route route) {
    segments_.push_back(split(route.pattern));
    if (std::ranges::none_of(segments_.back(), is_parameter)) literals_.emplace(route.pattern, routes_.size());
    routes_.push_back(std::move(route));
}

const Route* Router::literal(Method method, std::string_view path) const {
    const auto [begin, end] = literals_.equal_range(path);
    for (auto found = begin; found != end; ++found)
        if (routes_[found->second].method == method) return &routes_[found->second];
    return nullptr;
}

const std::vector<Route>& Router::routes() const { return routes_; }

std::string Router::allowed(const std::vector<std::string_view>& path) const {
    std::string all;
    const auto add = [&](std::string_view name) {
        if (all.find(name) == std::string::npos) all.append(all.empty() ? "" : ", ").append(name);
    };
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!fits(segments_[i], path)) continue;
        add(to_string(routes_[i].method));
        if (routes_[i].method == Method::get) add("HEAD");
    }
    return all;
}

Router::Match Router::match(Method method, std::string_view path) const {
    Match match;
    if (!path.starts_with('/')) return match;
    match.route = literal(method, path);
    if (match.route) return match.path_known = true, match;
    const auto given = split(path);
    const std::vector<std::string_view>* best = nullptr;
    bool exact = false;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!fits(segments_[i], given)) continue;
        const Route& route = routes_[i];
        match.path_known = true;
        const bool same = route.method == method;
        if (!same && !(method == Method::head && route.method == Method::get)) continue;
        if (best && exact && !same) continue;
        if (best && exact == same && !more_specific(segments_[i], *best)) continue;
        exact = same;
        best = &segments_[i];
        match.route = &route;
    }
    if (!match.route && match.path_known) match.allow = allowed(given);
    for (std::size_t i = 0; best && i < best->size(); ++i)
        if (is_parameter((*best)[i])) match.params.emplace_back((*best)[i].substr(1), given[i]);
    return match;
}

}  // namespace confidente::http
