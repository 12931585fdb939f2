#include "platform/http/websocket_peer.hpp"

#include <algorithm>
#include <array>

#include "platform/base/bytes.hpp"
#include "platform/base/metrics.hpp"

namespace confidente::http {
namespace {

constexpr std::chrono::seconds kCloseLimit{5};
/// Read and thrown away after a message that was refused, so that the reason is not lost to a reset (RFC 9293 §3.6).
constexpr std::size_t kMaxLinger = 16U << 20U;  // bytes

metrics::Gauge& open_websockets() {
    static metrics::Gauge& gauge = metrics::registry().gauge("confidente_http_websockets", "Open websockets");
    return gauge;
}

}  // namespace

WebSocketPeer::WebSocketPeer(std::shared_ptr<Transport> transport, Sessions& sessions, std::size_t max_message)
    : transport_(std::move(transport)), sessions_(sessions), reader_(max_message) {}

void WebSocketPeer::start(std::shared_ptr<WebSocketHandler> handler, std::string accept, const Headers& headers,
                          std::string received) {
    handler_ = std::move(handler);
    started_ = true;
    sessions_.opened(shared_from_this());
    open_websockets().add(1);
    handshake_ =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept + "\r\n";
    for (const auto& [name, value] : headers) handshake_.append(name).append(": ").append(value).append("\r\n");
    handshake_ += "\r\n";
    transport_->no_deadline();
    transport_->limit_unsent(kMaxUnsent);
    {
        const std::lock_guard lock{mutex_};
        open_ = writing_ = true;
    }
    transport_->write({handshake_}, [self = shared_from_this()](bool ok, std::size_t) {
        std::string{}.swap(self->handshake_);  // assigning would keep its kilobyte for as long as the socket idles
        self->written(ok);
    });
    reader_.feed(received);
    process();
    if (!ended_ && !close_received_) read();
}

void WebSocketPeer::forget() { ended_ = true; }

void WebSocketPeer::send(std::vector<WebSocketMessage> messages) {
    const std::lock_guard lock{mutex_};
    for (auto& message : messages) queue(message.binary ? Opcode::binary : Opcode::text, std::move(message.data));
}

void WebSocketPeer::send_framed(std::span<const SharedBytes> pieces) {
    const std::lock_guard lock{mutex_};
    std::size_t written = 0;
    if (open_ && !writing_ && queue_.empty() && !write_at_once(pieces, written)) {
        executor().post([self = shared_from_this()] { self->end(); });
        return;
    }
    for (const auto& piece : pieces) queue({{}, piece, std::exchange(written, 0)});
}

/// Takes what has left away from `pieces`; `written` bytes of the first one that is left have gone too. False when the
/// connection is broken.
bool WebSocketPeer::write_at_once(std::span<const SharedBytes>& pieces, std::size_t& written) {
    std::array<std::string_view, 64> parts;
    const std::size_t count = std::min(parts.size(), pieces.size());
    for (std::size_t i = 0; i < count; ++i) parts[i] = *pieces[i];
    const auto taken = transport_->write_now({parts.data(), count});
    if (!taken) return false;
    written_bytes_.fetch_add(*taken, std::memory_order_relaxed);
    written = *taken;
    while (!pieces.empty() && written >= pieces.front()->size()) {
        written -= pieces.front()->size();
        pieces = pieces.subspan(1);
    }
    return true;
}

/// With the mutex held.
void WebSocketPeer::queue(Outgoing frame) {
    if (ended_ || closing_) return;
    const auto cost = frame.cost();
    if (queued_bytes_.fetch_add(cost, std::memory_order_relaxed) + cost > kMaxQueued) {
        executor().post([self = shared_from_this()] { self->end(); });
        return;
    }
    queue_.push_back(std::move(frame));
    if (flush_posted_) return;
    flush_posted_ = true;
    executor().post([self = shared_from_this()] { self->flush(); });
}

void WebSocketPeer::flush() {
    {
        const std::lock_guard lock{mutex_};
        flush_posted_ = false;
        if (!started_ || writing_ || ended_) return;
        in_flight_.swap(queue_);
        pong_queued_ = false;
        writing_ = !in_flight_.empty();
    }
    // The handshake of closing is complete when both sides have said it (RFC 6455 §7.1.1).
    if (in_flight_.empty()) return close_sent_ && close_received_ ? finish() : void();
    std::vector<std::string_view> parts;
    parts.reserve(in_flight_.size() * 2);
    for (const auto& frame : in_flight_) {
        if (!frame.head.empty()) parts.push_back(frame.head);
        parts.push_back(std::string_view(*frame.data).substr(frame.written));
    }
    transport_->write(std::move(parts), [self = shared_from_this()](bool ok, std::size_t) { self->written(ok); });
}

void WebSocketPeer::written(bool ok) {
    {
        const std::lock_guard lock{mutex_};
        writing_ = false;
        std::size_t bytes = 0;
        for (const auto& frame : in_flight_) bytes += frame.cost();
        std::vector<Outgoing>{}.swap(in_flight_);
        queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
        written_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    if (!ok) return end();
    flush();
}

void WebSocketPeer::read() {
    transport_->read_shared(
        [self = shared_from_this()](bool ok, std::string_view bytes) { self->received(ok, bytes); });
}

void WebSocketPeer::received(bool ok, std::string_view bytes) {
    if (ended_) return;
    if (!ok) return end();
    reader_.feed(bytes);
    process();
    if (!ended_ && !close_received_) read();
}

void WebSocketPeer::process() {
    using Kind = FrameReader::Event::Kind;
    while (!ended_ && !close_received_) {
        auto event = reader_.next();
        if (event.kind == Kind::need_more) return;
        if (event.kind == Kind::text || event.kind == Kind::binary) {
            // After our own close frame the peer's messages have no reader any more.
            if (!close_sent_) handler_->message(event.data, event.kind == Kind::binary);
        } else if (event.kind == Kind::ping) {
            // One answer at a time is enough (RFC 6455 §5.5.3) and keeps a flood of pings from growing the queue.
            if (close_sent_ || pong_queued_) continue;
            pong_queued_ = true;
            const std::lock_guard lock{mutex_};
            queue(Opcode::pong, std::make_shared<const std::string>(std::move(event.data)));
        } else if (event.kind == Kind::close || event.kind == Kind::failed) {
            close_received_ = true;
            refused_ = event.kind == Kind::failed;
            send_close(event.code == 1005 ? 1000 : event.code, {});
            flush();
        }
    }
}

/// Both have said it, or the client was refused in the middle of what it sends.
void WebSocketPeer::finish() {
    if (!refused_) return end();
    if (std::exchange(lingering_, true)) return;
    transport_->shutdown([self = shared_from_this()](bool ok, std::size_t) {
        if (ok)
            self->linger();
        else
            self->end();
    });
}

void WebSocketPeer::linger() {
    transport_->read_shared([self = shared_from_this()](bool ok, std::string_view bytes) {
        self->lingered_ += bytes.size();
        if (!ok || self->lingered_ > kMaxLinger) return self->end();
        self->linger();
    });
}

void WebSocketPeer::close(std::uint16_t code, std::string_view reason) {
    executor().post([self = shared_from_this(), code, text = std::string{reason}] {
        if (self->started_) self->send_close(code, text);
    });
}

void WebSocketPeer::send_close(std::uint16_t code, std::string_view reason) {
    if (close_sent_ || ended_) return;
    std::uint8_t number[2];
    store_be16(number, code);
    auto payload = std::make_shared<std::string>(reinterpret_cast<const char*>(number), 2);
    payload->append(reason.substr(0, 123));
    {
        const std::lock_guard lock{mutex_};
        queue(Opcode::close, std::move(payload));
        open_ = false;
        closing_ = true;
    }
    close_sent_ = true;
    transport_->deadline(kCloseLimit, [self = shared_from_this()] { self->end(); });
}

void WebSocketPeer::drain() { send_close(1001, "going away"); }

void WebSocketPeer::end() {
    if (ended_.exchange(true) || !started_) return;
    open_websockets().add(-1);
    {
        const std::lock_guard lock{mutex_};
        open_ = false;
        transport_->close();
    }
    const auto handler = std::move(handler_);
    handler_.reset();
    if (handler) handler->closed();
    sessions_.ended(*this);
}

}  // namespace confidente::http
