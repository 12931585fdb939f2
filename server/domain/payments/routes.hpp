// Buying tokens over HTTP: packages, purchases, and the sandbox's confirmation where the sandbox is the provider.
#pragma once

#include "domain/payments/provider.hpp"
#include "domain/payments/service.hpp"
#include "platform/db/database.hpp"
#include "platform/http/http.hpp"

namespace confidente::payments {

/// All outlive the router.
struct Deps {
    db::Database& db;
    Service& payments;
    wallet::Service& wallet;
    Provider& provider;
    const Clock& clock;
};

void add_routes(http::Router& router, Deps deps);

}  // namespace confidente::payments
