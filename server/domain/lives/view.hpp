// A live as the contract writes it.
#pragma once

#include "domain/lives/audience.hpp"
#include "domain/lives/service.hpp"
#include "domain/lives/thumbnails.hpp"
#include "platform/json/json.hpp"

namespace confidente::lives {

json::Value live_view(const Live& live, const Audience& audience, const Thumbnails& thumbnails);

}  // namespace confidente::lives
