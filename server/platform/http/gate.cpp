#include "platform/http/gate.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "platform/base/log.hpp"
#include "platform/http/status.hpp"
#include "platform/http/text.hpp"

namespace confidente::http {
namespace {

constexpr std::string_view kWebPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
    "frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; "
    "trusted-types 'none'; report-uri /api/csp-reports; report-to csp";
/// Where `report-to csp` sends to; `report-uri` is for the browsers that do not know it.
constexpr std::string_view kReportEndpoints = "csp=\"/api/csp-reports\"";
constexpr std::string_view kApiPolicy = "default-src 'none'; frame-ancestors 'none'";

bool is_api(std::string_view path) { return path == "/api" || path.starts_with("/api/"); }

bool is_address(const std::string& text) {
    unsigned char out[16];
    return inet_pton(AF_INET, text.c_str(), out) == 1 || inet_pton(AF_INET6, text.c_str(), out) == 1;
}

/// A client may bring its own id, if it could not be anything else than one.
bool is_sane_id(std::string_view id) {
    return id.size() >= 8 && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_';
           });
}

Error not_found() { return {ErrorKind::not_found, "not_found", "There is nothing at this address."}; }

}  // namespace

Gate::Gate(const ServerConfig& config, Router router, Authenticator authenticator,
           std::vector<WebSocketEndpoint> websockets, const Clock& clock, Random& random)
    : config_(config),
      router_(std::move(router)),
      authenticator_(std::move(authenticator)),
      websockets_(std::move(websockets)),
      clock_(clock),
      request_ids_(random),
      page_standing_(standing(kWebPolicy, kReportEndpoints)),
      api_standing_(standing(kApiPolicy, {})),
      files_(config.web_root),
      duration_(metrics::registry().histogram("confidente_http_request_duration_seconds",
                                              "Time from a request's headers to its answer")) {
    static constexpr const char* kLabels[] = {"status=\"1xx\"", "status=\"2xx\"", "status=\"3xx\"", "status=\"4xx\"",
                                              "status=\"5xx\""};
    for (std::size_t i = 0; i < 5; ++i)
        by_class_[i] = &metrics::registry().counter("confidente_http_requests_total", "Requests answered", kLabels[i]);
    for (const auto& route : router_.routes()) fixed_.push_back(fixed_lines(route));
}

void Gate::admit(Request& request, Peer& peer, Exchange& exchange) {
    exchange.began = clock_.now();
    exchange.began_utc = clock_.utc_now();
    request.remote_address = client_address(request, peer.address);
    const auto id = request.header("X-Request-Id");
    request.request_id = id && is_sane_id(*id) ? std::string{*id} : request_ids_.next(exchange.began_utc);
    exchange.method = request.method;
    exchange.request_id = request.request_id;
    exchange.address = request.remote_address;
    exchange.language = request.language();
    if (const auto encodings = request.header("Accept-Encoding")) exchange.accept_encoding = *encodings;
    if (const auto tags = request.header("If-None-Match")) exchange.if_none_match = *tags;
    const auto origin = request.header("Origin");
    if (origin && is_cors_origin(*origin)) exchange.origin = *origin;

    if (auto general = limit_address(peer, exchange); !general)
        exchange.early = problem(general.error(), exchange.language, request.request_id);
    else
        route(request, exchange);
    if (!exchange.known) exchange.path = request.path.substr(0, 200);
}

