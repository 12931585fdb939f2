// GET /api/openapi.json, the contract this program was built with, and GET /api/docs, a page that shows it to people.
#pragma once

#include <filesystem>
#include <string_view>

#include "platform/http/http.hpp"

namespace confidente::app {

/// contract/openapi.yaml as JSON; made at build time.
std::string_view openapi_json();

/// The page is `docs.html` of the web app; without it `/api/docs` is not found.
void add_documentation_routes(http::Router& router, const std::filesystem::path& web_root);

}  // namespace confidente::app
