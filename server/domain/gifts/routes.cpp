#include "domain/gifts/routes.hpp"

#include <boost/json.hpp>

#include "domain/gifts/service.hpp"

namespace confidente::gifts {

namespace {

Task<Result<http::Response>> list(http::Request) {
    json::Array items;
    for (const auto& gift : catalogue()) {
        items.emplace_back(
            json::Object{{"type", gift.type}, {"name", gift.name}, {"price", gift.price}, {"icon", gift.icon}});
    }
    const json::Object answer{{"items", std::move(items)}, {"nextCursor", nullptr}};
    co_return http::tagged(http::Response::json(200, answer), http::Audience::everyone);
}

}  // namespace

void add_routes(http::Router& router) {
    router.add({http::Method::get, "/api/gifts", http::Access::anyone(), http::Rate{}, list});
}

}  // namespace confidente::gifts
