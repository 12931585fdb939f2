// A small blocking client over a real socket, for this room's tests. Reads end with the connection or after 5 s.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "platform/http/text.hpp"

namespace confidente::http::test {

struct Answer {
    int status = 0;  ///< 0: the connection ended before an answer
    std::string head;
    std::string body;
    std::string header(std::string_view name) const {
        for (std::size_t at = head.find("\r\n"); at != std::string::npos && at + 2 < head.size();) {
            const auto end = head.find("\r\n", at + 2);
            const auto line = std::string_view{head}.substr(at + 2, end - at - 2);
            const auto colon = line.find(':');
            if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name))
                return std::string{trimmed(line.substr(colon + 1))};
            at = end;
        }
        return {};
    }
};

class Client {
public:
    explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval limit{5, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) shut();
    }
    ~Client() { shut(); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connected() const { return socket_ >= 0; }
    int descriptor() const { return socket_; }
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    Answer read(bool has_body = true) {
        Answer answer;
        std::size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
            if (!more()) return answer;
        answer.head = buffer_.substr(0, end + 2);
        buffer_.erase(0, end + 4);
        answer.status = std::atoi(answer.head.c_str() + 9);
        const std::size_t length = std::strtoul(answer.header("Content-Length").c_str(), nullptr, 10);
        if (has_body) answer.body = take(length);
        return answer;
    }
    /// Exactly `size` bytes, or what came before the end.
    std::string take(std::size_t size) {
        while (buffer_.size() < size && more()) {
        }
        const auto out = buffer_.substr(0, size);
        buffer_.erase(0, out.size());
        return out;
    }
    /// True when the server closed and nothing is left to read.
    bool ended() { return buffer_.empty() && !more(); }

    Answer ask(std::string_view request) {
        send(request);
        return read(!request.starts_with("HEAD "));
    }
    Answer get(std::string_view path, std::string_view headers = {}) {
        return ask("GET " + std::string{path} + " HTTP/1.1\r\nHost: test\r\n" + std::string{headers} + "\r\n");
    }

private:
    bool more() {
        char bytes[4096];
        const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }
    void shut() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    int socket_;
    std::string buffer_;
};

}  // namespace confidente::http::test
