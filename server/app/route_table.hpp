// Who may do what, as data: every route and socket event with its access rule and rate. The authorisation matrix and
// the check against contract/ are generated from it.
#pragma once

#include <string>

#include "platform/http/http.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::app {

/// `{"routes": [{method, path, access, perMinute, burst, maxBody}], "events": [{event, access, perMinute, burst}]}`,
/// one row a line.
std::string route_table(const http::Router& router, const socketio::Server& sockets);

}  // namespace confidente::app
