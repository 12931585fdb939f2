#include "app/route_table.hpp"

#include <boost/json.hpp>

namespace confidente::app {
namespace {

json::Object rule(http::Access access, http::Rate rate) {
    return {{"access", access.name()}, {"perMinute", rate.per_minute}, {"burst", rate.burst}};
}

std::string lines_of(const std::vector<json::Object>& rows) {
    std::string out;
    for (const auto& row : rows) out += (out.empty() ? "\n  " : ",\n  ") + boost::json::serialize(row);
    return out;
}

}  // namespace

std::string route_table(const http::Router& router, const socketio::Server& sockets) {
    std::vector<json::Object> routes, events;
    for (const auto& route : router.routes()) {
        auto row = rule(route.access, route.rate);
        row["method"] = http::to_string(route.method);
        row["path"] = route.pattern;
        row["maxBody"] = route.max_body;
        routes.push_back(std::move(row));
    }
    for (const auto* event : sockets.rows()) {
        auto row = rule(event->access, event->rate);
        row["event"] = event->name;
        events.push_back(std::move(row));
    }
    return "{\"routes\": [" + lines_of(routes) + "],\n \"events\": [" + lines_of(events) + "]}\n";
}

}  // namespace confidente::app
