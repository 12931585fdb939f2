#include "platform/http/connection.hpp"

#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "platform/http/plain_head.hpp"
#include "platform/http/text.hpp"
#include "platform/http/websocket_peer.hpp"

namespace confidente::http {
namespace {

namespace beast_http = boost::beast::http;
using Parser = beast_http::request_parser<beast_http::string_body>;

constexpr std::uint32_t kMaxHeader = 16 * 1024;
constexpr std::size_t kHeadRead = 2 * 1024;      // bytes; each connection holds as many, and most heads have fewer
constexpr std::size_t kMaxBuffered = 64 * 1024;  // of what the parser has not taken: pipelined requests, chunk lines
constexpr std::size_t kShortestChunkEnd = 5;     // `0\r\n\r\n`: no chunked body ends with less than this to come
constexpr std::size_t kMaxGathered = 64 * 1024;  // answers to pipelined requests that leave together
constexpr std::size_t kCopied = 16 * 1024;       // bodies up to here join their heads in one buffer
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

/// Reads, answers, writes; `pump()` is the way through. Requests that came together are parsed where they were
/// received and answered one after the other, and their answers leave in one write, which is tried at once: the event
/// loop hears of a connection only when bytes come, or when the peer does not take them.
class Connection final : public Session, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<Transport> transport, const ServerConfig& config, Gate& gate, Sessions& sessions)
        : transport_(std::move(transport)),
          config_(config),
          gate_(gate),
          sessions_(sessions),
          peer_{transport_->remote_address()} {}

    void start() {
        sessions_.opened(shared_from_this());
        expire_after(config_.header_timeout);
        transport_->handshake([self = shared_from_this()](bool ok, std::size_t) {
            if (!ok) return self->end();
            self->pump();
        });
    }
    void drain() override {
        draining_ = true;
        if (phase_ == Phase::idle && !writing_) return end();
        if (caller_) caller_->leave();
    }
    void abort() override { end(); }

private:
    /// `closing`: the last answer is there, and on its way.
    enum class Phase : std::uint8_t { idle, header, body, upgrading, handling, closing, lingering, ended };
    bool wants_input() const { return phase_ == Phase::idle || phase_ == Phase::header || phase_ == Phase::body; }

    void end() {
        if (phase_ == Phase::ended) return;
        phase_ = Phase::ended;
        if (exchange_) exchange_->hold.reset();
        if (const auto caller = std::move(caller_)) caller->leave();
        transport_->close();
        sessions_.ended(*this);
    }

    // Time. A deadline is mostly moved on before it comes: the transport's timer is set only when none is set yet or
    // when it would fire too late, and looks again when it fires.

    void expire_after(std::chrono::milliseconds after) {
        deadline_ = gate_.now() + after;
        if (timer_ > deadline_) set_timer(after);
    }
    void expire_never() { deadline_ = Instant::never(); }
    void set_timer(std::chrono::milliseconds after) {
        timer_ = deadline_;
        transport_->deadline(after, [self = shared_from_this()] { self->timer_fired(); });
    }
    void timer_fired() {
        timer_ = Instant::never();
        if (deadline_ == Instant::never() || phase_ == Phase::ended) return;
        const auto left = deadline_ - gate_.now();
        if (left > Duration::zero()) return set_timer(std::chrono::ceil<std::chrono::milliseconds>(left));
        expired();
    }
    void expired() {
        reading_after_timeout_ = true;
        if (!writing_ && (phase_ == Phase::header || phase_ == Phase::body))
            return refuse(408, {ErrorKind::invalid, "request_timeout", "The request took too long to arrive."});
        end();
    }

    /// Waits for more of what `phase_` reads; its time begins when the first wait for it does.
    void read() {
        if (timed_ != phase_) {
            timed_ = phase_;
            if (phase_ == Phase::idle && served_ > 0) expire_after(config_.idle_timeout);
            if (phase_ == Phase::header) expire_after(config_.header_timeout);
            if (phase_ == Phase::body) expire_after(config_.body_timeout);
        }
        read_some();
    }

    /// At most one read is under way: one that began while a poll waited may still be.
    void read_some() {
        if (reading_) return;
        reading_ = true;
        // The thread's buffer is large, and waiting for it costs a system call more: it is for bodies.
        if (phase_ == Phase::body || phase_ == Phase::lingering)
            return transport_->read_shared(
                [self = shared_from_this()](bool ok, std::string_view bytes) { self->received(ok, bytes); });
        transport_->read_some(input_.data(), input_.size(), [self = shared_from_this()](bool ok, std::size_t bytes) {
            self->received(ok, {self->input_.data(), bytes});
        });
    }

