#include "platform/http/connection.hpp"

#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "platform/http/status.hpp"
#include "platform/http/text.hpp"
#include "platform/http/websocket_peer.hpp"

namespace confidente::http {
namespace {

namespace beast_http = boost::beast::http;
using Parser = beast_http::request_parser<beast_http::string_body>;

constexpr std::uint32_t kMaxHeader = 16 * 1024;
constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kMaxBuffered = 64 * 1024;  // of what the parser has not taken: pipelined requests, chunk lines
constexpr std::size_t kShortestChunkEnd = 5;     // `0\r\n\r\n`: no chunked body ends with less than this to come
constexpr std::size_t kMaxLinger = 256 * 1024;   // read after a last answer, so that it is not lost to a reset
constexpr std::chrono::milliseconds kLingerTime{2000};
constexpr std::chrono::seconds kWriteTimeout{60};

std::optional<Method> method_of(beast_http::verb verb) {
    switch (verb) {
        case beast_http::verb::get:
            return Method::get;
        case beast_http::verb::head:
            return Method::head;
        case beast_http::verb::post:
            return Method::post;
        case beast_http::verb::put:
            return Method::put;
        case beast_http::verb::patch:
            return Method::patch;
        case beast_http::verb::delete_:
            return Method::del;
        case beast_http::verb::options:
            return Method::options;
        default:
            return std::nullopt;
    }
}

/// What RFC 9112 wants refused and a lenient reader would take differently from a proxy in front.
bool is_ambiguous(const Parser::value_type& message) {
    using beast_http::field;
    const bool modern = message.version() >= 11;
    if (message.version() != 10 && message.version() != 11) return true;
    if (message.count(field::host) > 1 || (modern && message.count(field::host) == 0)) return true;
    if (message.count(field::content_length) > 1 || message.count(field::transfer_encoding) > 1) return true;
    const auto coding = message.find(field::transfer_encoding);
    if (coding == message.end()) return false;
    const std::string_view value{coding->value().data(), coding->value().size()};
    return !modern || message.count(field::content_length) != 0 || !equals_ignoring_case(trimmed(value), "chunked");
}

class Connection final : public Session, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<Transport> transport, const ServerConfig& config, Gate& gate, Sessions& sessions)
        : transport_(std::move(transport)), config_(config), gate_(gate), sessions_(sessions) {}

    void start() {
        sessions_.opened(shared_from_this());
        expire_after(config_.header_timeout);
        transport_->handshake([self = shared_from_this()](bool ok, std::size_t) {
            if (!ok) return self->end();
            self->next();
        });
    }
    void drain() override {
        draining_ = true;
        if (phase_ == Phase::idle) return end();
        if (caller_) caller_->leave();
    }
    void abort() override { end(); }

private:
    enum class Phase : std::uint8_t { idle, header, body, handling, writing, lingering, ended };

    void end() {
        if (phase_ == Phase::ended) return;
        phase_ = Phase::ended;
        exchange_.hold.reset();
        if (const auto caller = std::move(caller_)) caller->leave();
        transport_->close();
        sessions_.ended(*this);
    }

    void expire_after(std::chrono::milliseconds after) {
        transport_->deadline(after, [self = shared_from_this()] { self->expired(); });
    }

    void expired() {
        reading_after_timeout_ = true;
        if (phase_ == Phase::header || phase_ == Phase::body)
            return refuse(408, {ErrorKind::invalid, "request_timeout", "The request took too long to arrive."});
        end();
    }

    void next() {
        parser_.emplace();
        parser_->header_limit(kMaxHeader);
        parser_->body_limit(boost::none);
        exchange_ = {};
        request_ = {};
        if (draining_) return end();
        phase_ = Phase::idle;
        if (!buffer_.empty()) {
            begin_header();
            return parse();
        }
        if (served_ > 0) expire_after(config_.idle_timeout);
        read();
    }

    void begin_header() {
        phase_ = Phase::header;
        expire_after(config_.header_timeout);
    }

    void read() {
        if (buffer_.size() >= kMaxBuffered) return malformed();
        read_some();
    }

    /// At most one read is under way: one that began while a poll waited may still be.
    void read_some() {
        if (reading_) return;
        reading_ = true;
        transport_->read_some(input_.data(), input_.size(),
                              [self = shared_from_this()](bool ok, std::size_t bytes) { self->received(ok, bytes); });
    }

