#include "platform/socketio/connection.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace confidente::socketio {
namespace {

/// Longest wait for which an expiry is planned; wall time is looked at again then.
constexpr std::int64_t kLongestExpiryMs = 86'400'000;
/// How soon wall time is looked at again when it was set back.
constexpr Duration kLookAgain = 10s;

Frame text(std::string frame) { return {std::make_shared<const std::string>(std::move(frame)), false}; }

std::string_view text_field(const json::Value* value, std::string_view name) {
    const auto* object = value != nullptr ? value->if_object() : nullptr;
    const auto* field = object != nullptr ? object->if_contains(name) : nullptr;
    const auto* found = field != nullptr ? field->if_string() : nullptr;
    return found != nullptr ? std::string_view(*found) : std::string_view{};
}

Comeback comeback_of(const json::Value* auth) {
    Comeback comeback;
    const auto pid = text_field(auth, "pid");
    if (pid.size() <= kMaxNamespace) comeback.pid = pid;
    const auto offset = text_field(auth, "offset");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(offset.data(), offset.data() + offset.size(), number);
    if (error == std::errc{} && end == offset.data() + offset.size() && !offset.empty()) comeback.offset = number;
    return comeback;
}

json::Value expiry_json(UtcTime expires_at) { return json::Object{{"expiresAt", to_iso8601(expires_at)}}; }

}  // namespace

Connection::Connection(ConnectionHost& host)
    : host_(host), connect_by_(host.now().at + host.config().connect_timeout) {}

void Connection::receive(std::string_view data, bool binary, ConnectionOutbox& out) {
    const Now now = host_.now();
    if (closed_ || expire(now, out)) return;
    if (binary) return attachment(data, now, out);
    // The attachments of a binary packet follow it at once; nothing comes between.
    if (partial_) return close({1002, "attachment missing"}, out);
    auto parsed = parse_packet(data);
    if (!parsed) return close({1002, "broken packet"}, out);
    if (parsed->attachments == 0) return packet(std::move(*parsed), {}, now, out);
    partial_ = Partial{std::move(*parsed), {}, data.size(), now.at + host_.config().attachment_timeout};
}

void Connection::attachment(std::string_view bytes, Now now, ConnectionOutbox& out) {
    if (!partial_) return close({1002, "unexpected attachment"}, out);
    partial_->bytes += bytes.size();
    if (partial_->bytes > kMaxMessage) return close({1009, "too large"}, out);
    partial_->attachments.push_back(std::make_shared<const std::string>(bytes));
    if (partial_->attachments.size() < partial_->packet.attachments) return;
    auto whole = std::move(*partial_);
    partial_.reset();
    if (!placeholders_fit(*whole.packet.data, whole.attachments.size())) return close({1002, "broken packet"}, out);
    packet(std::move(whole.packet), std::move(whole.attachments), now, out);
}

void Connection::packet(Packet packet, Attachments attachments, Now now, ConnectionOutbox& out) {
    if (packet.type == PacketType::connect) return connect(packet, now, out);
    if (socket_id(packet.nsp).empty()) return close({1002, "not connected"}, out);
    switch (packet.type) {
        case PacketType::event:
        case PacketType::binary_event:
            return event(std::move(packet), std::move(attachments), now, out);
        case PacketType::disconnect:
            return disconnect(packet.nsp, now, out);
        case PacketType::ack:
        case PacketType::binary_ack:
            out.ack = IncomingAck{packet.nsp, *packet.id, std::move(packet.data), std::move(attachments)};
            return;
        case PacketType::connect:
        case PacketType::connect_error:
            return close({1002, "unexpected packet"}, out);
    }
}

void Connection::event(Packet packet, Attachments attachments, Now now, ConnectionOutbox& out) {
    const auto& array = packet.data->get_array();
    IncomingEvent event;
    event.nsp = packet.nsp;
    event.name = std::string(array.front().get_string());
    event.ack = packet.id;
    if (array.size() == 1) event.payload = std::make_shared<const json::Value>(json::Object{});
    // The array stays alive behind the pointer, so that a payload is never copied.
    if (array.size() == 2 && array[1].is_object() && attachments.empty())
        event.payload = std::shared_ptr<const json::Value>(packet.data, &array[1]);
    event.arguments = std::move(packet.data);
    event.attachments = std::move(attachments);
    if (principal_ && event.nsp == "/" && event.name == "auth:refresh") return refresh(event, now, out);
    out.event = std::move(event);
}

void Connection::connect(const Packet& packet, Now now, ConnectionOutbox& out) {
    const bool open = host_.is_open_namespace(packet.nsp);
    if (!socket_id(packet.nsp).empty() || packet.id) return close({1002, "unexpected packet"}, out);
    if (!open && ++attempts_ > kMaxConnectAttempts) return close({1008, "too many attempts"}, out);
    if (!open && packet.nsp == "/") return connect_main(packet, now, out);
    if (!open || members_.size() >= kMaxNamespaces) {
        out.frames.push_back(text(encode_connect_error(packet.nsp, "Invalid namespace", {})));
        return;
    }
    members_.push_back({packet.nsp, host_.make_id()});
    connect_by_ = Instant::never();
    out.frames.push_back(text(encode_connect(packet.nsp, members_.back().socket_id, {})));
    auto auth = packet.data ? packet.data : std::make_shared<const json::Value>(json::Object{});
    out.joined = Joined{packet.nsp, members_.back().socket_id, std::move(auth)};
}

