// What operators ask a server: is it alive, is it ready, what does it count.
#pragma once

#include "media/engine/engine.hpp"
#include "platform/db/database.hpp"
#include "platform/http/http.hpp"

namespace confidente::app {

void add_system_routes(http::Router& router, db::Database& database);
/// The engine's counters in /metrics; `engine` outlives the registry's scrapes.
void publish_engine_metrics(const media::Engine& engine);

}  // namespace confidente::app
