// The calls of /api/auth, and the one way a bearer token becomes a principal.
#pragma once

#include <functional>
#include <string_view>

#include "domain/auth/recovery.hpp"
#include "domain/auth/revocations.hpp"
#include "domain/auth/service.hpp"
#include "platform/audit/checkpoints.hpp"
#include "platform/crypto/password.hpp"
#include "platform/http/http.hpp"

namespace confidente::auth {

/// A password costs us 50 ms, a guess must cost its sender more. Nobody's account is ever locked: a stranger's wrong
/// guesses slow down only whoever comes from the stranger's address.
struct Limits {
    http::Rate register_user = http::Rate::per_hour(5);    ///< per address
    http::Rate login{20, 20};                              ///< per address
    http::Rate login_account{5, 5, 15};                    ///< per account and address; a right password counts nothing
    http::Rate login_network = http::Rate::per_hour(200);  ///< per IPv4 /24 or IPv6 /48
    http::Rate forgot = http::Rate::per_hour(5);           ///< per address
    http::Rate forgot_account = http::Rate::per_hour(3);   ///< per account, silently
    http::Rate reset{10, 20};                              ///< per address
    http::Rate refresh{600, 200};                          ///< per address, which a whole office may share
    http::Rate refresh_session{30, 30};                    ///< per session
};

/// References outlive the router.
struct Deps {
    db::Database& db;
    const Service& service;
    const Recovery& recovery;
    crypto::PasswordHasher& hasher;
    const audit::Pseudonyms& pseudonyms;
    const Clock& clock;
    std::function<void(std::string_view session_id)> session_ended = [](std::string_view) {};
    std::function<void()> mail_waits = [] {};
    Limits limits = {};
};

void add_routes(http::Router& router, Deps deps);
/// `ended` may be null where sessions do not end (tests).
http::Authenticator make_authenticator(const crypto::TokenAuthority& authority, const Clock& clock,
                                       const Revocations* ended = nullptr);

}  // namespace confidente::auth