void Gate::route(Request& request, Exchange& exchange) {
    const auto fail = [&](const Error& error) {
        exchange.route = nullptr;
        exchange.early = problem(error, exchange.language, request.request_id);
    };
    if (const auto* found = endpoint(request.path)) {
        const bool asks = has_token(request.header("Upgrade").value_or(""), "websocket");
        auto allowed = asks || !found->answer ? upgrade(request, *found, exchange) : plain(request, *found, exchange);
        if (!allowed) fail(allowed.error());
        return;
    }
    auto match = router_.match(request.method, request.path);
    if (request.method == Method::options && !match.route) {
        exchange.early = preflight(request, exchange);
        return;
    }
    if (!match.route) {
        if (match.path_known) {
            fail({ErrorKind::method_not_allowed, "method_not_allowed", "Allowed here: " + match.allow + "."});
            exchange.early->headers.emplace_back("Allow", match.allow);
            return;
        }
        if ((request.method == Method::get || request.method == Method::head) && !is_api(request.path))
            exchange.early = files_.answer(request);
        if (!exchange.early) fail(not_found());
        return;
    }
    request.params = std::move(match.params);
    exchange.route = exchange.known = match.route;
    exchange.max_body = match.route->max_body;
    if (auto allowed = authorise(request, *match.route); !allowed) return fail(allowed.error());
    if (auto rate = limit_route(request, *match.route, exchange); !rate) return fail(rate.error());
}

void Gate::identify(Request& request, std::optional<Error>& refused) const {
    const auto token = request.bearer();
    if (!token || !authenticator_) return;
    auto principal = authenticator_(*token);
    if (principal)
        request.principal = std::move(*principal);
    else
        refused = std::move(principal).error();
}

Status Gate::authorise(Request& request, const Route& route) const {
    std::optional<Error> refused;
    identify(request, refused);
    if (!route.access.needs_principal()) return {};
    if (!request.principal) {
        if (refused) return std::move(*refused);
        return Error{ErrorKind::unauthenticated, "invalid_token", "Sign in to continue."};
    }
    if (!route.access.allows(request.principal->role))
        return Error{ErrorKind::forbidden, "forbidden", "Your kind of account may not do this."};
    return {};
}

Status Gate::limit_address(Peer& peer, Exchange& exchange) {
    if (config_.general_rate.per_minute == 0) return {};
    if (peer.counted != exchange.address) {
        peer.counted = exchange.address;
        peer.bucket = "a " + address_key(exchange.address);
    }
    const auto verdict = limiter_.take(peer.bucket, config_.general_rate, exchange.began);
    if (verdict.allowed) return {};
    exchange.rate_headers = rate_headers("address", verdict);
    return rate_limited(verdict);
}

Status Gate::limit_route(const Request& request, const Route& route, Exchange& exchange) {
    if (route.rate.per_minute == 0) return {};
    // Where no account is needed, none may multiply the tries: what anybody may call counts by address alone.
    const bool by_user = route.access.needs_principal();
    const auto who = by_user ? request.principal->user_id : address_key(request.remote_address);
    const auto index = &route - router_.routes().data();
    const auto verdict = limiter_.take("r" + std::to_string(index) + " " + who, route.rate, exchange.began);
    exchange.rate_headers = rate_headers("route", verdict);
    if (verdict.allowed) return {};
    return rate_limited(verdict);
}

std::optional<Response> Gate::preflight(const Request& request, Exchange& exchange) const {
    static constexpr Method kAll[] = {Method::get, Method::post, Method::put, Method::patch, Method::del};
    std::string allow = "OPTIONS";
    bool known = false;
    for (const Method method : kAll) {
        if (!router_.match(method, request.path).route) continue;
        known = true;
        allow += ", " + std::string{to_string(method)};
    }
    if (!known) return problem(not_found(), exchange.language, request.request_id);
    return preflight_answer(request, exchange, allow);
}

Response Gate::preflight_answer(const Request& request, const Exchange& exchange, const std::string& allow) {
    if (!request.header("Access-Control-Request-Method")) return Response::empty(204).with("Allow", allow);
    if (exchange.origin.empty())
        return problem(Error{ErrorKind::forbidden, "origin_not_allowed", "This origin is not allowed."},
                       exchange.language, request.request_id);
    return Response::empty(204)
        .with("Access-Control-Allow-Methods", allow)
        .with("Access-Control-Allow-Headers",
              "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, Accept-Language")
        .with("Access-Control-Max-Age", "600");
}

