// /api/users/:id, its picture, and /api/models.
#pragma once

#include <functional>
#include <string>

#include "domain/profiles/service.hpp"
#include "platform/http/http.hpp"
#include "platform/http/paging.hpp"
#include "platform/json/json.hpp"

namespace confidente::blobs {
class Store;
}
namespace confidente::images {
class Recoder;
}

namespace confidente::profiles {

/// References outlive the router. The functions are asked from any thread.
struct Deps {
    db::Database& db;
    const Service& profiles;
    const http::Cursors& cursors;
    std::function<bool(const std::string& user_id)> online;
    /// The live a model is on air with, as the API shows it, or null; empty function: never.
    std::function<Result<json::Value>(db::Transaction&, const std::string& model_id)> live_of = {};
};

void add_routes(http::Router& router, Deps deps);

/// 403 `not_owner` unless the signed-in caller is that user.
Status check_owner(const http::Request& request, std::string_view user_id);

struct PictureDeps {
    db::Database& db;
    const Service& profiles;
    images::Recoder& recoder;
    blobs::Store& blobs;
};

void add_picture_routes(http::Router& router, PictureDeps deps);

}  // namespace confidente::profiles
