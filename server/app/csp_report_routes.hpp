// Where browsers tell that the Content-Security-Policy stopped something on one of our pages.
#pragma once

#include "platform/http/http.hpp"

namespace confidente::app {

void add_csp_report_routes(http::Router& router);

}  // namespace confidente::app
