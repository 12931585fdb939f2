#include "platform/socketio/session.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "platform/base/log.hpp"
#include "platform/http/http.hpp"

namespace confidente::socketio {

Metrics& Metrics::get() {
    auto& all = metrics::registry();
    static Metrics metrics{
        all.gauge("confidente_sockets_open", "Socket.IO websockets open."),
        all.counter("confidente_socket_events_total", "Events received from clients."),
        all.counter("confidente_socket_deliveries_total", "Messages handed to a socket's queue."),
        all.counter("confidente_sockets_dropped_slow_total", "Sockets closed because they did not read."),
    };
    return metrics;
}

json::Value refusal(const Error& error, std::string_view language) {
    json::Object told;
    told["code"] = error.code;
    told["detail"] = error.detail;
    // The words for a code are kept once, in the problem table of HTTP.
    const auto problem = json::parse(http::problem(error, language, {}).body);
    if (problem && problem->is_object()) {
        const auto& body = problem->get_object();
        if (const auto* detail = body.if_contains("detail")) told["detail"] = *detail;
        if (const auto* errors = body.if_contains("errors")) told["errors"] = *errors;
    }
    json::Object answer;
    answer["ok"] = false;
    answer["error"] = std::move(told);
    return answer;
}

Session::Session(SessionHost& host, std::shared_ptr<http::WebSocket> socket, std::string sid, std::string socket_id,
                 std::string language)
    : host_(host),
      socket_(std::move(socket)),
      connection_(host.config(), host.authenticator(), std::move(sid), std::move(socket_id)),
      language_(std::move(language)) {}

void Session::open() {
    ConnectionOutbox out;
    connection_.open(host_.now(), out);
    apply(out);
}

void Session::message(std::string_view data, bool binary) {
    if (closing_) return;
    ConnectionOutbox out;
    connection_.receive(data, binary, host_.now(), out);
    apply(out);
}

void Session::tick() {
    if (closing_) return;
    ConnectionOutbox out;
    connection_.tick(host_.now(), out);
    apply(out);
}

void Session::closed() {
    closing_ = true;
    host_.disconnected(*this);
}

void Session::apply(ConnectionOutbox& out) {
    deadline_ns_.store(connection_.deadline().ns, std::memory_order_relaxed);
    for (auto& frame : out.frames) deliver(std::make_shared<const std::string>(std::move(frame)));
    if (out.connected && !host_.connected(shared_from_this())) return disconnect("too many sockets");
    if (out.event) dispatch(std::move(*out.event));
    if (out.close) close(out.close->code, out.close->reason);
}

void Session::deliver(const std::shared_ptr<const std::string>& frame) {
    if (closing_) return;
    if (socket_->queued_bytes() > host_.config().max_queued_bytes) {
        Metrics::get().dropped_slow.add();
        // 1013 "try again later": the client reconnects and reads what it missed over HTTP.
        return close(1013, "slow consumer");
    }
    std::vector<http::WebSocketMessage> messages;
    messages.push_back({frame, false});
    socket_->send(std::move(messages));
    Metrics::get().deliveries.add();
}

void Session::disconnect(std::string_view reason) {
    deliver(std::make_shared<const std::string>(kDisconnectFrame));
    close(1000, reason);
}

void Session::close(std::uint16_t code, std::string_view reason) {
    if (!closing_.exchange(true)) socket_->close(code, reason);
}

bool Session::take(const EventRow* row, http::Rate rate) {
    if (rate.per_minute == 0) return true;
    const double size = rate.burst != 0 ? rate.burst : rate.per_minute;
    const Instant now = host_.now().at;
    auto& bucket = buckets_.try_emplace(row, Bucket{size, now}).first->second;
    const double minutes = std::chrono::duration<double, std::ratio<60>>(now - bucket.at).count();
    bucket.tokens = std::min(size, bucket.tokens + minutes * rate.per_minute);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

Status Session::admit(const EventRow* row, const IncomingEvent& event) {
    const auto busy = [] {
        return Error{.kind = ErrorKind::too_many,
                     .code = "rate_limited",
                     .detail = "Too many requests. Wait a moment.",
                     .retry_after_s = 1};
    };
    if (!take(nullptr, host_.config().general_rate)) return busy();
    if (row == nullptr)
        return Error{.kind = ErrorKind::not_found, .code = "unknown_event", .detail = "There is no such event."};
    if (row->access.needs_principal() && !row->access.allows(principal().role))
        return Error{.kind = ErrorKind::forbidden, .code = "forbidden", .detail = "Your role may not do this."};
    if (!take(row, row->rate)) return busy();
    if (!event.payload)
        return Error{
            .kind = ErrorKind::invalid, .code = "invalid_payload", .detail = "The payload must be one JSON object."};
    if (in_flight_ >= kMaxInFlight) return busy();
    return {};
}

void Session::dispatch(IncomingEvent event) {
    Metrics::get().events.add();
    ++events_;
    const auto* row = host_.row(event.name);
    if (auto admitted = admit(row, event); !admitted) return answer(event.ack, admitted.error());
    EventRequest request;
    request.principal = principal();
    request.socket_id = socket_id();
    request.event = event.name;
    request.payload = std::move(event.payload);
    // A client that asks for no acknowledgement still gets a key of its own per event.
    request.ack_key = socket_id() + (event.ack ? ":" + std::to_string(*event.ack) : "#" + std::to_string(events_));
    request.language = language_;
    ++in_flight_;
    std::function<void(Result<json::Value>)> done = [self = shared_from_this(), ack = event.ack,
                                                     row](Result<json::Value> result) {
        --self->in_flight_;
        if (!result && result.error().kind == ErrorKind::internal)
            log::error("socket.event_failed", {{"event.action", row->name}, {"error.message", result.error().cause}});
        self->answer(ack, result);
    };
    auto task = row->handler(std::move(request));
    start(std::move(task), std::move(done));
}

void Session::answer(std::optional<std::uint64_t> ack, const Result<json::Value>& result) {
    if (!ack || closing_) return;
    json::Value body;
    if (result) {
        json::Object fields;
        fields["ok"] = true;
        if (const auto* object = result->if_object())
            for (const auto& field : *object) fields.insert(field);
        body = std::move(fields);
    } else {
        body = refusal(result.error(), language_);
    }
    deliver(std::make_shared<const std::string>(encode_ack(*ack, body)));
}

}  // namespace confidente::socketio