void Connection::connect_main(const Packet& packet, Now now, ConnectionOutbox& out) {
    const auto refuse = [&out](const Error& error) {
        const auto& detail = error.detail.empty() ? error.code : error.detail;
        out.frames.push_back(text(encode_connect_error("/", error.code, detail)));
    };
    auto verified = verify(text_field(packet.data.get(), "token"), now);
    if (!verified) return refuse(verified.error());
    const auto principal = std::make_shared<const http::Principal>(std::move(*verified));
    auto admitted = host_.admit(principal, comeback_of(packet.data.get()));
    if (!admitted) {
        refuse(admitted.error());
        return close({1008, "too many sockets"}, out);
    }
    set_principal(principal, now);
    attempts_ = 0;
    connect_by_ = Instant::never();
    members_.push_back({"/", admitted->socket_id});
    out.frames.push_back(text(encode_connect("/", admitted->socket_id, admitted->pid)));
    for (auto& frame : admitted->missed) out.frames.push_back(std::move(frame));
    out.joined = Joined{"/", admitted->socket_id, nullptr};
}

Result<http::Principal> Connection::verify(std::string_view token, Now now) const {
    const auto refused = [](std::string code, std::string detail) {
        return Error{.kind = ErrorKind::unauthenticated, .code = std::move(code), .detail = std::move(detail)};
    };
    if (token.empty() || token.size() > kMaxToken) return refused("invalid_token", "An access token is needed.");
    TRY(auto principal, host_.authenticator()(token));
    if (principal.expires_at <= now.utc) return refused("expired_token", "The access token has expired.");
    return principal;
}

void Connection::set_principal(SharedPrincipal principal, Now now) {
    const auto left_ms = std::min(principal->expires_at.ms - now.utc.ms, kLongestExpiryMs);
    expires_ = now.at + std::chrono::milliseconds(left_ms);
    notify_at_ = expires_ - host_.config().expiry_notice;
    notified_ = false;
    principal_ = std::move(principal);
}

/// A new token of the same user and session, so that a long connection need not break.
void Connection::refresh(const IncomingEvent& event, Now now, ConnectionOutbox& out) {
    auto verified = verify(text_field(event.payload.get(), "token"), now);
    if (verified && (verified->user_id != principal_->user_id || verified->session_id != principal_->session_id))
        verified = Error{
            .kind = ErrorKind::forbidden, .code = "another_session", .detail = "The token is of another session."};
    json::Object answer{{"ok", verified.has_value()}};
    if (verified) {
        attempts_ = 0;
        answer["expiresAt"] = to_iso8601(verified->expires_at);
        set_principal(std::make_shared<const http::Principal>(std::move(*verified)), now);
    } else {
        answer["error"] = json::Object{{"code", verified.error().code}, {"detail", verified.error().detail}};
    }
    if (event.ack) out.frames.push_back(text(encode_ack(*event.ack, json::Value(std::move(answer)))));
    if (++attempts_ > kMaxConnectAttempts) close({1008, "too many attempts"}, out);
}

void Connection::disconnect(const std::string& nsp, Now now, ConnectionOutbox& out) {
    // Whoever leaves the main namespace of a signed-in connection has nothing left on it.
    if (principal_ && nsp == "/") return close({1000, "client disconnected"}, out);
    std::erase_if(members_, [&](const Member& member) { return member.nsp == nsp; });
    if (members_.empty()) connect_by_ = now.at + host_.config().connect_timeout;
}

bool Connection::expire(Now now, ConnectionOutbox& out) {
    if (!principal_ || now.utc < principal_->expires_at) return false;
    out.frames.push_back(text(encode_event("auth:expired", json::Value(json::Object{}))));
    out.frames.push_back(text(std::string(kDisconnectFrame)));
    close({1000, "token expired"}, out);
    return true;
}

void Connection::tick(ConnectionOutbox& out) {
    const Now now = host_.now();
    if (closed_ || expire(now, out)) return;
    // Wall time may have been set back, or the token outlives a day: look again later.
    if (now.at >= expires_) expires_ = now.at + kLookAgain;
    if (now.at >= connect_by_) return close({1008, "connect timeout"}, out);
    if (partial_ && now.at >= partial_->complete_by) return close({1008, "attachment timeout"}, out);
    if (notified_ || now.at < notify_at_) return;
    notified_ = true;
    out.frames.push_back(text(encode_event("auth:expiring", expiry_json(principal_->expires_at))));
}

Instant Connection::deadline() const {
    if (closed_) return Instant::never();
    const Instant notify = notified_ ? Instant::never() : notify_at_;
    const Instant complete = partial_ ? partial_->complete_by : Instant::never();
    return std::min({connect_by_, notify, complete, expires_});
}

const std::string& Connection::socket_id(std::string_view nsp) const {
    static const std::string kNone;
    for (const auto& member : members_)
        if (member.nsp == nsp) return member.socket_id;
    return kNone;
}

void Connection::close(CloseReason reason, ConnectionOutbox& out) {
    closed_ = true;
    partial_.reset();
    out.close = reason;
}

}  // namespace confidente::socketio
