#include "app/commands/http_client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace confidente::app {

namespace asio = boost::asio;
namespace beast = boost::beast;

Result<HttpClient> HttpClient::make(std::string_view url) {
    constexpr std::string_view kScheme = "http://";
    if (url.substr(0, kScheme.size()) != kScheme)
        return Error{.kind = ErrorKind::invalid, .code = "bad_url", .detail = "The address must start with http://"};
    url.remove_prefix(kScheme.size());
    if (!url.empty() && url.back() == '/') url.remove_suffix(1);
    const auto colon = url.rfind(':');
    HttpClient client;
    client.host_ = url.substr(0, colon);
    client.port_ = colon == std::string_view::npos ? "80" : std::string{url.substr(colon + 1)};
    return client;
}

Result<HttpClient::Answer> HttpClient::send(std::string_view method, std::string_view path, std::string_view body,
                                            std::string_view content_type,
                                            std::vector<std::pair<std::string, std::string>> headers) const try {
    asio::io_context context{1};
    asio::ip::tcp::resolver resolver{context};
    beast::tcp_stream stream{context};
    stream.connect(resolver.resolve(host_, port_));
    beast::http::request<beast::http::string_body> request;
    request.method_string({method.data(), method.size()});
    request.target({path.data(), path.size()});
    request.set(beast::http::field::host, host_ + ":" + port_);
    if (!body.empty()) request.set(beast::http::field::content_type, {content_type.data(), content_type.size()});
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = body;
    request.keep_alive(false);
    request.prepare_payload();
    beast::http::write(stream, request);
    beast::flat_buffer buffer;
    beast::http::response<beast::http::string_body> response;
    beast::http::read(stream, buffer, response);
    return Answer{static_cast<int>(response.result_int()), std::move(response.body())};
} catch (const boost::system::system_error& e) {
    return Error{.kind = ErrorKind::unavailable,
                 .code = "unavailable",
                 .detail = "The server at " + host_ + ":" + port_ + " does not answer.",
                 .cause = e.what()};
}

}  // namespace confidente::app