    void received(bool ok, std::size_t bytes) {
        reading_ = false;
        if (phase_ == Phase::lingering) return lingered(ok, bytes);
        if (phase_ == Phase::ended) return;
        if (ok) buffer_.append(input_.data(), bytes);
        if (phase_ == Phase::writing) return;  // a timeout or an answer was quicker
        if (!ok) return end();
        if (phase_ == Phase::handling) return;  // the next request came before the answer; it waits
        if (phase_ == Phase::idle) begin_header();
        parse();
    }

    void parse() {
        while (true) {
            // Beast 1.81 aborts when it has seen the line of the last chunk and then gets it again with one byte more.
            if (phase_ == Phase::body && parser_->chunked() && buffer_.size() < kShortestChunkEnd) return read();
            boost::system::error_code error;
            const auto used = parser_->put(boost::asio::const_buffer{buffer_.data(), buffer_.size()}, error);
            buffer_.erase(0, used);
            if (error == beast_http::error::need_more) return read();
            if (error) return parse_failed(error);
            if (phase_ == Phase::header && parser_->is_header_done()) {
                if (!header_done()) return;
            }
            if (parser_->is_done()) return body_done();
            if (buffer_.empty()) return read();
        }
    }

    void parse_failed(const boost::system::error_code& error) {
        if (error == beast_http::error::header_limit)
            return refuse(431, {ErrorKind::invalid, "headers_too_large", "The headers are larger than 16 KiB."});
        if (error == beast_http::error::body_limit) return too_large();
        malformed();
    }

    void malformed() { refuse(400, {ErrorKind::invalid, "malformed_request", "The request is malformed."}); }

    void too_large() {
        if (exchange_.early) return respond(gate_.finish(exchange_, std::move(*exchange_.early)), Keep::no);
        const Error error{ErrorKind::too_large, "payload_too_large",
                          "At most " + std::to_string(exchange_.max_body) + " bytes are accepted here."};
        respond(gate_.finish(exchange_, error), Keep::no);
    }

    /// False when the connection was answered or handed over already.
    bool header_done() {
        const auto& message = parser_->get();
        const auto target = parse_target({message.target().data(), message.target().size()});
        const auto method = method_of(message.method());
        if (is_ambiguous(message) || !target) return malformed(), false;
        if (!method) {
            refuse(405, {ErrorKind::method_not_allowed, "method_not_allowed", "This method is not known here."});
            return false;
        }
        request_.method = *method;
        request_.path = target->path;
        request_.query = target->query;
        for (const auto& header : message)
            request_.headers.emplace_back(std::string{header.name_string().data(), header.name_string().size()},
                                          std::string{header.value().data(), header.value().size()});
        request_.remote_address = transport_->remote_address();
        exchange_ = gate_.admit(request_);
        const auto length = parser_->content_length();
        if (length && *length > exchange_.max_body) return too_large(), false;
        parser_->body_limit(exchange_.max_body);
        parser_->eager(true);
        phase_ = Phase::body;
        expire_after(config_.body_timeout);
        return !expects_continue() || go_on();
    }

    bool expects_continue() const {
        return !parser_->is_done() &&
               equals_ignoring_case(trimmed(request_.header("Expect").value_or("")), "100-continue");
    }

    /// Asks for a body only when somebody will read it.
    bool go_on() {
        if (exchange_.early) {
            respond(gate_.finish(exchange_, std::move(*exchange_.early)), Keep::no);
            return false;
        }
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        transport_->write({kContinue}, [self = shared_from_this()](bool ok, std::size_t) {
            if (self->phase_ != Phase::body) return;
            ok ? self->parse() : self->end();
        });
        return false;
    }

    void body_done() {
        phase_ = Phase::handling;
        transport_->no_deadline();
        const Keep keep = parser_->get().keep_alive() && !draining_ ? Keep::yes : Keep::no;
        if (exchange_.websocket) return upgrade();
        if (exchange_.early) return respond(gate_.finish(exchange_, std::move(*exchange_.early)), keep);
        request_.body = std::move(parser_->get().body());
        if (exchange_.plain) request_.caller = caller_ = std::make_shared<Caller>();
        std::function<void(Result<Response>)> done = [self = shared_from_this(), keep](Result<Response> result) {
            if (Executor::current() == &self->transport_->executor()) return self->handled(std::move(result), keep);
            auto shared = std::make_shared<Result<Response>>(std::move(result));
            self->transport_->executor().post([self, shared, keep] { self->handled(std::move(*shared), keep); });
        };
        const Handler* handler = exchange_.plain ? &exchange_.plain->answer : &exchange_.route->handler;
        start_task(Gate::handle(handler, std::move(request_)), std::move(done));
        // Whoever waits may hang up; only a read tells.
        if (caller_ && phase_ == Phase::handling && buffer_.empty()) read_some();
    }

