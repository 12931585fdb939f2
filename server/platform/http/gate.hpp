// What happens to a request between the wire and its handler, without sockets: addresses, request ids, limits, CORS,
// authorisation, routing, then on the way back encodings, security headers, metrics and the log line.
//
// Invariants: nothing reaches a handler that its route's access rule and rate refuse; every answer, refusals included,
// carries the security headers and the request id; the log never holds a query or a header's value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/ids.hpp"
#include "platform/base/metrics.hpp"
#include "platform/http/rate_limiter.hpp"
#include "platform/http/server.hpp"
#include "platform/http/static_files.hpp"

namespace confidente::http {

/// What is remembered of a request while its handler has it.
struct Exchange {
    Method method = Method::get;
    std::string path;  ///< for the log, where no route names it
    std::string request_id;
    std::string address;
    std::string_view language = "pt-BR";
    std::string origin;  ///< only when CORS allows it
    std::string accept_encoding;
    std::string if_none_match;
    Headers rate_headers;
    Instant began{};
    UtcTime began_utc{};
    const Route* known = nullptr;                  ///< the route that the address names, even when it was refused
    const Route* route = nullptr;                  ///< null without `websocket`: `early` is the answer
    const WebSocketEndpoint* websocket = nullptr;  ///< an upgrade that may go on
    const WebSocketEndpoint* plain = nullptr;      ///< a plain request on a websocket's path
    std::shared_ptr<void> hold;                    ///< what the endpoint's `begin` gave
    std::optional<Response> early;                 ///< known without a handler
    std::size_t max_body = 64 * 1024;              ///< bytes

    std::string_view place() const { return known ? known->pattern : std::string_view{path}; }
};

/// What the requests of one connection have in common.
struct Peer {
    std::string address;       ///< of the socket; a trusted proxy's tells us the client's
    std::string counted = {};  ///< the client whose bucket `bucket` is
    std::string bucket = {};
};

/// Whether more may come after an answer.
enum class Keep : bool { no, yes };

class Gate {
public:
    Gate(const ServerConfig& config, Router router, Authenticator authenticator,
         std::vector<WebSocketEndpoint> websockets, const Clock& clock, Random& random);

    /// Called when the headers are there. Fills the request's address, id, params and principal, and a new exchange.
    void admit(Request& request, Peer& peer, Exchange& exchange);
    /// Makes the answer: problem for an error, 304, encoding; counts and logs it.
    Response finish(const Exchange& exchange, Result<Response> result);
    /// For requests too broken to be admitted: their exchange, and the answer.
    std::pair<Exchange, Response> refuse(int status, const Error& error, const Peer& peer);
    /// Appends status line and headers of a finished answer, those included that every answer carries.
    void append_head(std::string& out, const Exchange& exchange, const Response& response, Keep keep) const;
    /// Appends the whole fixed answer of the exchange's route, counts and logs it. False, and nothing appended, when
    /// the route has none or this request has a say in it: then finish() gives the answer.
    bool append_fixed(std::string& out, const Exchange& exchange, Keep keep);
    /// The same headers as a list: for the answer to an upgrade, which has lines of its own.
    Headers headers(const Exchange& exchange, Response response) const;

    Instant now() const { return clock_.now(); }

private:
    /// Headers that are the same for a whole class of answers, and as they stand on the wire.
    struct Standing {
        std::vector<std::pair<std::string_view, std::string_view>> fields;
        std::string lines;
        bool has(std::string_view name) const;
    };
    Standing standing(std::string_view content_policy, std::string_view reports) const;
    const Standing& standing_of(const Exchange& exchange, const Response& response) const;
    std::string fixed_lines(const Route& route) const;
    template <class Add>
    void add_varying(const Exchange& exchange, const Response& response, Add add) const;

    const WebSocketEndpoint* endpoint(std::string_view path) const;
    Status upgrade(Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange);
    Status plain(const Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange);
    Status limit_opening(const Request& request, const WebSocketEndpoint& endpoint, Exchange& exchange);
    bool is_foreign(const Request& request, const Exchange& exchange) const;
    void identify(Request& request, std::optional<Error>& refused) const;
    std::string client_address(const Request& request, const std::string& peer) const;
    bool is_own_host(std::string_view origin, const Request& request) const;
    bool is_cors_origin(std::string_view origin) const;
    void route(Request& request, Exchange& exchange);
    std::optional<Response> preflight(const Request& request, Exchange& exchange) const;
    static Response preflight_answer(const Request& request, const Exchange& exchange, const std::string& allow);
    Status authorise(Request& request, const Route& route) const;
    Status limit_address(Peer& peer, Exchange& exchange);
    Status limit_route(const Request& request, const Route& route, Exchange& exchange);
    void encode(const Exchange& exchange, Response& response) const;
    void append_date(std::string& out, const Exchange& exchange) const;
    void record(const Exchange& exchange, int status, std::size_t body_bytes);

    const ServerConfig& config_;
    Router router_;
    Authenticator authenticator_;
    std::vector<WebSocketEndpoint> websockets_;
    const Clock& clock_;
    UuidSequence request_ids_;
    const Standing page_standing_, api_standing_;
    std::vector<std::string>
        fixed_;  ///< of each route: status line and headers of its fixed answer; empty: it has none
    StaticFiles files_;
    RateLimiter limiter_;
    metrics::Counter* by_class_[5];
    metrics::Histogram& duration_;
};

}  // namespace confidente::http
