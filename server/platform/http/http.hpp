// HTTP as the slices see it: a table of routes, requests and responses. Beast stays behind server.hpp.
//
//   // domain/gifts/routes.cpp
//   router.add({Method::get, "/api/gifts", Access::anyone(), Rate{}, [this](Request r) { return list(std::move(r));
//   }});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/task.hpp"
#include "platform/http/principal.hpp"
#include "platform/json/json.hpp"

namespace confidente::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };
std::string_view to_string(Method method);

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Who waits for an answer that may take long, such as a pending poll. On the connection's executor.
class Caller {
public:
    /// `gone` is called at most once: when the client hangs up, or the server stops, before the answer. The handler
    /// answers then, so that nothing of it stays behind; nobody may read it.
    void on_gone(std::function<void()> gone) { gone_ = std::move(gone); }
    void leave() {
        if (const auto gone = std::exchange(gone_, nullptr)) gone();
    }

private:
    std::function<void()> gone_;
};

/// One request, complete. Header names are matched without regard to case.
struct Request {
    Method method = Method::get;
    std::string path;                                         ///< decoded, without query
    std::string query;                                        ///< raw, without `?`
    std::vector<std::pair<std::string, std::string>> params;  ///< typed path parameters, by name
    Headers headers;
    std::string body;
    std::string remote_address;  ///< the client's, behind trusted proxies only
    std::string request_id;
    std::optional<Principal> principal;  ///< set when a valid bearer token came along
    std::shared_ptr<Caller> caller;      ///< for the plain requests of a WebSocketEndpoint only

    /// Path parameter; every name in the route's pattern is there.
    const std::string& param(std::string_view name) const;
    /// First query parameter of that name, percent-decoded.
    std::optional<std::string> query_param(std::string_view name) const;
    std::optional<std::string_view> header(std::string_view name) const;
    /// The token of `Authorization: Bearer …`.
    std::optional<std::string_view> bearer() const;
    /// Body as JSON: 415 unless Content-Type is application/json, 400 `malformed_json`.
    Result<json::Value> json_body() const;
    /// pt-BR (default), en or es, by Accept-Language (RFC 9110 §12.5.4).
    std::string_view language() const;
};

struct Response {
    int status = 200;
    Headers headers = {};
    std::string body = {};
    std::string content_type = {};
    std::shared_ptr<const std::string> shared_body = {};  ///< instead of `body`, where many answers have the same one

    std::string_view bytes() const { return shared_body ? std::string_view{*shared_body} : std::string_view{body}; }

    static Response json(int status, const json::Value& value);
    static Response text(int status, std::string body, std::string content_type = "text/plain; charset=utf-8");
    static Response empty(int status);
    Response&& with(std::string name, std::string value) &&;
};

/// Strong, of the bytes; quoted.
std::string etag_of(std::string_view body);
/// Weak comparison (RFC 9110 §13.1.2) of `etag` with a list or `*`.
bool etag_matches(std::string_view list, std::string_view etag);
/// With its ETag, so that If-None-Match saves the body. `everyone`: caches may keep it and ask again; `owner`: none
/// may.
enum class Audience : std::uint8_t { everyone, owner };
Response tagged(Response response, Audience audience);
/// For Route::fixed.
std::shared_ptr<const Response> fixed(Response response);
/// 412 `precondition_failed` when the request was made from another version than `etag`. Compression weakens a tag on
/// its way out, so the comparison is the weak one.
Status check_if_match(const Request& request, std::string_view etag);

/// RFC 9457 problem details, `detail` in the caller's language where the code is known.
Response problem(const Error& error, std::string_view language, std::string_view request_id);
int status_of(ErrorKind kind);

using Handler = std::function<Task<Result<Response>>(Request)>;

/// One row of a slice's table. Patterns: `/api/lives/:id/join`; a parameter is one segment; `:id` and names that end
/// in `Id` must be UUIDs (else 404), other names are 1–200 characters.
struct Route {
    Method method;
    std::string_view pattern;  ///< a whole literal: grep finds it
    Access access;
    Rate rate;
    Handler handler;
    std::size_t max_body = 64 * 1024;  ///< bytes
    /// Instead of a handler: the same answer for everybody who is let in, made once.
    std::shared_ptr<const Response> fixed = nullptr;
};

/// All routes of the server; filled at start, then only read.
class Router {
public:
    Router();
    ~Router();
    Router(Router&&) noexcept;
    void add(Route route);
    /// Every row, in the order they were added (for the authorisation matrix and `./dev map`).
    const std::vector<Route>& routes() const;

    struct Match {
        const Route* route = nullptr;
        std::vector<std::pair<std::string, std::string>> params;
        bool path_known = false;  ///< the path exists, only the method does not fit
        std::string allow;        ///< the methods that would fit, when none does: for 405
    };
    /// `path` decoded, starting with `/`. HEAD falls back to GET.
    Match match(Method method, std::string_view path) const;

private:
    std::string allowed(const std::vector<std::string_view>& path) const;
    const Route* literal(Method method, std::string_view path) const;

    std::vector<Route> routes_;
    std::vector<std::vector<std::string_view>> segments_;  ///< of each route's pattern
    /// By pattern, those without a parameter: found at once, and more specific than any other that fits.
    std::unordered_multimap<std::string_view, std::size_t> literals_;
};

}  // namespace confidente::http
