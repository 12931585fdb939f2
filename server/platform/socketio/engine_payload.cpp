#include "platform/socketio/engine_payload.hpp"

#include <algorithm>

#include "platform/base/bytes.hpp"
#include "platform/http/text.hpp"

namespace confidente::socketio {
namespace {

constexpr char kSeparator = '\x1e';

Error broken(std::string cause) {
    return Error{.kind = ErrorKind::invalid,
                 .code = "broken_packet",
                 .detail = "The payload is not Engine.IO.",
                 .cause = std::move(cause)};
}

/// Standard base64 with padding (RFC 4648 §4); nothing when it is anything else.
std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding) text.remove_suffix(1);
    std::string url(text);
    for (auto& c : url) {
        if (c == '-' || c == '_') return std::nullopt;
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    const auto bytes = from_base64url(url);
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
}

}  // namespace

Result<Payload> parse_payload(std::string_view body) {
    if (!http::is_utf8(body)) return broken("not UTF-8");
    Payload payload;
    while (true) {
        if (payload.packets.size() == kMaxPacketsPerPayload) return broken("too many packets");
        const auto end = std::min(body.find(kSeparator), body.size());
        const auto packet = body.substr(0, end);
        if (packet.empty()) return broken("empty packet");
        if (packet.front() == 'b') {
            auto bytes = from_base64(packet.substr(1));
            if (!bytes) return broken("bad base64");
            payload.decoded.push_back(std::make_unique<std::string>(std::move(*bytes)));
            payload.packets.push_back({*payload.decoded.back(), true});
        } else {
            if (packet.front() < '0' || packet.front() > '6') return broken("engine type");
            payload.packets.push_back({packet, false});
        }
        if (end == body.size()) return payload;
        body.remove_prefix(end + 1);
    }
}

std::string encode_payload(std::span<const Frame> frames) {
    std::string out;
    for (const auto& frame : frames) {
        if (!out.empty()) out += kSeparator;
        if (frame.binary)
            out += 'b' + to_base64(as_bytes(*frame.data));
        else
            out += *frame.data;
    }
    return out;
}

}  // namespace confidente::socketio
