// A small blocking HTTP/1.1 client for commands that talk to a running server (plain HTTP, one request a connection).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/base/result.hpp"

namespace confidente::app {

class HttpClient {
public:
    /// `http://127.0.0.1:8080`; anything but plain http is refused.
    static Result<HttpClient> make(std::string_view url);

    struct Answer {
        int status = 0;
        std::string body;
    };
    /// Errors: `unavailable` when nobody answers within 10 s. Any HTTP status is an Answer.
    Result<Answer> send(std::string_view method, std::string_view path, std::string_view body = {},
                        std::string_view content_type = "application/json",
                        std::vector<std::pair<std::string, std::string>> headers = {}) const;

private:
    std::string host_, port_;
};

}  // namespace confidente::app
