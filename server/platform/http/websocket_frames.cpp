#include "platform/http/websocket_frames.hpp"

#include <openssl/evp.h>

#include <array>

#include "platform/base/bytes.hpp"
#include "platform/http/text.hpp"
#include "platform/http/websocket.hpp"

namespace confidente::http {
namespace {

using Event = FrameReader::Event;

Event failed(std::uint16_t code) { return {Event::Kind::failed, {}, code}; }

/// Codes that may stand in a close frame (§7.4).
bool is_valid_close(std::uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

std::string frame_header(Opcode opcode, std::size_t size) {
    std::uint8_t out[10];
    std::size_t length = 2;
    out[0] = static_cast<std::uint8_t>(0x80U | static_cast<unsigned>(opcode));
    if (size < 126) {
        out[1] = static_cast<std::uint8_t>(size);
    } else if (size < 65536) {
        out[1] = 126;
        store_be16(out + 2, static_cast<std::uint16_t>(size));
        length = 4;
    } else {
        out[1] = 127;
        store_be64(out + 2, size);
        length = 10;
    }
    return {reinterpret_cast<const char*>(out), length};
}

void append_frame(std::string& wire, std::string_view data, bool binary) {
    wire += frame_header(binary ? Opcode::binary : Opcode::text, data.size());
    wire += data;
}

std::string websocket_accept(std::string_view key) {
    const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return to_base64(Bytes{digest.data(), size});
}

FrameReader::Event FrameReader::next() {
    while (true) {
        const std::string_view rest = std::string_view{buffer_}.substr(taken_);
        if (rest.size() < 2) return {};
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(rest.data());
        const bool final = (bytes[0] & 0x80U) != 0, masked = (bytes[1] & 0x80U) != 0;
        const auto opcode = static_cast<Opcode>(bytes[0] & 0x0FU);
        const bool is_control = (bytes[0] & 0x08U) != 0;
        const bool known = opcode <= Opcode::binary || (opcode >= Opcode::close && opcode <= Opcode::pong);
        if ((bytes[0] & 0x70U) != 0 || !masked || !known) return failed(1002);
        std::uint64_t size = bytes[1] & 0x7FU;
        if (is_control && (size > 125 || !final)) return failed(1002);
        std::size_t head = 2;
        if (size >= 126) {
            head = size == 126 ? 4 : 10;
            if (rest.size() < head) return {};
            size = head == 4 ? load_be16(bytes + 2) : load_be64(bytes + 2);
        }
        // Refused by what the header announces, before the bytes are held.
        if (!is_control && (size > max_message_ || message_.size() + size > max_message_)) return failed(1009);
        const bool open = message_kind_ != Opcode::continuation;
        if (!is_control && open != (opcode == Opcode::continuation)) return failed(1002);
        if (rest.size() < head + 4 + size) return {};
        std::string payload{rest.substr(head + 4, size)};
        for (std::size_t i = 0; i < payload.size(); ++i)
            payload[i] = static_cast<char>(payload[i] ^ rest[head + i % 4]);
        taken_ += head + 4 + size;
        if (is_control) return control(opcode, std::move(payload));

        if (!open) message_kind_ = opcode;
        message_ += payload;
        if (!final) continue;
        const bool text = message_kind_ == Opcode::text;
        message_kind_ = Opcode::continuation;
        std::string message = std::move(message_);
        message_.clear();
        if (text && !is_utf8(message)) return failed(1007);
        return {text ? Event::Kind::text : Event::Kind::binary, std::move(message), 0};
    }
}

FrameReader::Event FrameReader::control(Opcode opcode, std::string payload) const {
    if (opcode == Opcode::ping) return {Event::Kind::ping, std::move(payload), 0};
    if (opcode == Opcode::pong) return {Event::Kind::pong, std::move(payload), 0};
    if (payload.empty()) return {Event::Kind::close, {}, 1005};
    if (payload.size() < 2) return failed(1002);
    const std::uint16_t code = load_be16(reinterpret_cast<const std::uint8_t*>(payload.data()));
    payload.erase(0, 2);
    if (!is_valid_close(code)) return failed(1002);
    if (!is_utf8(payload)) return failed(1007);
    return {Event::Kind::close, std::move(payload), code};
}

}  // namespace confidente::http
