// The way back: what every answer carries, and what is written down about it.
#include <algorithm>

#include "platform/base/log.hpp"
#include "platform/http/compression.hpp"
#include "platform/http/gate.hpp"
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
constexpr std::string_view kExposed =
    "X-Request-Id, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "Location, ETag, Link";

const std::string* find(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (equals_ignoring_case(key, name)) return &value;
    return nullptr;
}

void add_unless_set(Response& response, std::string_view name, std::string_view value) {
    if (!find(response, name)) response.headers.emplace_back(name, value);
}

}  // namespace

Response Gate::finish(const Exchange& exchange, Result<Response> result) {
    if (!result) {
        const Error& error = result.error();
        if (status_of(error.kind) >= 500)
            log::error(
                "http.handler_failed",
                {{"error.code", error.code}, {"error.message", error.cause}, {"http.request.id", exchange.request_id}});
        result = problem(error, exchange.language, exchange.request_id);
    }
    Response response = std::move(*result);
    const auto* etag = find(response, "ETag");
    const bool reading = exchange.method == Method::get || exchange.method == Method::head;
    if (reading && response.status == 200 && etag && !exchange.if_none_match.empty() &&
        etag_matches(exchange.if_none_match, *etag)) {
        response.status = 304;
        response.body.clear();
        response.content_type.clear();
        std::erase_if(response.headers, [](const auto& header) { return header.first == "Content-Encoding"; });
    }
    encode(exchange, response);
    add_headers(exchange, response);
    record(exchange, response);
    return response;
}

void Gate::encode(const Exchange& exchange, Response& response) const {
    if (response.body.size() <= kCompressFrom || !is_compressible(response.content_type)) return;
    if (find(response, "Content-Encoding")) return;
    response.headers.emplace_back("Vary", "Accept-Encoding");
    const Encoding encoding = choose_encoding(exchange.accept_encoding);
    if (encoding == Encoding::identity) return;
    auto smaller = compressed(response.body, encoding, Effort::live);
    if (!smaller || smaller->size() >= response.body.size()) return;
    response.body = std::move(*smaller);
    response.headers.emplace_back("Content-Encoding", to_string(encoding));
    // The handler's ETag named the plain bytes.
    for (auto& [name, value] : response.headers)
        if (equals_ignoring_case(name, "ETag") && !value.starts_with("W/")) value = "W/" + value;
}

void Gate::add_headers(const Exchange& exchange, Response& response) const {
    const bool api = exchange.path.starts_with("/api");
    const bool page = response.content_type.starts_with("text/html") || !api;
    add_unless_set(response, "Content-Security-Policy", page ? kWebPolicy : kApiPolicy);
    if (page) add_unless_set(response, "Reporting-Endpoints", kReportEndpoints);
    add_unless_set(response, "X-Content-Type-Options", "nosniff");
    add_unless_set(response, "Referrer-Policy", "strict-origin-when-cross-origin");
    add_unless_set(response, "Cross-Origin-Opener-Policy", "same-origin");
    add_unless_set(response, "Cross-Origin-Resource-Policy", "same-site");
    add_unless_set(response, "Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), payment=()");
    if (!config_.tls_certificate.empty())
        add_unless_set(response, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    if (api || response.status >= 400) add_unless_set(response, "Cache-Control", "no-store");
    if (!exchange.origin.empty()) {
        response.headers.emplace_back("Access-Control-Allow-Origin", exchange.origin);
        response.headers.emplace_back("Access-Control-Expose-Headers", kExposed);
    }
    if (!config_.cors_origins.empty()) response.headers.emplace_back("Vary", "Origin");
    // A handler that refused for a limit of its own has told that one.
    for (const auto& [name, value] : exchange.rate_headers) add_unless_set(response, name, value);
    response.headers.emplace_back("X-Request-Id", exchange.request_id);
}

void Gate::record(const Exchange& exchange, const Response& response) {
    const double seconds = static_cast<double>((clock_.now() - exchange.began).count()) / 1e9;
    by_class_[static_cast<std::size_t>(std::clamp(response.status / 100, 1, 5) - 1)]->add();
    // A poll waits on purpose, and comes again and again: it would drown the times and the log of the others.
    if (exchange.plain && response.status < 400) return;
    duration_.observe_seconds(seconds);
    log::info("http.request", {{"http.request.method", to_string(exchange.method)},
                               {"http.route", exchange.path},
                               {"http.response.status_code", response.status},
                               {"event.duration_ms", seconds * 1000},
                               {"http.response.body.bytes", response.body.size()},
                               {"http.request.id", exchange.request_id},
                               {"client.address", exchange.address}});
}

std::string Gate::date() const { return http_date(clock_.utc_now()); }

}  // namespace confidente::http
