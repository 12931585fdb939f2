// Payloads of Engine.IO v4's long-polling: packets joined by U+001E, binary ones as `b` and base64.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/http/websocket.hpp"

namespace confidente::socketio {

inline constexpr std::size_t kMaxPacketsPerPayload = 4096;

/// One Engine.IO packet as a websocket carries it: text with its type in front, or the bare bytes of a binary message.
using Frame = http::WebSocketMessage;

struct Payload {
    struct Packet {
        std::string_view data;
        bool binary = false;
    };
    std::vector<Packet> packets;
    std::vector<std::unique_ptr<std::string>> decoded;  ///< what binary packets point into
};

/// Text packets point into `body`. Errors: `broken_packet` for an unknown type, bad base64, invalid UTF-8, an empty
/// packet or more than kMaxPacketsPerPayload.
Result<Payload> parse_payload(std::string_view body);
std::string encode_payload(std::span<const Frame> frames);

}  // namespace confidente::socketio
