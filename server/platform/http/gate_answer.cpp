// The way back: what every answer carries, and what is written down about it.
#include <algorithm>
#include <array>
#include <charconv>

#include "platform/base/log.hpp"
#include "platform/http/compression.hpp"
#include "platform/http/gate.hpp"
#include "platform/http/status.hpp"
#include "platform/http/text.hpp"

namespace confidente::http {
namespace {

constexpr std::string_view kClose = "Connection: close\r\n";
constexpr std::string_view kExposed =
    "X-Request-Id, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "Location, ETag, Link";

const std::string* find(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (equals_ignoring_case(key, name)) return &value;
    return nullptr;
}

/// Where the value is ours.
void append_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

/// A value with a line break would let its author write headers of their own: such a one is left out.
void append_field(std::string& out, std::string_view name, std::string_view value) {
    for (const char c : value)
        if (c == '\r' || c == '\n' || c == '\0') return;
    append_line(out, name, value);
}

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

Response Gate::finish(const Exchange& exchange, Result<Response> result) {
    if (!result) {
        const Error& error = result.error();
        // What is away for a while is the operator's to know of, and nobody's mistake.
        if (const int status = status_of(error.kind); status >= 500)
            log::write(
                status == 503 ? log::Level::warning : log::Level::error, "http.handler_failed",
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
        response.shared_body.reset();
        response.content_type.clear();
        std::erase_if(response.headers, [](const auto& header) { return header.first == "Content-Encoding"; });
    }
    encode(exchange, response);
    record(exchange, response.status, response.bytes().size());
    return response;
}

void Gate::encode(const Exchange& exchange, Response& response) const {
    if (response.bytes().size() <= kCompressFrom || !is_compressible(response.content_type)) return;
    if (find(response, "Content-Encoding")) return;
    response.headers.emplace_back("Vary", "Accept-Encoding");
    const Encoding encoding = choose_encoding(exchange.accept_encoding);
    if (encoding == Encoding::identity) return;
    auto smaller = compressed(response.bytes(), encoding, Effort::live);
    if (!smaller || smaller->size() >= response.bytes().size()) return;
    response.body = std::move(*smaller);
    response.shared_body.reset();
    response.headers.emplace_back("Content-Encoding", to_string(encoding));
    // The handler's ETag named the plain bytes.
    for (auto& [name, value] : response.headers)
        if (equals_ignoring_case(name, "ETag") && !value.starts_with("W/")) value = "W/" + value;
}

bool Gate::Standing::has(std::string_view name) const {
    return std::ranges::any_of(fields, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

Gate::Standing Gate::standing(std::string_view content_policy, std::string_view reports) const {
    Standing made{{{"Content-Security-Policy", content_policy},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "strict-origin-when-cross-origin"},
                   {"Cross-Origin-Opener-Policy", "same-origin"},
                   {"Cross-Origin-Resource-Policy", "same-site"},
                   {"Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), payment=()"}},
                  {}};
    if (!reports.empty()) made.fields.emplace_back("Reporting-Endpoints", reports);
    if (!config_.tls_certificate.empty())
        made.fields.emplace_back("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    for (const auto& [name, value] : made.fields) append_line(made.lines, name, value);
    return made;
}

const Gate::Standing& Gate::standing_of(const Exchange& exchange, const Response& response) const {
    const bool page = response.content_type.starts_with("text/html") || !exchange.place().starts_with("/api");
    return page ? page_standing_ : api_standing_;
}

/// What depends on the request, beside what the answer brought and what stands for its whole class.
template <class Add>
void Gate::add_varying(const Exchange& exchange, const Response& response, Add add) const {
    const bool fresh = exchange.place().starts_with("/api") || response.status >= 400;
    if (fresh && !find(response, "Cache-Control")) add("Cache-Control", "no-store");
    if (!exchange.origin.empty()) {
        add("Access-Control-Allow-Origin", exchange.origin);
        add("Access-Control-Expose-Headers", kExposed);
    }
    if (!config_.cors_origins.empty()) add("Vary", "Origin");
    // A handler that refused for a limit of its own has told that one.
    for (const auto& [name, value] : exchange.rate_headers)
        if (!find(response, name)) add(name, value);
    add("X-Request-Id", exchange.request_id);
}

Headers Gate::headers(const Exchange& exchange, Response response) const {
    Headers all = response.headers;
    for (const auto& [name, value] : standing_of(exchange, response).fields)
        if (!find(response, name)) all.emplace_back(name, value);
    add_varying(exchange, response,
                [&](std::string_view name, std::string_view value) { all.emplace_back(name, value); });
    return all;
}

void Gate::append_head(std::string& out, const Exchange& exchange, const Response& response, Keep keep) const {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(response.status));
    out.append(" ").append(reason_phrase(response.status)).append("\r\n");
    append_date(out, exchange);
    const Standing& standing = standing_of(exchange, response);
    bool own = false;
    for (const auto& [name, value] : response.headers) {
        append_field(out, name, value);
        own = own || standing.has(name);
    }
    if (!own) {
        out += standing.lines;
    } else {
        for (const auto& [name, value] : standing.fields)
            if (!find(response, name)) append_line(out, name, value);
    }
    add_varying(exchange, response,
                [&](std::string_view name, std::string_view value) { append_line(out, name, value); });
    if (!response.content_type.empty()) append_field(out, "Content-Type", response.content_type);
    if (has_body(response.status)) {
        out += "Content-Length: ";
        append_number(out, response.bytes().size());
        out += "\r\n";
    }
    if (keep == Keep::no) out += kClose;
    out += "\r\n";
}

void Gate::append_date(std::string& out, const Exchange& exchange) const {
    append_line(out, "Date", http_date_of_now(exchange.began_utc + (clock_.now() - exchange.began)));
}

std::string Gate::fixed_lines(const Route& route) const {
    // Bodies worth compressing depend on what the client can read.
    if (!route.fixed || (route.fixed->bytes().size() > kCompressFrom && is_compressible(route.fixed->content_type)))
        return {};
    Exchange exchange;
    exchange.known = &route;
    std::string lines;
    append_head(lines, exchange, *route.fixed, Keep::yes);
    // The date and the id are each request's own; the empty line comes behind them.
    const auto drop = [&](std::string_view name) {
        const auto at = lines.find("\r\n" + std::string{name} + ": ") + 2;
        lines.erase(at, lines.find("\r\n", at) + 2 - at);
    };
    drop("Date");
    drop("X-Request-Id");
    lines.resize(lines.size() - 2);
    return lines;
}

bool Gate::append_fixed(std::string& out, const Exchange& exchange, Keep keep) {
    if (!exchange.route) return false;
    const auto& lines = fixed_[static_cast<std::size_t>(exchange.route - router_.routes().data())];
    if (lines.empty() || !exchange.if_none_match.empty() || !exchange.origin.empty() || !exchange.rate_headers.empty())
        return false;
    const auto body = exchange.route->fixed->bytes();
    out += lines;
    append_date(out, exchange);
    append_line(out, "X-Request-Id", exchange.request_id);
    if (keep == Keep::no) out += kClose;
    out += "\r\n";
    if (exchange.method != Method::head) out += body;
    record(exchange, exchange.route->fixed->status, body.size());
    return true;
}

void Gate::record(const Exchange& exchange, int status, std::size_t body_bytes) {
    const double seconds = static_cast<double>((clock_.now() - exchange.began).count()) / 1e9;
    by_class_[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)]->add();
    // A poll waits on purpose, and comes again and again: it would drown the times and the log of the others.
    if (exchange.plain && status < 400) return;
    duration_.observe_seconds(seconds);
    if (!log::enabled(log::Level::info)) return;
    log::info("http.request", {{"http.request.method", to_string(exchange.method)},
                               {"http.route", exchange.place()},
                               {"http.response.status_code", status},
                               {"event.duration_ms", seconds * 1000},
                               {"http.response.body.bytes", body_bytes},
                               {"http.request.id", exchange.request_id},
                               {"client.address", exchange.address}});
}

}  // namespace confidente::http
