// The HTTP server: listeners, TLS, timeouts, limits, compression, static files. The only door to Beast.
//
// Invariants: a request is answered exactly once; handlers run on the connection's executor; nothing a client sends is
// held beyond the limits below; after drain() no new request is accepted and running ones end.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/http/http.hpp"
#include "platform/http/websocket.hpp"

namespace confidente::http {

struct ServerConfig {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;                ///< 0: any free one
    unsigned threads = 0;                     ///< 0: one per core
    std::chrono::seconds header_timeout{10};  ///< for a request's headers, from its first byte
    std::chrono::seconds body_timeout{30};
    std::chrono::seconds idle_timeout{75};  ///< between requests on a kept connection
    std::size_t max_connections = 20'000;
    std::vector<std::string> cors_origins = {};     ///< exact matches only
    std::vector<std::string> trusted_proxies = {};  ///< addresses whose X-Forwarded-For is believed
    std::filesystem::path web_root = {};            ///< built web app; empty: none
    std::filesystem::path tls_certificate = {};     ///< PEM chain; empty: plain HTTP
    std::filesystem::path tls_key = {};
    Rate general_rate{6000, 200};  ///< per address
};

class Server {
public:
    /// Binds and starts the threads. Errors: `address_in_use`, `address_invalid`, `tls_invalid`, with words an operator
    /// understands.
    static Result<std::unique_ptr<Server>> open(ServerConfig config, Router router, Authenticator authenticator,
                                                std::vector<WebSocketEndpoint> websockets, const Clock& clock,
                                                Random& random);
    virtual ~Server() = default;
    virtual std::uint16_t port() const = 0;
    /// Executor of one of the threads, for timers and relays of the edge.
    virtual Executor& executor(std::size_t index = 0) = 0;
    /// Stops accepting, lets running requests end (at most `limit`), closes websockets with 1001, stops the threads.
    virtual void drain(std::chrono::milliseconds limit) = 0;
};

}  // namespace confidente::http
