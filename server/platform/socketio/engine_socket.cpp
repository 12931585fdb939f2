// One session at work: its state machine, the websocket or the waiting poll, and what stands upon it.
#include "platform/socketio/engine_server.hpp"

namespace confidente::socketio {
namespace {

/// Events of the moment are dropped while more than this part of what may be queued is.
constexpr std::size_t kPassingShare = 8;

http::Response payload(std::string body) {
    return http::Response::text(200, std::move(body), "text/plain; charset=UTF-8").with("Cache-Control", "no-store");
}

}  // namespace

EngineSocket::EngineSocket(EngineServer& server, std::string sid, TransportKind transport, Executor* executor,
                           std::shared_ptr<void> half_open)
    : server_(server),
      executor_(executor),
      engine_(server.config(), std::move(sid), transport),
      half_open_(std::move(half_open)) {}

/// One step under the lock; what it leads to follows when the lock is released.
template <class Work>
void EngineSocket::step(Finish finish, Work work) {
    Later later;
    std::optional<CloseReason> ended;
    {
        const std::lock_guard lock(mutex_);
        EngineOutbox out;
        work(out, later);
        react(out, later);
        transmit(out);
        ended = out.close;
        refresh_deadline();
    }
    for (const auto& act : later) act();
    if (!ended) return;
    if (finish == Finish::here || !executor_) return end(*ended);
    executor_->post([self = shared_from_this(), reason = *ended] { self->end(reason); });
}

void EngineSocket::refresh_deadline() {
    const Instant handlers = handler_ && !engine_.closed() ? handler_->deadline() : Instant::never();
    const Instant backlog =
        backlog_.since == Instant::never() ? Instant::never() : backlog_.since + server_.config().slow_timeout;
    deadline_ns_.store(std::min({engine_.deadline(), handlers, backlog}).ns, std::memory_order_relaxed);
}

void EngineSocket::react(EngineOutbox& out, Later& later) {
    for (std::size_t i = 0; handler_ && i < out.messages.size(); ++i) {
        Reaction reaction;
        handler_->message(out.messages[i].data, out.messages[i].binary, reaction);
        apply(reaction, out, later);
        if (reaction.close) return;
    }
}

void EngineSocket::apply(Reaction& reaction, EngineOutbox& out, Later& later) {
    engine_.send(reaction.frames, out);
    for (auto& act : reaction.later) later.push_back(std::move(act));
    if (reaction.close) engine_.close(*reaction.close, out);
}

/// Whatever leaves does so under the lock, so that two threads cannot change the order.
void EngineSocket::transmit(EngineOutbox& out) {
    if (probe_ && !out.probe.empty()) probe_->send(std::move(out.probe));
    if (out.upgraded) websocket_ = std::exchange(probe_, nullptr);
    if (probe_ && out.drop_probe) std::exchange(probe_, nullptr)->close(1000, "not taken");
    if (websocket_ && !out.frames.empty()) {
        if (websocket_->queued_bytes() <= server_.config().max_queued_bytes) {
            websocket_->send(std::move(out.frames));
            watch_backlog();
        } else {
            engine_.close(kSlowConsumer, out);
        }
    }
    if (out.poll && poll_answer_) std::exchange(poll_answer_, nullptr)(payload(std::move(*out.poll)));
    if (out.close && websocket_) websocket_->close(out.close->code, out.close->reason);
}

void EngineSocket::end(const CloseReason& reason) {
    std::shared_ptr<EngineHandler> handler;
    {
        const std::lock_guard lock(mutex_);
        handler = std::exchange(handler_, nullptr);
        half_open_.reset();
    }
    if (finished()) server_.forget(*this);
    if (handler) handler->closed(reason);
}

/// A session and what stands upon it hold each other; this lets both go.
void EngineSocket::abandon() {
    std::shared_ptr<EngineHandler> handler;
    const std::lock_guard lock(mutex_);
    handler = std::exchange(handler_, nullptr);
    websocket_.reset();
    probe_.reset();
}

void EngineSocket::open(std::shared_ptr<EngineHandler> handler, std::shared_ptr<http::WebSocket> websocket) {
    step(Finish::here, [&](EngineOutbox& out, Later&) {
        handler_ = std::move(handler);
        websocket_ = std::move(websocket);
        engine_.open(server_.now(), out);
    });
}

void EngineSocket::send(std::vector<Frame> frames) {
    step(Finish::posted, [&](EngineOutbox& out, Later&) { engine_.send(frames, out); });
}

void EngineSocket::hear(std::span<const Heard> heard, std::string_view socket_id) {
    const std::size_t most = server_.config().max_queued_bytes, most_passing = most / kPassingShare;
    {
        const std::lock_guard lock(mutex_);
        if (engine_.closed() || !handler_) return;
        const std::size_t queued =
            engine_.transport() == TransportKind::websocket && websocket_ ? websocket_->queued_bytes() : SIZE_MAX;
        if (queued <= most) {
            write(heard, socket_id, queued > most_passing);
            watch_backlog();
            if (backlog_.since != Instant::never()) refresh_deadline();
            return;
        }
    }
    step(Finish::posted, [&](EngineOutbox& out, Later&) {
        const bool on_websocket = engine_.transport() == TransportKind::websocket;
        if (on_websocket && websocket_ && websocket_->queued_bytes() > most) return engine_.close(kSlowConsumer, out);
        engine_.send(frames_of(heard, socket_id, engine_.queued_bytes() > most_passing), out);
    });
}

/// To the websocket, with the lock held.
void EngineSocket::write(std::span<const Heard> heard, std::string_view socket_id, bool drop_passing) {
    thread_local std::vector<http::SharedBytes> wires;
    std::uint64_t last = 0;
    for (const auto& one : heard) {
        if (!one.is_whole(socket_id, drop_passing) || one.burst->first() <= last) break;
        last = one.burst->last();
        if (heard.size() == 1) return websocket_->send_framed({&one.burst->wire(), 1});
        wires.push_back(one.burst->wire());
    }
    if (wires.size() == heard.size())
        websocket_->send_framed(wires);
    else
        websocket_->send(frames_of(heard, socket_id, drop_passing));
    wires.clear();
}

/// Remembers what has to be gone when the slow client's time is over.
void EngineSocket::watch_backlog() {
    const auto written = websocket_->written_bytes(), queued = websocket_->queued_bytes();
    const bool is_watched = backlog_.since != Instant::never() && written < backlog_.end;
    if (queued != 0 && !is_watched) backlog_ = {server_.now(), written + queued};
}

/// Whether the client left all of its time unread what was there when it began.
bool EngineSocket::is_stuck() {
    if (backlog_.since == Instant::never() || server_.now() < backlog_.since + server_.config().slow_timeout)
        return false;
    const bool gone = !websocket_ || websocket_->written_bytes() >= backlog_.end;
    backlog_.since = Instant::never();
    if (gone && websocket_) watch_backlog();
    return !gone;
}

void EngineSocket::close(CloseReason reason, std::vector<Frame> last) {
    step(Finish::posted, [&](EngineOutbox& out, Later&) {
        engine_.send(last, out);
        engine_.close(reason, out);
    });
}

void EngineSocket::established() {
    const std::lock_guard lock(mutex_);
    half_open_.reset();
}

Task<Result<http::Response>> EngineSocket::poll(std::shared_ptr<http::Caller> caller) {
    std::function<void(Answer)> begin = [self = shared_from_this(), caller](Answer answer) {
        self->begin_poll(caller, std::move(answer));
    };
    auto response = co_await Callback<Result<http::Response>>(begin);
    co_return response;
}

void EngineSocket::begin_poll(std::shared_ptr<http::Caller> caller, Answer answer) {
    bool refused = false;
    std::uint64_t number = 0;
    step(Finish::here, [&](EngineOutbox& out, Later&) {
        // A heartbeat that is overdue counts even if the clock's tick is still to come.
        engine_.tick(server_.now(), out);
        auto waiting = std::exchange(poll_answer_, nullptr);
        if (out.poll && waiting) std::exchange(waiting, nullptr)(payload(std::move(*std::exchange(out.poll, {}))));
        const auto verdict = engine_.poll(out);
        refused = verdict == Engine::Poll::refused;
        // Whoever waits already is answered first when two polls meet.
        poll_answer_ = refused ? std::move(waiting) : std::move(answer);
        number = ++polls_;
    });
    if (finished()) server_.forget(*this);
    if (refused) return answer(refuse(EngineError::session_unknown));
    if (!caller) return;
    caller->on_gone([self = shared_from_this(), number] {
        Answer waiting;
        self->step(Finish::here, [&](EngineOutbox& out, Later&) {
            if (self->polls_ != number || !self->poll_answer_) return;
            waiting = std::exchange(self->poll_answer_, nullptr);
            self->engine_.broken("transport closed", out);
        });
        if (waiting) waiting(payload("1"));
    });
}

http::Response EngineSocket::post(const http::Request& request) {
    bool taken = false;
    const auto type = request.header("Content-Type").value_or("");
    step(Finish::here, [&](EngineOutbox& out, Later&) {
        post_under_way_ = false;
        engine_.tick(server_.now(), out);
        // Binary bodies were version 3's.
        if (type.starts_with("application/octet-stream")) return engine_.broken("binary body", out);
        taken = engine_.post(request.body, server_.now(), out);
    });
    if (!taken) return refuse(EngineError::bad_request);
    return http::Response::text(200, "ok").with("Cache-Control", "no-store");
}

std::shared_ptr<void> EngineSocket::begin_post() {
    std::uint64_t number = 0;
    step(Finish::here, [&](EngineOutbox& out, Later&) {
        if (engine_.closed() || engine_.transport() != TransportKind::polling) return;
        if (post_under_way_) return engine_.broken("two posts", out);
        post_under_way_ = true;
        number = ++posts_;
    });
    if (number == 0) return nullptr;
    return {this, [self = shared_from_this(), number](void*) {
                self->step(Finish::here, [&](EngineOutbox& out, Later&) {
                    if (!self->post_under_way_ || self->posts_ != number) return;
                    self->post_under_way_ = false;
                    self->engine_.broken("post cut off", out);
                });
            }};
}

bool EngineSocket::begin_probe(std::shared_ptr<http::WebSocket> websocket) {
    bool begun = false;
    step(Finish::here, [&](EngineOutbox&, Later&) {
        begun = engine_.begin_probe(server_.now());
        if (begun) probe_ = std::move(websocket);
    });
    return begun;
}

void EngineSocket::websocket_message(const http::WebSocket* websocket, std::string_view data, bool binary) {
    step(Finish::here, [&](EngineOutbox& out, Later&) {
        if (websocket == websocket_.get())
            engine_.frame(data, binary, server_.now(), out);
        else if (websocket == probe_.get())
            engine_.probe_frame(data, binary, server_.now(), out);
    });
}

void EngineSocket::websocket_closed(const http::WebSocket* websocket) {
    step(Finish::here, [&](EngineOutbox& out, Later&) {
        if (websocket == probe_.get()) {
            probe_.reset();
            engine_.probe_gone();
        }
        if (websocket != websocket_.get()) return;
        websocket_.reset();
        engine_.broken("transport closed", out);
    });
}

void EngineSocket::tick() {
    step(Finish::here, [&](EngineOutbox& out, Later& later) {
        engine_.tick(server_.now(), out);
        if (!engine_.closed() && is_stuck()) engine_.close(kSlowConsumer, out);
        if (engine_.closed() || !handler_) return;
        Reaction reaction;
        handler_->tick(reaction);
        apply(reaction, out, later);
    });
    if (finished()) server_.forget(*this);
}

bool EngineSocket::finished() {
    const std::lock_guard lock(mutex_);
    return engine_.finished();
}

}  // namespace confidente::socketio
