// The calls of /api/auth, and the one way a bearer token becomes a principal.
#pragma once

#include <functional>
#include <string_view>

#include "domain/auth/service.hpp"
#include "platform/crypto/password.hpp"
#include "platform/http/http.hpp"

namespace confidente::auth {

/// Per address. A password costs us 50 ms, a guess must cost its sender more.
struct Limits {
    http::Rate register_user{1, 5};
    http::Rate login{20, 20};
    http::Rate refresh{30, 30};
};

/// References outlive the router.
struct Deps {
    db::Database& db;
    const Service& service;
    crypto::PasswordHasher& hasher;
    const Clock& clock;
    std::function<void(std::string_view session_id)> session_ended = [](std::string_view) {};
    Limits limits = {};
};

void add_routes(http::Router& router, Deps deps);
http::Authenticator make_authenticator(const crypto::TokenAuthority& authority, const Clock& clock);

}  // namespace confidente::auth
