#include "platform/socketio/session.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "platform/base/log.hpp"
#include "platform/http/http.hpp"

namespace confidente::socketio {

Metrics& Metrics::get() {
    auto& all = metrics::registry();
    static Metrics metrics{
        all.gauge("confidente_sockets_open", "Socket.IO sessions open."),
        all.counter("confidente_socket_events_total", "Events received from clients."),
        all.counter("confidente_sockets_dropped_slow_total", "Sockets closed because they did not read."),
        all.counter("confidente_sockets_recovered_total", "Lost clients that came back to their rooms."),
    };
    return metrics;
}

namespace {

Frame text(std::string frame) { return {std::make_shared<const std::string>(std::move(frame)), false}; }

std::vector<Frame> frames(std::string packet, const Attachments& attachments) {
    std::vector<Frame> out;
    out.reserve(1 + attachments.size());
    out.push_back(text(std::move(packet)));
    for (const auto& attachment : attachments) out.push_back({attachment, true});
    return out;
}

Error unanswered() {
    return {.kind = ErrorKind::unavailable, .code = "unanswered", .detail = "The client did not answer in time."};
}

/// A client in an open namespace, as its owner holds it.
class OpenClient final : public OpenSocket {
public:
    OpenClient(std::shared_ptr<Session> session, std::string nsp)
        : session_(std::move(session)), nsp_(std::move(nsp)) {}
    void emit(const json::Array& arguments, const Attachments& attachments) override {
        session_->deliver(frames(encode_event(nsp_, arguments, attachments.size(), {}), attachments));
    }
    void emit_with_ack(const json::Array& arguments, Duration timeout, Answered answered) override {
        session_->ask(nsp_, arguments, timeout, std::move(answered));
    }
    void acknowledge(std::uint64_t id, const json::Array& answers, const Attachments& attachments) override {
        session_->deliver(frames(encode_ack(nsp_, id, answers, attachments.size()), attachments));
    }

private:
    std::shared_ptr<Session> session_;
    std::string nsp_;
};

}  // namespace

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

Session::Session(SessionHost& host, std::shared_ptr<EngineSocket> socket, std::string language)
    : host_(host), socket_(std::move(socket)), connection_(*this), language_(std::move(language)) {}

void Session::message(std::string_view data, bool binary, Reaction& out) {
    ConnectionOutbox from;
    connection_.receive(data, binary, from);
    apply(from, out);
}

void Session::tick(Reaction& out) {
    ConnectionOutbox from;
    connection_.tick(from);
    apply(from, out);
    out.later.push_back([self = shared_from_this(), now = now().at] { self->give_up(now); });
}

Instant Session::deadline() const {
    Instant earliest = connection_.deadline();
    const std::lock_guard lock(asks_mutex_);
    for (const auto& [id, ask] : asks_) earliest = std::min(earliest, ask.until);
    return earliest;
}

void Session::closed(const CloseReason& reason) {
    if (reason.code == kSlowConsumer.code) Metrics::get().dropped_slow.add();
    give_up(Instant::never());
    host_.disconnected(*this, reason);
}

void Session::apply(ConnectionOutbox& from, Reaction& out) {
    for (auto& frame : from.frames) out.frames.push_back(std::move(frame));
    if (from.joined) joined(std::move(*from.joined), out);
    if (from.event) event(std::move(*from.event), out);
    if (from.ack) {
        auto act = [self = shared_from_this(), ack = std::move(*from.ack)] { self->answered(ack); };
        out.later.push_back(std::move(act));
    }
    if (from.close) out.close = from.close;
}

Result<Admission> Session::admit(const SharedPrincipal& principal, const Comeback& comeback) {
    return host_.admit(shared_from_this(), principal, comeback);
}

void Session::joined(Joined joined, Reaction& out) {
    const auto* space = host_.open_namespace(joined.nsp);
    out.later.push_back([self = shared_from_this(), space, joined = std::move(joined)] {
        self->socket_->established();
        if (space == nullptr) return self->host_.admitted(*self);
        space->connected(std::make_shared<OpenClient>(self, joined.nsp), *joined.auth);
    });
}

void Session::deliver(Frame frame) {
    std::vector<Frame> one;
    one.push_back(std::move(frame));
    socket_->send(std::move(one));
}

void Session::dismiss(std::string_view reason) {
    socket_->close({1000, reason}, {text(std::string(kDisconnectFrame))});
}

void Session::replace() { socket_->close({1000, "replaced"}); }

bool Session::take(const EventRow* row, http::Rate rate) {
    if (rate.per_minute == 0) return true;
    const double size = rate.burst != 0 ? rate.burst : rate.per_minute;
    const Instant at = now().at;
    auto& bucket = buckets_.try_emplace(row, Bucket{size, at}).first->second;
    const double minutes = std::chrono::duration<double, std::ratio<60>>(at - bucket.at).count();
    bucket.tokens = std::min(size, bucket.tokens + minutes * rate.per_minute);
    bucket.at = at;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

Status Session::admit_event(const EventRow* row, const IncomingEvent& event) {
    const auto busy = [] {
        return Error{.kind = ErrorKind::too_many,
                     .code = "rate_limited",
                     .detail = "Too many requests. Wait a moment.",
                     .retry_after_s = 1};
    };
    if (!take(nullptr, config().general_rate)) return busy();
    if (row == nullptr)
        return Error{.kind = ErrorKind::not_found, .code = "unknown_event", .detail = "There is no such event."};
    if (row->access.needs_principal() && !row->access.allows(connection_.principal()->role))
        return Error{.kind = ErrorKind::forbidden, .code = "forbidden", .detail = "Your role may not do this."};
    if (!take(row, row->rate)) return busy();
    if (!event.payload)
        return Error{
            .kind = ErrorKind::invalid, .code = "invalid_payload", .detail = "The payload must be one JSON object."};
    if (in_flight_ >= kMaxInFlight) return busy();
    return {};
}

/// What may be decided at once is; what needs a handler follows when the lock is released.
void Session::event(IncomingEvent event, Reaction& out) {
    Metrics::get().events.add();
    ++events_;
    if (const auto* space = host_.open_namespace(event.nsp)) {
        if (!take(nullptr, config().general_rate)) return;
        out.later.push_back([self = shared_from_this(), space, event = std::move(event)] {
            space->event(std::make_shared<OpenClient>(self, event.nsp),
                         OpenEvent{event.arguments, event.attachments, event.ack});
        });
        return;
    }
    const auto* row = host_.row(event.name);
    if (auto admitted = admit_event(row, event); !admitted) {
        if (event.ack) out.frames.push_back(text(answer(*event.ack, admitted.error())));
        return;
    }
    EventRequest request;
    request.principal = *connection_.principal();
    request.socket_id = socket_id();
    request.event = event.name;
    request.payload = std::move(event.payload);
    // A client that asks for no acknowledgement still gets a key of its own per event, on this connection.
    request.ack_key =
        event.ack ? socket_id() + ":" + std::to_string(*event.ack) : socket_->sid() + "#" + std::to_string(events_);
    request.language = language_;
    ++in_flight_;
    out.later.push_back([self = shared_from_this(), row, request = std::move(request), ack = event.ack] {
        self->dispatch(*row, request, ack);
    });
}

void Session::dispatch(const EventRow& row, EventRequest request, std::optional<std::uint64_t> ack) {
    std::function<void(Result<json::Value>)> done = [self = shared_from_this(), ack, &row](Result<json::Value> result) {
        --self->in_flight_;
        if (!result && result.error().kind == ErrorKind::internal)
            log::error("socket.event_failed", {{"event.action", row.name}, {"error.message", result.error().cause}});
        if (ack) self->deliver(text(self->answer(*ack, result)));
    };
    auto task = row.handler(std::move(request));
    start(std::move(task), std::move(done));
}

std::string Session::answer(std::uint64_t ack, const Result<json::Value>& result) const {
    if (!result) return encode_ack(ack, refusal(result.error(), language_));
    json::Object fields;
    fields["ok"] = true;
    if (const auto* object = result->if_object())
        for (const auto& field : *object) fields.insert(field);
    return encode_ack(ack, json::Value(std::move(fields)));
}

void Session::ask(const std::string& nsp, const json::Array& arguments, Duration timeout, Answered answered) {
    std::uint64_t id = 0;
    {
        const std::lock_guard lock(asks_mutex_);
        if (asks_.size() < kMaxAsks) {
            id = ++next_ask_;
            asks_.emplace(id, Ask{nsp, now().at + timeout, std::move(answered)});
        }
    }
    if (id == 0) return answered(unanswered(), {});
    deliver(text(encode_event(nsp, arguments, 0, id)));
}

void Session::answered(IncomingAck ack) {
    Answered answered;
    {
        const std::lock_guard lock(asks_mutex_);
        const auto found = asks_.find(ack.id);
        // An answer that nobody asked for, or that came too late, is nothing.
        if (found == asks_.end() || found->second.nsp != ack.nsp) return;
        answered = std::move(found->second.answered);
        asks_.erase(found);
    }
    answered(*ack.arguments, std::move(ack.attachments));
}

/// Ends the questions whose time is over; all of them when the client has gone.
void Session::give_up(Instant until) {
    std::vector<Answered> over;
    {
        const std::lock_guard lock(asks_mutex_);
        std::erase_if(asks_, [&](auto& entry) {
            if (entry.second.until > until) return false;
            over.push_back(std::move(entry.second.answered));
            return true;
        });
    }
    for (const auto& answered : over) answered(unanswered(), {});
}

}  // namespace confidente::socketio
