#include <algorithm>

#include "platform/base/ids.hpp"
#include "platform/http/http.hpp"

namespace confidente::http {
namespace {

constexpr std::size_t kMaxParameter = 200;  // code points, as the door says

/// Cuts the next segment off a path that starts with `/`.
std::string_view take_segment(std::string_view& rest) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, end);
    rest.remove_prefix(end);
    return segment;
}

bool acceptable(std::string_view name, std::string_view value) {
    if (name == "id" || name.ends_with("Id")) return is_uuid(value);
    const auto points = std::ranges::count_if(value, [](char c) { return (c & 0xC0) != 0x80; });
    return points >= 1 && static_cast<std::size_t>(points) <= kMaxParameter;
}

using Params = std::vector<std::pair<std::string, std::string>>;

bool fits(std::string_view pattern, std::string_view path, Params& params) {
    params.clear();
    while (!pattern.empty() && !path.empty()) {
        const auto wanted = take_segment(pattern);
        const auto given = take_segment(path);
        if (wanted.starts_with(':')) {
            if (!acceptable(wanted.substr(1), given)) return false;
            params.emplace_back(wanted.substr(1), given);
        } else if (wanted != given) {
            return false;
        }
    }
    return pattern.empty() && path.empty();
}

/// A literal segment wins over a parameter at the first place where two patterns differ in kind.
bool more_specific(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        const bool parameter_a = take_segment(a).starts_with(':');
        const bool parameter_b = take_segment(b).starts_with(':');
        if (parameter_a != parameter_b) return parameter_b;
    }
    return false;
}

}  // namespace

Router::Router() = default;
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::add(Route route) { routes_.push_back(std::move(route)); }

const std::vector<Route>& Router::routes() const { return routes_; }

Router::Match Router::match(Method method, std::string_view path) const {
    Match match;
    if (!path.starts_with('/')) return match;
    Params params;
    bool exact = false;
    for (const auto& route : routes_) {
        if (!fits(route.pattern, path, params)) continue;
        match.path_known = true;
        const auto name = to_string(route.method);
        if (match.allow.find(name) == std::string::npos)
            match.allow += (match.allow.empty() ? "" : ", ") + std::string{name};
        if (route.method == Method::get && match.allow.find("HEAD") == std::string::npos) match.allow += ", HEAD";
        const bool same = route.method == method;
        if (!same && !(method == Method::head && route.method == Method::get)) continue;
        if (match.route && (exact && !same)) continue;
        if (match.route && exact == same && !more_specific(route.pattern, match.route->pattern)) continue;
        exact = same;
        match.route = &route;
        match.params = params;
    }
    return match;
}

}  // namespace confidente::http