    static void start_task(Task<Result<Response>> task, std::function<void(Result<Response>)> done) {
        confidente::start<Result<Response>>(std::move(task), std::move(done));
    }

    enum class Keep : bool { no, yes };

    void handled(Result<Response> result, Keep keep) {
        if (phase_ != Phase::handling) return;
        caller_.reset();
        exchange_.hold.reset();
        respond(gate_.finish(exchange_, std::move(result)), draining_ ? Keep::no : keep);
    }

    void upgrade() {
        auto peer = std::make_shared<WebSocketPeer>(transport_, sessions_, exchange_.websocket->max_message);
        auto accepted = exchange_.websocket->accept(request_, peer);
        if (auto* refusal = std::get_if<Response>(&accepted)) {
            peer->forget();
            return respond(gate_.finish(exchange_, std::move(*refusal)), Keep::no);
        }
        const Response response = gate_.finish(exchange_, Response::empty(101));
        phase_ = Phase::ended;
        peer->start(std::move(std::get<0>(accepted)), websocket_accept(*request_.header("Sec-WebSocket-Key")),
                    response.headers, std::move(buffer_));
        sessions_.ended(*this);
    }

    void refuse(int status, const Error& error) {
        respond(gate_.refuse(status, error, transport_->remote_address()), Keep::no);
    }

    void respond(Response response, Keep keep) {
        phase_ = Phase::writing;
        const bool bodiless = response.status == 204 || response.status == 304;
        head_ = "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string{reason_phrase(response.status)} +
                "\r\nDate: " + gate_.date() + "\r\n";
        const auto add = [this](std::string_view name, std::string_view value) {
            // A value with a line break would let its author write headers of their own.
            if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos) return;
            head_.append(name).append(": ").append(value).append("\r\n");
        };
        for (const auto& [name, value] : response.headers) add(name, value);
        if (!response.content_type.empty()) add("Content-Type", response.content_type);
        if (!bodiless) add("Content-Length", std::to_string(response.body.size()));
        if (keep == Keep::no) add("Connection", "close");
        head_ += "\r\n";
        body_ = bodiless || exchange_.method == Method::head ? std::string{} : std::move(response.body);
        expire_after(kWriteTimeout);
        transport_->write({head_, body_}, [self = shared_from_this(), keep](bool ok, std::size_t) {
            if (self->phase_ != Phase::writing) return;
            ++self->served_;
            if (!ok) return self->end();
            if (keep == Keep::yes) return self->next();
            self->linger();
        });
    }

    /// Closing with unread bytes makes the kernel reset the connection, and the answer may be lost on its way.
    void linger() {
        phase_ = Phase::lingering;
        expire_after(kLingerTime);
        transport_->shutdown([self = shared_from_this()](bool ok, std::size_t) {
            if (self->phase_ != Phase::lingering) return;
            if (!ok || self->reading_after_timeout_) return self->end();
            self->read_rest();
        });
    }

    void read_rest() { read_some(); }

    void lingered(bool ok, std::size_t bytes) {
        lingered_ += bytes;
        if (!ok || lingered_ > kMaxLinger) return end();
        read_rest();
    }

    std::shared_ptr<Transport> transport_;
    const ServerConfig& config_;
    Gate& gate_;
    Sessions& sessions_;
    std::optional<Parser> parser_;
    std::string buffer_;  ///< received, not yet parsed
    std::array<char, kReadSize> input_{};
    Request request_;
    Exchange exchange_;
    std::shared_ptr<Caller> caller_;  ///< while a plain request of an endpoint is handled
    std::string head_, body_;         ///< being written
    Phase phase_ = Phase::idle;
    bool draining_ = false;
    bool reading_ = false;
    bool reading_after_timeout_ = false;  ///< a read is still under way: no second one may begin
    std::size_t served_ = 0, lingered_ = 0;
};

}  // namespace

void serve(std::shared_ptr<Transport> transport, const ServerConfig& config, Gate& gate, Sessions& sessions) {
    std::make_shared<Connection>(std::move(transport), config, gate, sessions)->start();
}

}  // namespace confidente::http