    void received(bool ok, std::string_view bytes) {
        reading_ = false;
        if (phase_ == Phase::lingering) return lingered(ok, bytes.size());
        if (phase_ == Phase::ended) return;
        if (ok && wants_input() && !writing_ && buffer_.empty()) {
            unread_ = bytes;
            return pump();
        }
        if (ok) buffer_.append(bytes);
        // A timeout or an answer was quicker; who closes one way may still read the other.
        if (phase_ == Phase::closing || (!ok && writing_)) return;
        if (!ok) return end();
        if (wants_input()) pump();  // otherwise the next request came before the answer; it waits
    }

    /// Takes what is there, answers it and writes; then waits for what has to come next.
    void pump() {
        if (pumping_ || writing_) return;
        pumping_ = true;
        bool stuck = false;
        do {
            if (unread_.empty()) unread_ = buffer_;
            while (wants_input() && !stuck && !is_full() && !unread_.empty()) stuck = !step();
            if (wants_input() && stuck && unread_.size() >= kMaxBuffered) malformed();
            keep_unread();
            flush();
        } while (wants_input() && !stuck && !writing_ && !buffer_.empty());
        pumping_ = false;
        if (writing_) return;
        if (phase_ == Phase::upgrading) return upgrade();
        if (phase_ == Phase::closing) return linger();
        if (phase_ == Phase::idle && draining_) return end();
        if (wants_input()) return read();
        // Whoever waits may hang up; only a read tells.
        if (phase_ == Phase::handling && caller_ && buffer_.empty()) read_some();
    }

    bool is_full() const { return big_ || out_.size() >= kMaxGathered; }

    /// What was received lies in the buffer that was read into until the next read; what is left over is kept here.
    void keep_unread() {
        if (buffer_.empty())
            buffer_ = unread_;
        else
            buffer_.erase(0, buffer_.size() - unread_.size());
        unread_ = {};
    }

    /// Gives the parser what is there; false when it needs more than that.
    bool step() {
        if (phase_ == Phase::idle && take_plain()) return true;
        if (phase_ == Phase::idle) begin();
        // Beast 1.81 aborts when it has seen the line of the last chunk and then gets it again with one byte more.
        if (phase_ == Phase::body && parser_->chunked() && unread_.size() < kShortestChunkEnd) return false;
        boost::system::error_code error;
        unread_.remove_prefix(parser_->put(boost::asio::const_buffer{unread_.data(), unread_.size()}, error));
        if (error == beast_http::error::need_more) return false;
        if (error) return parse_failed(error), true;
        if (phase_ == Phase::header && parser_->is_header_done() && !header_done()) return true;
        if (parser_->is_done()) body_done();
        return true;
    }

    /// Most requests are there at once and have a plain head: Beast does not see those.
    bool take_plain() {
        request_.emplace();
        const auto head = read_plain_head(unread_, request_->headers);
        if (!head || head->size > kMaxHeader) return false;
        unread_.remove_prefix(head->size);
        timed_ = Phase::ended;
        keep_ = head->keep_alive && !draining_ ? Keep::yes : Keep::no;
        if (take_head(head->method, head->target)) complete();
        return true;
    }

    void begin() {
        phase_ = Phase::header;
        timed_ = Phase::ended;
        request_.emplace();
        parser_.emplace();
        parser_->header_limit(kMaxHeader);
        parser_->body_limit(boost::none);
    }

    void parse_failed(const boost::system::error_code& error) {
        if (error == beast_http::error::header_limit)
            return refuse(431, {ErrorKind::invalid, "headers_too_large", "The headers are larger than 16 KiB."});
        if (error == beast_http::error::body_limit) return too_large();
        malformed();
    }

    void malformed() { refuse(400, {ErrorKind::invalid, "malformed_request", "The request is malformed."}); }

    void too_large() {
        if (exchange_->early) return respond(gate_.finish(*exchange_, std::move(*exchange_->early)), Keep::no);
        const Error error{ErrorKind::too_large, "payload_too_large",
                          "At most " + std::to_string(exchange_->max_body) + " bytes are accepted here."};
        respond(gate_.finish(*exchange_, error), Keep::no);
    }

