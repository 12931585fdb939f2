// WebSocket framing (RFC 6455 §5) without sockets. The reader takes a client's bytes and gives whole messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace confidente::http {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Header of an unmasked, final frame, as servers send them.
std::string frame_header(Opcode opcode, std::size_t size);
/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (§4.2.2).
std::string websocket_accept(std::string_view key);

class FrameReader {
public:
    explicit FrameReader(std::size_t max_message) : max_message_(max_message) {}
    struct Event {
        enum class Kind : std::uint8_t { need_more, text, binary, ping, pong, close, failed };
        Kind kind = Kind::need_more;
        std::string data;        ///< payload; a close's reason
        std::uint16_t code = 0;  ///< of `close` (1005 if none came), or what to close with when `failed`
    };
    void feed(std::string_view bytes) {
        buffer_.erase(0, taken_);
        taken_ = 0;
        buffer_.append(bytes);
    }
    /// The next event; need_more when the bytes so far hold none. Nothing follows `failed`.
    Event next();

private:
    Event control(Opcode opcode, std::string payload) const;
    std::size_t max_message_;
    std::string buffer_;                          ///< at most one frame and what one read brought
    std::size_t taken_ = 0;                       ///< bytes of it that are events already
    std::string message_;                         ///< fragments so far
    Opcode message_kind_ = Opcode::continuation;  ///< continuation: no message is open
};

}  // namespace confidente::http
