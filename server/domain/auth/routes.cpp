#include "domain/auth/routes.hpp"

#include <boost/json.hpp>

#include "domain/auth/password_rules.hpp"
#include "platform/http/rate_limiter.hpp"

namespace confidente::auth {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr std::size_t kMaxToken = 100;  // of refreshing and of resetting; ours have 43 characters

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
    auto token = body.text("refreshToken", {.min = 1, .max = kMaxToken});
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

struct LoginForm {
    std::string email, password;
};

Result<LoginForm> read_login(const Request& request) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    LoginForm form;
    form.email = normal_email(body.text("email", {.max = 254})).value_or("");
    form.password = body.text("password", {.max = kMaxPassword, .trim = json::TextLimits::Trim::no});
    body.optional_text("otp", {.max = 20});
    TRY_VOID(body.finish());
    return form;
}

struct ResetForm {
    std::string token, password;
};

Result<ResetForm> read_reset(const Request& request) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    ResetForm form;
    form.token = body.text("token", {.min = 1, .max = kMaxToken});
    form.password = body.text("password", {.max = kMaxPassword, .trim = json::TextLimits::Trim::no});
    TRY_VOID(body.finish());
    TRY_VOID(check_password(form.password));
    return form;
}

audit::Origin origin_of(const Request& request) { return {request.remote_address, {}}; }

class Edge {
public:
    explicit Edge(Deps deps) : deps_(std::move(deps)) {}

    Task<Result<Response>> register_user(Request request) {
        CO_TRY(auto account, read_registration(request, deps_.clock));
        CO_TRY(account.registration.password_hash, co_await deps_.hasher.hash(account.password));
        auto work = [this, registration = account.registration,
                     from = origin_of(request)](db::Transaction& tx) -> Result<SignedIn> {
            TRY(auto user, deps_.service.register_user(tx, registration, from));
            TRY(auto tokens, deps_.service.open_session(tx, user.id, user.type, from));
            return SignedIn{std::move(user), std::move(tokens)};
        };
        CO_TRY(const auto session, co_await deps_.db.write(work));
        co_return signed_in(201, session);
    }

    Task<Result<Response>> login(Request request) {
        CO_TRY(const auto form, read_login(request));
        const auto account_key = "login " + form.email + " " + http::address_key(request.remote_address);
        auto network = take("login-network", "login-net " + http::network_key(request.remote_address),
                            deps_.limits.login_network, request);
        if (network) co_return std::move(*network);
        auto account = take("login-account", account_key, deps_.limits.login_account, request);
        if (account) co_return std::move(*account);

        auto find = [this, email = form.email](db::Transaction& tx) {
            return deps_.service.find_credentials(tx, email);
        };
        CO_TRY(const auto found, co_await deps_.db.read(find));
        std::optional<std::string> hash;
        if (found) hash = found->password_hash;
        CO_TRY(const bool matches, co_await deps_.hasher.verify(hash, form.password));
        if (!matches || !found) {
            // An unknown account is written down like a known one, so that both take the same time.
            auto note = [this, act = failed_login(found, form.email, request)](db::Transaction& tx) {
                return audit::append(tx, act, deps_.clock.utc_now());
            };
            CO_TRY_VOID(co_await deps_.db.write(note));
            co_return invalid_credentials();
        }
        limiter_.give_back(account_key);
        std::string better;
        if (deps_.hasher.outdated(found->password_hash)) {
            CO_TRY(better, co_await deps_.hasher.hash(form.password));
        }
        auto work = [this, who = *found, better, from = origin_of(request)](db::Transaction& tx) -> Result<SignedIn> {
            if (!better.empty()) TRY_VOID(deps_.service.upgrade_hash(tx, who, better));
            TRY(auto user, find_user(tx, who.user_id));
            TRY(auto tokens, deps_.service.open_session(tx, who.user_id, who.type, from));
            return SignedIn{std::move(user), std::move(tokens)};
        };
        CO_TRY(const auto session, co_await deps_.db.write(work));
        co_return signed_in(200, session);
    }

    Task<Result<Response>> refresh(Request request) {
        CO_TRY(const auto token, read_refresh_token(request));
        auto find = [this, token](db::Transaction& tx) { return deps_.service.session_of(tx, token); };
        CO_TRY(const auto session, co_await deps_.db.read(find));
        if (session.empty()) co_return invalid_refresh_token();
        auto limited = take("refresh", "refresh " + session, deps_.limits.refresh_session, request);
        if (limited) co_return std::move(*limited);
        auto work = [this, token, from = origin_of(request),
                     language = std::string{request.language()}](db::Transaction& tx) -> Result<Refreshed> {
            TRY(auto refreshed, deps_.service.refresh(tx, token, from));
            if (!refreshed.user_id.empty()) TRY_VOID(deps_.recovery.tell_of_reuse(tx, refreshed.user_id, language));
            return refreshed;
        };
        CO_TRY(const auto refreshed, co_await deps_.db.write(work));
        if (!refreshed.revoked_session.empty()) {
            deps_.session_ended(refreshed.revoked_session);
            deps_.mail_waits();
        }
        if (!refreshed.tokens) co_return invalid_refresh_token();
        json::Object out;
        add_tokens(out, *refreshed.tokens);
        co_return Response::json(200, out).with("Cache-Control", "no-store");
    }

