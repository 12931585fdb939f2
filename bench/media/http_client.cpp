#include "http_client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace bench {

namespace {
constexpr timeval kPatience{70, 0};  // a long poll may take a minute

std::string lowered(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

std::string header(const std::string& head, std::string_view name) {
    const auto at = head.find("\n" + std::string{name} + ":");
    if (at == std::string::npos) return {};
    const auto begin = head.find_first_not_of(' ', at + name.size() + 2);
    return head.substr(begin, head.find('\r', begin) - begin);
}
}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
    constexpr std::string_view kScheme = "http://";
    if (!text.starts_with(kScheme)) return {};
    text.remove_prefix(kScheme.size());
    const auto slash = std::min(text.find('/'), text.size());
    auto authority = text.substr(0, slash);
    Url url{.host = std::string{authority.substr(0, authority.find(':'))}, .path = std::string{text.substr(slash)}};
    if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
        authority.remove_prefix(colon + 1);
        std::from_chars(authority.data(), authority.data() + authority.size(), url.port);
    }
    if (url.host == "localhost") url.host = "127.0.0.1";
    if (url.path.empty()) url.path = "/";
    return url;
}

HttpClient::~HttpClient() { shut(); }

void HttpClient::shut() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    buffer_.clear();
}

bool HttpClient::open() {
    if (socket_ >= 0) return true;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    if (::inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1 ||
        ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        shut();
        return false;
    }
    return true;
}

bool HttpClient::more() {
    char bytes[16 * 1024];
    const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
}

std::string HttpClient::take(std::size_t size) {
    while (buffer_.size() < size && more()) {
    }
    auto out = buffer_.substr(0, size);
    buffer_.erase(0, out.size());
    return out;
}

HttpAnswer HttpClient::read() {
    HttpAnswer answer;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (!more()) return answer;
    const auto head = lowered(take(end + 4));
    answer.status = std::atoi(head.c_str() + 9);
    if (header(head, "transfer-encoding") == "chunked") {
        for (;;) {
            while ((end = buffer_.find("\r\n")) == std::string::npos)
                if (!more()) return answer;
            const auto size = std::strtoul(take(end + 2).c_str(), nullptr, 16);
            answer.body += take(size);
            take(2);
            if (size == 0) break;
        }
    } else {
        answer.body = take(std::strtoul(header(head, "content-length").c_str(), nullptr, 10));
    }
    if (header(head, "connection") == "close") shut();
    return answer;
}

HttpAnswer HttpClient::ask(std::string_view method, std::string_view path, std::string_view headers,
                           std::string_view body) {
    auto request =
        std::string{method} + " " + std::string{path} + " HTTP/1.1\r\nHost: " + host_ + "\r\n" + std::string{headers};
    if (method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request.append("\r\n").append(body);
    for (int tries = 0; tries < 2; ++tries) {
        if (!open()) return {};
        if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
            auto answer = read();
            if (answer.status != 0) return answer;
        }
        shut();
    }
    return {};
}

}  // namespace bench
