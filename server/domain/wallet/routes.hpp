// GET /api/wallet and GET /api/wallet/transactions: what the signed-in user has, and how it came to be so.
#pragma once

#include "domain/wallet/service.hpp"
#include "platform/db/database.hpp"
#include "platform/http/http.hpp"
#include "platform/http/paging.hpp"

namespace confidente::wallet {

/// All outlive the router.
struct Deps {
    db::Database& db;
    Service& wallet;
    const http::Cursors& cursors;
};

void add_routes(http::Router& router, Deps deps);

}  // namespace confidente::wallet
