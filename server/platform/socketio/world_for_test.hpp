// A Socket.IO server with fake websockets, for this room's tests. No thread runs: the test moves the clock and lets
// what was posted run.
#pragma once

#include <boost/json.hpp>
#include <deque>

#include "platform/http/http.hpp"
#include "platform/socketio/packet.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::socketio::test {

/// Runs what is posted when the test says so.
class ManualExecutor final : public Executor {
public:
    void post(std::function<void()> work) override { work_.push_back(std::move(work)); }
    void run() {
        while (!work_.empty()) {
            auto work = std::move(work_.front());
            work_.pop_front();
            work();
        }
    }

private:
    std::deque<std::function<void()>> work_;
};

class FakeSocket final : public http::WebSocket {
public:
    explicit FakeSocket(ManualExecutor& executor) : executor_(executor) {}
    void send(std::vector<http::WebSocketMessage> messages) override {
        for (auto& message : messages) sent.push_back(message.data);
    }
    void send_framed(std::span<const http::SharedBytes> pieces) override {
        framed.insert(framed.end(), pieces.begin(), pieces.end());
        for (const auto& piece : pieces)
            for (std::string_view rest = *piece; !rest.empty();) {
                // A server's frames are whole and unmasked (RFC 6455 §5.2).
                const auto byte = [&rest](std::size_t i) { return static_cast<unsigned char>(rest.at(i)); };
                const std::size_t head = byte(1) < 126 ? 2 : byte(1) == 126 ? 4 : 10;
                std::size_t size = head == 2 ? byte(1) : 0;
                for (std::size_t i = 2; i < head; ++i) size = size << 8U | byte(i);
                sent.push_back(std::make_shared<const std::string>(rest.substr(head, size)));
                rest.remove_prefix(head + size);
            }
    }
    std::size_t queued_bytes() const override { return queued; }
    std::uint64_t written_bytes() const override { return written; }
    void close(std::uint16_t code, std::string_view why) override {
        close_code = code;
        reason = why;
    }
    Executor& executor() override { return executor_; }

    std::vector<std::shared_ptr<const std::string>> sent;
    std::vector<http::SharedBytes> framed;  ///< what came framed, as it came
    std::size_t queued = 0;
    std::uint64_t written = 0;
    std::uint16_t close_code = 0;
    std::string reason;

private:
    ManualExecutor& executor_;
};

/// What a browser's socket.io-client would see.
struct Client {
    std::shared_ptr<FakeSocket> socket;
    std::shared_ptr<http::WebSocketHandler> handler;

    void send(std::string_view frame) const { handler->message(frame, false); }
    std::size_t received() const { return socket->sent.size(); }
    std::string last() const { return socket->sent.empty() ? "" : *socket->sent.back(); }
    std::string id() const {
        return std::string(parse_packet(socket->sent.at(1)->substr(1))->data->at("sid").as_string());
    }
    json::Value answer() const { return parse_packet(last().substr(1))->data->as_array().at(0); }
    std::string refused() const {
        const auto body = answer();
        return body.at("ok").as_bool() ? "ok" : std::string(body.at("error").at("code").as_string());
    }
};

struct World {
    ManualClock clock;
    SeededRandom random{7};
    ManualExecutor executor;
    std::vector<std::function<void(json::Value)>> waiting;
    std::unique_ptr<Server> server;

    explicit World(Config config = {.recovery_window = 0s}) {
        // A token names its user; `<user>-model` is a model.
        auto authenticator = [this](std::string_view token) -> Result<http::Principal> {
            if (token.substr(0, 4) != "user")
                return Error{.kind = ErrorKind::unauthenticated, .code = "invalid_token", .detail = "No."};
            const bool model = token.find("-model") != std::string_view::npos;
            return http::Principal{std::string(token), "s-" + std::string(token),
                                   model ? http::Role::model : http::Role::client, clock.utc_now() + 15min};
        };
        server = Server::make(std::move(config), authenticator, clock, random);
        server->add({"echo", http::Access::signed_in(), http::Rate{}, echo});
        server->add({"scarce", http::Access::signed_in(), http::Rate{60, 2}, echo});
        server->add({"models:only", http::Access::models(), http::Rate{}, echo});
        server->add({"fails", http::Access::signed_in(), http::Rate{}, fails});
        server->add({"waits", http::Access::signed_in(), http::Rate{}, [this](EventRequest) { return wait(); }});
    }

    static Task<Result<json::Value>> echo(EventRequest request) {
        json::Object answer;
        answer["echo"] = *request.payload;
        answer["key"] = request.ack_key;
        answer["user"] = request.principal.user_id;
        co_return json::Value(std::move(answer));
    }
    static Task<Result<json::Value>> fails(EventRequest) {
        co_return validation_error("amount", "too_small", "Must be at least 1.");
    }
    Task<Result<json::Value>> wait() {
        std::function<void(std::function<void(json::Value)>)> begin = [this](std::function<void(json::Value)> done) {
            waiting.push_back(std::move(done));
        };
        auto value = co_await Callback<json::Value>(begin);
        co_return value;
    }

    void finish(std::size_t index) {
        if (auto done = std::exchange(waiting.at(index), nullptr)) done(json::Value(json::Object{}));
    }
    /// A suspended handler belongs to whoever resumes it.
    ~World() {
        for (std::size_t i = 0; i < waiting.size(); ++i) finish(i);
    }

    /// Null handler: refused.
    Client open(std::string query = "EIO=4&transport=websocket") {
        http::Request request;
        request.path = "/socket.io/";
        request.query = std::move(query);
        auto socket = std::make_shared<FakeSocket>(executor);
        auto accepted = server->endpoint().accept(request, socket);
        if (std::holds_alternative<http::Response>(accepted)) {
            return Client{socket, nullptr};
        }
        return Client{socket, std::get<0>(accepted)};
    }
    Client connect(const std::string& token, const std::string& more = {}) {
        auto client = open();
        client.send("40{" + more + "\"token\":\"" + token + "\"}");
        return client;
    }
    void pass(Duration by) {
        clock.advance(by);
        server->tick();
        executor.run();
    }
};

}  // namespace confidente::socketio::test
