#include "platform/socketio/connection.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace confidente::socketio {
namespace {

/// Longest wait for which an expiry is planned; the heartbeat looks at wall time again long before.
constexpr std::int64_t kLongestExpiryMs = 86'400'000;

std::string token_of(const Packet& packet) {
    const auto* object = packet.data ? packet.data->if_object() : nullptr;
    const auto* value = object != nullptr ? object->if_contains("token") : nullptr;
    const auto* token = value != nullptr ? value->if_string() : nullptr;
    if (token == nullptr || token->size() > kMaxToken) return {};
    return std::string(token->data(), token->size());
}

IncomingEvent incoming(const Packet& packet) {
    const auto& array = packet.data->get_array();
    IncomingEvent event;
    event.name = std::string(array.front().get_string());
    event.ack = packet.id;
    if (array.size() == 1) event.payload = std::make_shared<const json::Value>(json::Object{});
    // The array stays alive behind the pointer, so that a payload is never copied.
    if (array.size() == 2 && array[1].is_object())
        event.payload = std::shared_ptr<const json::Value>(packet.data, &array[1]);
    return event;
}

}  // namespace

Connection::Connection(const Config& config, const http::Authenticator& authenticator, std::string sid,
                       std::string socket_id)
    : config_(config), authenticator_(authenticator), sid_(std::move(sid)), socket_id_(std::move(socket_id)) {}

void Connection::open(Now now, ConnectionOutbox& out) {
    out.frames.push_back(encode_open(sid_, config_.ping_interval, config_.ping_timeout, kMaxMessage));
    connect_by_ = now.at + config_.connect_timeout;
    ping_at_ = now.at + config_.ping_interval;
}

void Connection::receive(std::string_view frame, bool binary, Now now, ConnectionOutbox& out) {
    if (closed_ || expire(now, out)) return;
    // Without an announced attachment (which is refused) a binary message has no meaning.
    if (binary) return close(1003, "binary not supported", out);
    if (frame.size() > kMaxMessage) return close(1009, "too large", out);
    auto parsed = parse_engine(frame);
    if (!parsed) return close(1002, "broken packet", out);
    switch (parsed->type) {
        case EngineType::message:
            return packet(parsed->data, now, out);
        case EngineType::pong:
            if (pong_by_ == Instant::never()) return;
            pong_by_ = Instant::never();
            ping_at_ = now.at + config_.ping_interval;
            return;
        case EngineType::close:
            return close(1000, "client closed", out);
        case EngineType::noop:
            return;
        // Since v4 the server pings; the rest belongs to the server or to an upgrade that was not offered.
        case EngineType::open:
        case EngineType::ping:
        case EngineType::upgrade:
            return close(1002, "unexpected packet", out);
    }
}

void Connection::packet(std::string_view text, Now now, ConnectionOutbox& out) {
    auto parsed = parse_packet(text);
    if (!parsed) return close(1002, "broken packet", out);
    if (parsed->type == PacketType::connect) return connect(*parsed, now, out);
    if (!principal_ || parsed->nsp != "/") return close(1002, "not connected", out);
    switch (parsed->type) {
        case PacketType::event:
            out.event = incoming(*parsed);
            return;
        case PacketType::disconnect:
            return close(1000, "client disconnected", out);
        case PacketType::ack:
            return;  // the server asks for none
        case PacketType::binary_event:
        case PacketType::binary_ack:
            out.frames.emplace_back(kDisconnectFrame);
            return close(1003, "binary not supported", out);
        case PacketType::connect:
        case PacketType::connect_error:
            return close(1002, "unexpected packet", out);
    }
}

void Connection::connect(const Packet& packet, Now now, ConnectionOutbox& out) {
    if (++attempts_ > kMaxConnectAttempts) return close(1008, "too many attempts", out);
    if (packet.nsp != "/") {
        out.frames.push_back(encode_connect_error(packet.nsp, "Invalid namespace", {}));
        return;
    }
    if (principal_ || packet.id) return close(1002, "unexpected packet", out);
    const auto token = token_of(packet);
    auto verified =
        token.empty()
            ? Result<http::Principal>(Error{
                  .kind = ErrorKind::unauthenticated, .code = "invalid_token", .detail = "An access token is needed."})
            : authenticator_(token);
    if (verified && verified->expires_at <= now.utc)
        verified = Error{
            .kind = ErrorKind::unauthenticated, .code = "expired_token", .detail = "The access token has expired."};
    if (!verified) {
        const auto& error = verified.error();
        const auto detail = error.detail.empty() ? error.code : error.detail;
        out.frames.push_back(encode_connect_error("/", error.code, detail));
        return;
    }
    principal_ = std::move(*verified);
    connect_by_ = Instant::never();
    const auto wait_ms = std::min(principal_->expires_at.ms - now.utc.ms, kLongestExpiryMs);
    expires_ = now.at + std::chrono::milliseconds(wait_ms);
    out.frames.push_back(encode_connect(socket_id_));
    out.connected = true;
}

bool Connection::expire(Now now, ConnectionOutbox& out) {
    if (!principal_ || now.utc < principal_->expires_at) return false;
    out.frames.push_back(encode_event("auth:expired", json::Value(json::Object{})));
    out.frames.emplace_back(kDisconnectFrame);
    close(1000, "token expired", out);
    return true;
}

void Connection::tick(Now now, ConnectionOutbox& out) {
    if (closed_ || expire(now, out)) return;
    // Wall time may have been set back, or the token outlives a day: look again with the next heartbeat.
    if (now.at >= expires_) expires_ = now.at + config_.ping_interval;
    if (now.at >= connect_by_) return close(1008, "connect timeout", out);
    if (now.at >= pong_by_) return close(1001, "ping timeout", out);
    if (now.at >= ping_at_) {
        out.frames.emplace_back(kPingFrame);
        pong_by_ = now.at + config_.ping_timeout;
        ping_at_ = Instant::never();
    }
}

Instant Connection::deadline() const {
    if (closed_) return Instant::never();
    return std::min({connect_by_, ping_at_, pong_by_, expires_});
}

void Connection::close(std::uint16_t code, std::string_view reason, ConnectionOutbox& out) {
    closed_ = true;
    out.close = CloseReason{code, reason};
}

}  // namespace confidente::socketio
