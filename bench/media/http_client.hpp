// HTTP/1.1 over one kept connection, blocking: what signalling needs. Plain HTTP, bodies with a length or in chunks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

struct Url {
    std::string host;  ///< an IPv4 address
    std::uint16_t port = 80;
    std::string path;
    static std::optional<Url> parse(std::string_view text);
};

struct HttpAnswer {
    int status = 0;  ///< 0: no answer came
    std::string body;
};

class HttpClient {
public:
    HttpClient(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// `headers` as they stand on the wire, each line with its CRLF. A connection that was closed is opened again once.
    HttpAnswer ask(std::string_view method, std::string_view path, std::string_view headers, std::string_view body);

private:
    bool open();
    void shut();
    bool more();
    HttpAnswer read();
    std::string take(std::size_t size);

    std::string host_;
    std::uint16_t port_;
    int socket_ = -1;
    std::string buffer_;
};

}  // namespace bench
