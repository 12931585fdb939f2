#include "platform/socketio/engine.hpp"

#include <algorithm>

#include "platform/socketio/packet.hpp"

namespace confidente::socketio {
namespace {

constexpr std::string_view kNoop = "6";
constexpr std::string_view kClose = "1";
/// How long a closed session still answers the poll that is on its way.
constexpr Duration kLinger = 2s;

Frame text(std::string_view data) { return {std::make_shared<const std::string>(data), false}; }

}  // namespace

Engine::Engine(const EngineConfig& config, std::string sid, TransportKind transport)
    : config_(config), sid_(std::move(sid)), transport_(transport) {}

void Engine::open(Instant now, EngineOutbox& out) {
    const auto upgrades = transport_ == TransportKind::polling ? Upgrades::websocket : Upgrades::none;
    const Frame open =
        text(encode_open(sid_, upgrades, config_.ping_interval, config_.ping_timeout, config_.max_payload));
    send({&open, 1}, out);
    ping_at_ = now + config_.ping_interval;
}

void Engine::frame(std::string_view data, bool binary, Instant now, EngineOutbox& out) {
    if (closed_) return;
    if (data.size() > config_.max_payload) return end({1009, "too large"}, {}, out);
    if (binary)
        out.messages.push_back({data, true});
    else
        packet(data, now, out);
}

bool Engine::post(std::string_view body, Instant now, EngineOutbox& out) {
    if (closed_ || transport_ != TransportKind::polling) return false;
    auto payload = parse_payload(body);
    if (!payload) {
        end({1002, "broken packet"}, {}, out);
        return false;
    }
    out.decoded = std::move(payload->decoded);
    for (const auto& [data, binary] : payload->packets) {
        if (binary)
            out.messages.push_back({data, true});
        else if (!packet(data, now, out))
            // A close is a client's right; anything else that ends a session here was none.
            return data == kClose;
    }
    return true;
}

/// False when the session is over.
bool Engine::packet(std::string_view data, Instant now, EngineOutbox& out) {
    const auto parsed = parse_engine(data);
    if (!parsed) {
        end({1002, "broken packet"}, {}, out);
        return false;
    }
    switch (parsed->type) {
        case EngineType::message:
            out.messages.push_back({parsed->data, false});
            return true;
        case EngineType::pong:
            if (pong_by_ == Instant::never()) return true;
            pong_by_ = Instant::never();
            ping_at_ = now + config_.ping_interval;
            return true;
        case EngineType::noop:
            return true;
        case EngineType::close:
            if (!parsed->data.empty()) break;
            // A poll that crosses the close on another connection is owed its noop too.
            end({1000, "client closed", true}, {std::string(kNoop)}, out);
            return false;
        // Since v4 the server pings; the rest is the server's, or comes on the websocket that takes over.
        case EngineType::open:
        case EngineType::ping:
        case EngineType::upgrade:
            break;
    }
    end({1002, "unexpected packet"}, {}, out);
    return false;
}

Engine::Poll Engine::poll(EngineOutbox& out) {
    if (!farewell_.empty()) {
        out.poll = std::move(farewell_.front());
        farewell_.erase(farewell_.begin());
        return Poll::answered;
    }
    if (closed_ || transport_ != TransportKind::polling) return Poll::refused;
    if (poll_waits_) {
        // Two polls at once: the one that waits is told of the end, the other refused.
        end({1002, "two polls"}, {}, out);
        return Poll::refused;
    }
    poll_waits_ = true;
    if (queue_.empty() && probe_ == Probe::answered) {
        poll_waits_ = false;
        out.poll = std::string(kNoop);
        return Poll::answered;
    }
    flush_poll(out);
    return out.poll ? Poll::answered : Poll::waits;
}

void Engine::broken(std::string_view reason, EngineOutbox& out) {
    if (!closed_) end({1006, reason, true}, {}, out);
}

void Engine::flush_poll(EngineOutbox& out) {
    if (!poll_waits_ || queue_.empty()) return;
    poll_waits_ = false;
    out.poll = encode_payload(queue_);
    forget_queue();
}

/// All of it has left, or nobody wants it any more.
void Engine::forget_queue() {
    queue_.clear();
    queued_bytes_ = 0;
    fetch_by_ = Instant::never();
}

bool Engine::begin_probe(Instant now) {
    if (closed_ || transport_ != TransportKind::polling || probe_ != Probe::none) return false;
    probe_ = Probe::opened;
    upgrade_by_ = now + config_.upgrade_timeout;
    return true;
}

void Engine::probe_frame(std::string_view data, bool binary, Instant, EngineOutbox& out) {
    if (closed_ || probe_ == Probe::none) return;
    if (!binary && data == "2probe" && probe_ == Probe::opened) {
        probe_ = Probe::answered;
        out.probe.push_back(text("3probe"));
        if (!poll_waits_) return;
        poll_waits_ = false;
        out.poll = std::string(kNoop);
        return;
    }
    if (binary || data != "5" || probe_ != Probe::answered) {
        // The attempt has failed; the session goes on where it was.
        probe_ = Probe::none;
        upgrade_by_ = Instant::never();
        out.drop_probe = true;
        return;
    }
    probe_ = Probe::none;
    upgrade_by_ = Instant::never();
    transport_ = TransportKind::websocket;
    out.upgraded = true;
    out.frames.insert(out.frames.end(), std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    forget_queue();
}

void Engine::send(std::span<const Frame> frames, EngineOutbox& out) {
    if (closed_ || frames.empty()) return;
    if (transport_ == TransportKind::websocket) {
        out.frames.insert(out.frames.end(), frames.begin(), frames.end());
        return;
    }
    if (queued_bytes_ > config_.max_queued_bytes) return end(kSlowConsumer, {}, out);
    if (queue_.empty()) fetch_by_ = Instant{};  // counted from the next tick
    for (const auto& frame : frames) queued_bytes_ += frame.data->size() + 16;
    queue_.insert(queue_.end(), frames.begin(), frames.end());
    flush_poll(out);
}

void Engine::close(CloseReason reason, EngineOutbox& out) {
    if (closed_) return;
    std::vector<std::string> farewell;
    // Apart from each other: the official client hears the close of a payload before the messages in front of it.
    if (!queue_.empty()) farewell.push_back(encode_payload(queue_));
    farewell.emplace_back(kClose);
    end(reason, std::move(farewell), out);
}

void Engine::end(CloseReason reason, std::vector<std::string> farewell, EngineOutbox& out) {
    closed_ = true;
    if (probe_ != Probe::none) out.drop_probe = true;
    probe_ = Probe::none;
    if (transport_ == TransportKind::polling) {
        farewell_ = std::move(farewell);
        if (poll_waits_ && farewell_.empty()) farewell_.emplace_back(kClose);
        if (poll_waits_) poll(out);
    }
    poll_waits_ = false;
    forget_queue();
    out.close = reason;
}

void Engine::tick(Instant now, EngineOutbox& out) {
    if (closed_) {
        if (linger_until_ == Instant::never()) linger_until_ = now + kLinger;
        if (now >= linger_until_) farewell_.clear();
        return;
    }
    if (now >= pong_by_) return end({1001, "ping timeout", true}, {}, out);
    if (now >= fetch_by_ && fetch_by_ != Instant{}) return end(kSlowConsumer, {}, out);
    if (fetch_by_ == Instant{}) fetch_by_ = now + config_.slow_timeout;
    if (now >= upgrade_by_) {
        upgrade_by_ = Instant::never();
        if (probe_ != Probe::none) out.drop_probe = true;
        probe_ = Probe::none;
    }
    if (now < ping_at_) return;
    // Counted from when the ping was due: a late tick gives nobody more time, nor takes more than half of it away.
    pong_by_ = std::max(ping_at_ + config_.ping_timeout, now + config_.ping_timeout / 2);
    ping_at_ = Instant::never();
    const Frame ping = text(kPingFrame);
    send({&ping, 1}, out);
}

Instant Engine::deadline() const {
    if (closed_) return !farewell_.empty() && linger_until_ == Instant::never() ? Instant{} : linger_until_;
    return std::min({ping_at_, pong_by_, upgrade_by_, fetch_by_});
}

}  // namespace confidente::socketio