std::pair<Exchange, Response> Gate::refuse(int status, const Error& error, const Peer& peer) {
    Exchange exchange;
    exchange.began = clock_.now();
    exchange.began_utc = clock_.utc_now();
    exchange.path = "-";
    exchange.address = peer.address;
    exchange.request_id = request_ids_.next(exchange.began_utc);
    auto response = finish(exchange, problem_with_status(status, error, exchange.language, exchange.request_id));
    return {std::move(exchange), std::move(response)};
}

const WebSocketEndpoint* Gate::endpoint(std::string_view path) const {
    for (const auto& endpoint : websockets_)
        if (endpoint.path == path) return &endpoint;
    return nullptr;
}

/// Sockets cost memory for as long as they are open, so that an address may open few of them.
Status Gate::limit_opening(const Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange) {
    if (endpoint.opens && !endpoint.opens(request)) return {};
    if (endpoint.opening.per_minute == 0) return {};
    const auto verdict = limiter_.take("s" + address_key(request.remote_address), endpoint.opening, exchange.began);
    exchange.rate_headers = rate_headers("socket", verdict);
    if (verdict.allowed) return {};
    return rate_limited(verdict);
}

Status Gate::upgrade(Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange) {
    const bool asked = request.method == Method::get &&
                       has_token(request.header("Connection").value_or(""), "upgrade") &&
                       has_token(request.header("Upgrade").value_or(""), "websocket");
    const auto key = request.header("Sec-WebSocket-Key").value_or("");
    if (!asked || key.size() != 24 || request.header("Sec-WebSocket-Version") != "13")
        return Error{ErrorKind::invalid, "upgrade_required", "This address accepts only WebSocket upgrades."};
    if (is_foreign(request, exchange))
        return Error{ErrorKind::forbidden, "origin_not_allowed", "This origin is not allowed."};
    TRY_VOID(limit_opening(request, endpoint, exchange));
    std::optional<Error> ignored;
    identify(request, ignored);
    exchange.websocket = &endpoint;
    exchange.max_body = 0;
    return {};
}

Status Gate::plain(const Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange) {
    if (is_foreign(request, exchange))
        return Error{ErrorKind::forbidden, "origin_not_allowed", "This origin is not allowed."};
    if (request.method == Method::options) {
        exchange.early = preflight_answer(request, exchange, "OPTIONS, GET, POST");
        return {};
    }
    TRY_VOID(limit_opening(request, endpoint, exchange));
    exchange.plain = &endpoint;
    exchange.max_body = request.method == Method::post ? endpoint.max_message : 0;
    if (endpoint.begin) exchange.hold = endpoint.begin(request);
    return {};
}

/// A browser lets any page open a socket here; only Origin tells ours from the others.
bool Gate::is_foreign(const Request& request, const Exchange& exchange) const {
    const auto origin = request.header("Origin");
    return origin && exchange.origin.empty() && !is_own_host(*origin, request);
}

bool Gate::is_cors_origin(std::string_view origin) const {
    return std::ranges::find(config_.cors_origins, origin) != config_.cors_origins.end();
}

bool Gate::is_own_host(std::string_view origin, const Request& request) const {
    const auto mark = origin.find("://");
    const auto host = request.header("Host");
    return mark != std::string_view::npos && host && equals_ignoring_case(origin.substr(mark + 3), *host);
}

std::string Gate::client_address(const Request& request, const std::string& peer) const {
    const auto trusted = [&](const std::string& address) {
        return std::ranges::find(config_.trusted_proxies, address) != config_.trusted_proxies.end();
    };
    std::string address = peer;
    if (!trusted(address)) return address;
    // Several header lines are one list (RFC 9110 §5.3); only what our own proxies appended, from the right, counts.
    std::string list;
    for (const auto& [name, value] : request.headers)
        if (equals_ignoring_case(name, "X-Forwarded-For")) list += (list.empty() ? "" : ",") + value;
    while (!list.empty() && trusted(address)) {
        const auto comma = list.rfind(',');
        std::string next{trimmed(std::string_view{list}.substr(comma == std::string::npos ? 0 : comma + 1))};
        if (!is_address(next)) break;
        address = std::move(next);
        list.resize(comma == std::string::npos ? 0 : comma);
    }
    return address;
}

}  // namespace confidente::http