    /// False when the request was answered already.
    bool header_done() {
        const auto& message = parser_->get();
        const auto method = method_of(message.method());
        if (is_ambiguous(message)) return malformed(), false;
        if (!method) {
            refuse(405, {ErrorKind::method_not_allowed, "method_not_allowed", "This method is not known here."});
            return false;
        }
        for (const auto& header : message)
            request_->headers.emplace_back(std::string{header.name_string().data(), header.name_string().size()},
                                           std::string{header.value().data(), header.value().size()});
        if (!take_head(*method, {message.target().data(), message.target().size()})) return false;
        const auto length = parser_->content_length();
        if (length && *length > exchange_->max_body) return too_large(), false;
        parser_->body_limit(exchange_->max_body);
        parser_->eager(true);
        phase_ = Phase::body;
        return !expects_continue() || go_on();
    }

    /// Lets the request in, or has its refusal ready; false when the connection was answered already.
    bool take_head(Method method, std::string_view raw_target) {
        auto target = parse_target(raw_target);
        if (!target) return malformed(), false;
        request_->method = method;
        request_->path = std::move(target->path);
        request_->query = std::move(target->query);
        gate_.admit(*request_, peer_, exchange_.emplace());
        return true;
    }

    bool expects_continue() const {
        return !parser_->is_done() &&
               equals_ignoring_case(trimmed(request_->header("Expect").value_or("")), "100-continue");
    }

    /// Asks for a body only when somebody will read it.
    bool go_on() {
        if (exchange_->early) {
            respond(gate_.finish(*exchange_, std::move(*exchange_->early)), Keep::no);
            return false;
        }
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        return true;
    }

    void body_done() {
        keep_ = parser_->get().keep_alive() && !draining_ ? Keep::yes : Keep::no;
        request_->body = std::move(parser_->get().body());
        complete();
    }

    /// Answers the request, or has its handler begin.
    void complete() {
        phase_ = exchange_->websocket ? Phase::upgrading : Phase::handling;
        expire_never();
        if (exchange_->websocket) return;  // once the answers before it have left
        if (exchange_->early) return respond(gate_.finish(*exchange_, std::move(*exchange_->early)), keep_);
        if (exchange_->route && exchange_->route->fixed) return give_fixed();
        if (exchange_->plain) request_->caller = caller_ = std::make_shared<Caller>();
        const Handler& handler = exchange_->plain ? exchange_->plain->answer : exchange_->route->handler;
        auto done = [self = shared_from_this()](Result<Response> result) {
            if (Executor::current() == &self->transport_->executor()) return self->handled(std::move(result));
            auto shared = std::make_shared<Result<Response>>(std::move(result));
            self->transport_->executor().post([self, shared] { self->handled(std::move(*shared)); });
        };
        confidente::start(handler(std::move(*request_)), std::move(done));
    }

    void give_fixed() {
        take_spare();
        if (!gate_.append_fixed(out_, *exchange_, keep_))
            return respond(gate_.finish(*exchange_, *exchange_->route->fixed), keep_);
        answered(keep_);
    }

    void handled(Result<Response> result) {
        if (phase_ != Phase::handling) return;
        caller_.reset();
        respond(gate_.finish(*exchange_, std::move(result)), draining_ ? Keep::no : keep_);
    }

    void upgrade() {
        auto peer = std::make_shared<WebSocketPeer>(transport_, sessions_, exchange_->websocket->max_message);
        auto accepted = exchange_->websocket->accept(*request_, peer);
        if (auto* refusal = std::get_if<Response>(&accepted)) {
            peer->forget();
            return respond(gate_.finish(*exchange_, std::move(*refusal)), Keep::no);
        }
        const Response response = gate_.finish(*exchange_, Response::empty(101));
        phase_ = Phase::ended;
        peer->start(std::move(std::get<0>(accepted)), websocket_accept(*request_->header("Sec-WebSocket-Key")),
                    gate_.headers(*exchange_, response), std::move(buffer_));
        sessions_.ended(*this);
    }

    void refuse(int status, const Error& error) {
        auto [exchange, response] = gate_.refuse(status, error, peer_);
        exchange.method = request_->method;  // HEAD has no body, whatever the answer
        exchange_ = std::move(exchange);
        respond(std::move(response), Keep::no);
    }

