#include "domain/auth/routes.hpp"

#include <boost/json.hpp>

namespace confidente::auth {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr std::size_t kMaxRefreshToken = 100;

Error invalid_refresh_token() {
    return {.kind = ErrorKind::unauthenticated,
            .code = "invalid_token",
            .detail = "The session has ended; please sign in again."};
}

void add_tokens(json::Object& out, const Tokens& tokens) {
    out["accessToken"] = tokens.access;
    out["refreshToken"] = tokens.refresh;
    out["expiresIn"] = tokens.expires_in_s;
}

struct SignedIn {
    User user;
    Tokens tokens;
};

Response signed_in(int status, const SignedIn& session) {
    json::Object out;
    out["user"] = user_json(session.user, Viewer::owner);
    add_tokens(out, session.tokens);
    return Response::json(status, out).with("Cache-Control", "no-store");
}

Result<std::string> read_refresh_token(const Request& request) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    auto token = body.text("refreshToken", {.min = 1, .max = kMaxRefreshToken});
    TRY_VOID(body.finish());
    return token;
}

struct NewAccount {
    Registration registration;
    std::string password;
};

Result<NewAccount> read_registration(const Request& request, const Clock& clock) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    NewAccount account;
    auto& registration = account.registration;
    registration.type = body.text("type", {.max = 10});
    if (body.has("type") && registration.type != "model" && registration.type != "client")
        body.fail("type", "unknown_value", "must be model or client");
    const auto email = normal_email(body.text("email", {.min = 3, .max = 254}));
    if (!email && body.has("email")) body.fail("email", "invalid_email", "is not an e-mail address");
    registration.email = email.value_or("");
    account.password = body.text("password", {.max = kMaxPassword, .trim = json::TextLimits::Trim::no});
    registration.name = body.text("name", {.max = 80});
    const auto birth = parse_date(body.text("birthDate", {.max = 10}));
    if (!birth && body.has("birthDate")) body.fail("birthDate", "invalid_date", "must be a day like 1990-12-31");
    if (!body.boolean("acceptTerms") && body.has("acceptTerms"))
        body.fail("acceptTerms", "must_accept", "the terms must be accepted");
    TRY_VOID(body.finish());
    TRY_VOID(check_password(account.password));
    registration.birth_date = *birth;
    TRY_VOID(check_age(*birth, date_of(clock.utc_now())));
    return account;
}

class Edge {
public:
    explicit Edge(Deps deps) : deps_(std::move(deps)) {}

    Task<Result<Response>> register_user(Request request) {
        CO_TRY(auto account, read_registration(request, deps_.clock));
        CO_TRY(account.registration.password_hash, co_await deps_.hasher.hash(account.password));
        auto work = [this, registration = account.registration](db::Transaction& tx) -> Result<SignedIn> {
            TRY(auto user, deps_.service.register_user(tx, registration));
            TRY(auto tokens, deps_.service.open_session(tx, user.id, user.type));
            return SignedIn{std::move(user), std::move(tokens)};
        };
        CO_TRY(const auto session, co_await deps_.db.write(work));
        co_return signed_in(201, session);
    }

    Task<Result<Response>> login(Request request) {
        CO_TRY(const auto value, request.json_body());
        json::Reader body{value};
        const auto email = normal_email(body.text("email", {.max = 254})).value_or("");
        const auto password = body.text("password", {.max = kMaxPassword, .trim = json::TextLimits::Trim::no});
        body.optional_text("otp", {.max = 20});
        CO_TRY_VOID(body.finish());
        auto find = [this, email](db::Transaction& tx) { return deps_.service.find_credentials(tx, email); };
        CO_TRY(const auto found, co_await deps_.db.read(find));
        std::optional<std::string> hash;
        if (found) hash = found->password_hash;
        CO_TRY(const bool matches, co_await deps_.hasher.verify(hash, password));
        if (!matches || !found) co_return invalid_credentials();
        auto work = [this, who = *found](db::Transaction& tx) -> Result<SignedIn> {
            TRY(auto user, find_user(tx, who.user_id));
            TRY(auto tokens, deps_.service.open_session(tx, who.user_id, who.type));
            return SignedIn{std::move(user), std::move(tokens)};
        };
        CO_TRY(const auto session, co_await deps_.db.write(work));
        co_return signed_in(200, session);
    }

    Task<Result<Response>> refresh(Request request) {
        CO_TRY(const auto token, read_refresh_token(request));
        auto work = [this, token](db::Transaction& tx) { return deps_.service.refresh(tx, token); };
        CO_TRY(const auto refreshed, co_await deps_.db.write(work));
        if (!refreshed.revoked_session.empty()) deps_.session_ended(refreshed.revoked_session);
        if (!refreshed.tokens) co_return invalid_refresh_token();
        json::Object out;
        add_tokens(out, *refreshed.tokens);
        co_return Response::json(200, out).with("Cache-Control", "no-store");
    }

    Task<Result<Response>> logout(Request request) {
        CO_TRY(const auto token, read_refresh_token(request));
        auto work = [this, token](db::Transaction& tx) { return deps_.service.logout(tx, token); };
        CO_TRY(const auto session, co_await deps_.db.write(work));
        if (!session.empty()) deps_.session_ended(session);
        co_return Response::empty(204);
    }

    Task<Result<Response>> me(Request request) {
        auto work = [id = request.principal->user_id](db::Transaction& tx) { return find_user(tx, id); };
        CO_TRY(const auto user, co_await deps_.db.read(work));
        co_return http::tagged(Response::json(200, user_json(user, Viewer::owner)), http::Audience::owner);
    }

private:
    Deps deps_;
};

}  // namespace

void add_routes(http::Router& router, Deps deps) {
    const auto limits = deps.limits;
    const auto edge = std::make_shared<Edge>(std::move(deps));
    router.add({Method::post, "/api/auth/register", Access::anyone(), limits.register_user,
                [edge](Request r) { return edge->register_user(std::move(r)); }});
    router.add({Method::post, "/api/auth/login", Access::anyone(), limits.login,
                [edge](Request r) { return edge->login(std::move(r)); }});
    router.add({Method::post, "/api/auth/refresh-token", Access::anyone(), limits.refresh,
                [edge](Request r) { return edge->refresh(std::move(r)); }});
    router.add({Method::post, "/api/auth/logout", Access::anyone(), limits.refresh,
                [edge](Request r) { return edge->logout(std::move(r)); }});
    router.add({Method::get, "/api/auth/me", Access::signed_in(), Rate{},
                [edge](Request r) { return edge->me(std::move(r)); }});
}

http::Authenticator make_authenticator(const crypto::TokenAuthority& authority, const Clock& clock) {
    return [&authority, &clock](std::string_view token) -> Result<http::Principal> {
        TRY(const auto claims, authority.verify(crypto::Purpose::access, token, clock.utc_now()));
        auto role = http::Role::client;
        if (claims.role == "model") role = http::Role::model;
        if (claims.role == "admin") role = http::Role::admin;
        return http::Principal{claims.subject, claims.session, role, claims.expires_at};
    };
}

}  // namespace confidente::auth
