// GET /api/gifts: the catalogue, for everyone.
#pragma once

#include "platform/http/http.hpp"

namespace confidente::gifts {

void add_routes(http::Router& router);

}  // namespace confidente::gifts
