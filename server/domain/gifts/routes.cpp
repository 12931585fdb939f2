#include "domain/gifts/routes.hpp"

#include <boost/json.hpp>

#include "domain/gifts/service.hpp"

namespace confidente::gifts {

namespace {

/// The catalogue never changes while the server runs: made and tagged once.
http::Response catalogue_answer() {
    json::Array items;
    for (const auto& gift : catalogue()) {
        items.emplace_back(
            json::Object{{"type", gift.type}, {"name", gift.name}, {"price", gift.price}, {"icon", gift.icon}});
    }
    const json::Object answer{{"items", std::move(items)}, {"nextCursor", nullptr}};
    return http::tagged(http::Response::json(200, answer), http::Audience::everyone);
}

}  // namespace

void add_routes(http::Router& router) {
    router.add({.method = http::Method::get,
                .pattern = "/api/gifts",
                .access = http::Access::anyone(),
                .rate = http::Rate{},
                .handler = {},
                .fixed = http::fixed(catalogue_answer())});
}

}  // namespace confidente::gifts