    void respond(Response response, Keep keep) {
        take_spare();
        gate_.append_head(out_, *exchange_, response, keep);
        const bool bodiless = response.status == 204 || response.status == 304 || exchange_->method == Method::head;
        if (!bodiless && response.bytes().size() <= kCopied)
            out_ += response.bytes();
        else if (!bodiless)
            big_ = std::move(response);
        answered(keep);
    }

    void answered(Keep keep) {
        exchange_->hold.reset();
        parser_.reset();
        ++served_;
        phase_ = keep == Keep::yes ? Phase::idle : Phase::closing;
        pump();
    }

    /// Emptied buffers of the thread's connections: one that is idle holds none.
    void take_spare() {
        if (out_.empty()) out_.swap(spare());
    }
    static std::string& spare() {
        thread_local std::string buffer;
        return buffer;
    }

    void flush() {
        std::array<std::string_view, 2> parts{out_, big_ ? big_->bytes() : std::string_view{}};
        if (phase_ == Phase::ended || parts[0].size() + parts[1].size() == 0) return;
        const auto taken = transport_->write_now(parts);
        if (!taken) return end();
        if (*taken == parts[0].size() + parts[1].size()) {
            out_.clear();
            if (spare().capacity() < out_.capacity()) spare().swap(out_);
            out_ = {};
            big_.reset();
            return;
        }
        in_flight_ = std::exchange(out_, {});
        in_flight_big_ = std::exchange(big_, std::nullopt);
        parts = {in_flight_, in_flight_big_ ? in_flight_big_->bytes() : std::string_view{}};
        const auto of_first = std::min(*taken, parts[0].size());
        parts[0].remove_prefix(of_first);
        parts[1].remove_prefix(*taken - of_first);
        writing_ = true;
        expire_after(kWriteTimeout);
        transport_->write({parts[0], parts[1]},
                          [self = shared_from_this()](bool ok, std::size_t) { self->written(ok); });
    }

    void written(bool ok) {
        writing_ = false;
        in_flight_ = {};
        in_flight_big_.reset();
        if (phase_ == Phase::ended) return;
        if (!ok) return end();
        timed_ = Phase::ended;
        expire_never();
        pump();
    }

    /// Closing with unread bytes makes the kernel reset the connection, and the answer may be lost on its way.
    void linger() {
        phase_ = Phase::lingering;
        expire_after(kLingerTime);
        transport_->shutdown([self = shared_from_this()](bool ok, std::size_t) {
            if (self->phase_ != Phase::lingering) return;
            if (!ok || self->reading_after_timeout_) return self->end();
            self->read_some();
        });
    }

    void lingered(bool ok, std::size_t bytes) {
        lingered_ += bytes;
        if (!ok || lingered_ > kMaxLinger) return end();
        read_some();
    }

    std::shared_ptr<Transport> transport_;
    const ServerConfig& config_;
    Gate& gate_;
    Sessions& sessions_;
    Peer peer_;
    std::optional<Parser> parser_;       ///< while a request comes in that is not a plain one
    std::array<char, kHeadRead> input_;  ///< being read into, except for bodies
    std::string buffer_;                 ///< received, not yet parsed
    std::string_view unread_;            ///< within pump(): of buffer_ or of what was just received
    std::optional<Request> request_;
    std::optional<Exchange> exchange_;
    std::shared_ptr<Caller> caller_;  ///< while a plain request of an endpoint is handled
    Keep keep_ = Keep::yes;           ///< what the request said
    std::string out_;                 ///< answers that have not left yet, in order
    std::optional<Response> big_;     ///< whose body follows out_
    std::string in_flight_;           ///< what the peer did not take at once
    std::optional<Response> in_flight_big_;
    Phase phase_ = Phase::idle;
    Phase timed_ = Phase::ended;  ///< what deadline_ was set for
    Instant deadline_ = Instant::never();
    Instant timer_ = Instant::never();  ///< when the transport's timer fires
    bool pumping_ = false;
    bool draining_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool reading_after_timeout_ = false;  ///< a read is still under way: no second one may begin
    std::size_t served_ = 0, lingered_ = 0;
};

}  // namespace

void serve(std::shared_ptr<Transport> transport, const ServerConfig& config, Gate& gate, Sessions& sessions) {
    std::make_shared<Connection>(std::move(transport), config, gate, sessions)->start();
}

}  // namespace confidente::http