    Task<Result<Response>> logout(Request request) {
        CO_TRY(const auto token, read_refresh_token(request));
        auto work = [this, token, from = origin_of(request)](db::Transaction& tx) {
            return deps_.service.logout(tx, token, from);
        };
        CO_TRY(const auto session, co_await deps_.db.write(work));
        if (!session.empty()) deps_.session_ended(session);
        co_return Response::empty(204);
    }

    Task<Result<Response>> forgot_password(Request request) {
        CO_TRY(const auto value, request.json_body());
        json::Reader body{value};
        const auto email = normal_email(body.text("email", {.min = 3, .max = 254}));
        if (!email && body.has("email")) body.fail("email", "invalid_email", "is not an e-mail address");
        CO_TRY_VOID(body.finish());
        // Silently: who asks too often for one address gets the answer that everybody gets, and no mail.
        const auto verdict = limiter_.take("forgot " + *email, deps_.limits.forgot_account, deps_.clock.now());
        if (verdict.allowed) {
            auto work = [this, email = *email, language = std::string{request.language()},
                         from = origin_of(request)](db::Transaction& tx) {
                return deps_.recovery.request(tx, email, deps_.pseudonyms.of(email), language, from);
            };
            CO_TRY_VOID(co_await deps_.db.write(work));
            deps_.mail_waits();
        }
        co_return Response::empty(202);
    }

    Task<Result<Response>> reset_password(Request request) {
        CO_TRY(const auto form, read_reset(request));
        auto look = [this, token = form.token](db::Transaction& tx) { return deps_.recovery.owner(tx, token); };
        // A hash is costly: nobody gets one for a token that is nobody's.
        CO_TRY_VOID(co_await deps_.db.read(look));
        CO_TRY(const auto hash, co_await deps_.hasher.hash(form.password));
        auto work = [this, token = form.token, hash, language = std::string{request.language()},
                     from = origin_of(request)](db::Transaction& tx) {
            return deps_.recovery.reset(tx, token, hash, language, from);
        };
        CO_TRY(const auto sessions, co_await deps_.db.write(work));
        for (const auto& session : sessions) deps_.session_ended(session);
        deps_.mail_waits();
        co_return Response::empty(204);
    }

    Task<Result<Response>> me(Request request) {
        auto work = [id = request.principal->user_id](db::Transaction& tx) { return find_user(tx, id); };
        CO_TRY(const auto user, co_await deps_.db.read(work));
        co_return http::tagged(Response::json(200, user_json(user, Viewer::owner)), http::Audience::owner);
    }

private:
    /// The refusal, when there is nothing left in that bucket.
    std::optional<Response> take(std::string_view policy, const std::string& key, http::Rate rate,
                                 const Request& request) {
        const auto verdict = limiter_.take(key, rate, deps_.clock.now());
        if (verdict.allowed) return std::nullopt;
        auto refused = http::problem(http::rate_limited(verdict), request.language(), request.request_id);
        for (auto& header : http::rate_headers(policy, verdict)) refused.headers.push_back(std::move(header));
        return refused;
    }
    audit::Act failed_login(const std::optional<Credentials>& found, const std::string& email,
                            const Request& request) const {
        return {.action = "auth.login_failed",
                .object = found ? found->user_id : deps_.pseudonyms.of(email),
                .reason = found ? "wrong_password" : "unknown_account",
                .from = origin_of(request)};
    }

    Deps deps_;
    http::RateLimiter limiter_;
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
    router.add({Method::post, "/api/auth/forgot-password", Access::anyone(), limits.forgot,
                [edge](Request r) { return edge->forgot_password(std::move(r)); }});
    router.add({Method::post, "/api/auth/reset-password", Access::anyone(), limits.reset,
                [edge](Request r) { return edge->reset_password(std::move(r)); }});
    router.add({Method::get, "/api/auth/me", Access::signed_in(), Rate{},
                [edge](Request r) { return edge->me(std::move(r)); }});
}

http::Authenticator make_authenticator(const crypto::TokenAuthority& authority, const Clock& clock,
                                       const Revocations* ended) {
    return [&authority, &clock, ended](std::string_view token) -> Result<http::Principal> {
        TRY(const auto claims, authority.verify(crypto::Purpose::access, token, clock.utc_now()));
        if (ended != nullptr && ended->contains(claims.session))
            return Error{.kind = ErrorKind::unauthenticated,
                         .code = "invalid_token",
                         .detail = "The session has ended; please sign in again."};
        auto role = http::Role::client;
        if (claims.role == "model") role = http::Role::model;
        if (claims.role == "admin") role = http::Role::admin;
        return http::Principal{claims.subject, claims.session, role, claims.expires_at};
    };
}

}  // namespace confidente::auth
