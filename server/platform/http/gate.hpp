// What happens to a request between the wire and its handler, without sockets: addresses, request ids, limits, CORS,
// authorisation, routing, then on the way back encodings, security headers, metrics and the log line.
//
// Invariants: nothing reaches a handler that its route's access rule and rate refuse; every answer, refusals included,
// carries the security headers and the request id; the log never holds a query or a header's value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/base/metrics.hpp"
#include "platform/http/rate_limiter.hpp"
#include "platform/http/server.hpp"
#include "platform/http/static_files.hpp"

namespace confidente::http {

/// What is remembered of a request while its handler has it.
struct Exchange {
    Method method = Method::get;
    std::string path;  ///< for the log
    std::string request_id;
    std::string address;
    std::string language = "pt-BR";
    std::string origin;  ///< only when CORS allows it
    std::string accept_encoding;
    std::string if_none_match;
    Headers rate_headers;
    Instant began{};
    const Route* route = nullptr;                  ///< null without `websocket`: `early` is the answer
    const WebSocketEndpoint* websocket = nullptr;  ///< an upgrade that may go on
    const WebSocketEndpoint* plain = nullptr;      ///< a plain request on a websocket's path
    std::shared_ptr<void> hold;                    ///< what the endpoint's `begin` gave
    std::optional<Response> early;                 ///< known without a handler
    std::size_t max_body = 64 * 1024;              ///< bytes
};

class Gate {
public:
    Gate(const ServerConfig& config, Router router, Authenticator authenticator,
         std::vector<WebSocketEndpoint> websockets, const Clock& clock, Random& random);

    /// Called when the headers are there. Fills the request's address, id, params and principal.
    Exchange admit(Request& request);
    /// Runs the handler of an admitted exchange.
    static Task<Result<Response>> handle(const Handler* handler, Request request);
    /// Makes the answer complete: problem for an error, encoding, headers; counts and logs it.
    Response finish(const Exchange& exchange, Result<Response> result);
    /// For requests too broken to be admitted: a complete answer.
    Response refuse(int status, const Error& error, const std::string& peer_address);

    /// Value of the Date header.
    std::string date() const;

private:
    enum class Limit : std::uint8_t { address, route, socket };
    const WebSocketEndpoint* endpoint(std::string_view path) const;
    Status upgrade(Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange);
    Status plain(const Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange);
    Status limit_opening(const Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange);
    bool is_foreign(const Request& request, const Exchange& exchange) const;
    void identify(Request& request, std::optional<Error>& refused) const;
    std::string client_address(const Request& request) const;
    bool is_own_host(std::string_view origin, const Request& request) const;
    bool is_cors_origin(std::string_view origin) const;
    void route(Request& request, Exchange& exchange);
    std::optional<Response> preflight(const Request& request, Exchange& exchange) const;
    static Response preflight_answer(const Request& request, const Exchange& exchange, const std::string& allow);
    Status authorise(Request& request, const Route& route) const;
    Status limit(Limit what, const std::string& who, Rate rate, Exchange& exchange);
    void encode(const Exchange& exchange, Response& response) const;
    void add_headers(const Exchange& exchange, Response& response) const;
    void record(const Exchange& exchange, const Response& response);

    const ServerConfig& config_;
    Router router_;
    Authenticator authenticator_;
    std::vector<WebSocketEndpoint> websockets_;
    const Clock& clock_;
    Random& random_;
    StaticFiles files_;
    RateLimiter limiter_;
    metrics::Counter* by_class_[5];
    metrics::Histogram& duration_;
};

}  // namespace confidente::http
