// WebSocket frames: the events do not depend on how the bytes were cut, and a message sent is the message read.
#include <vector>

#include "platform/http/text.hpp"
#include "platform/http/websocket_frames.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::http;
using confidente::testing::FuzzInput;
using Event = FrameReader::Event;

namespace {

constexpr std::size_t kMaxMessage = 4096;

/// False once nothing can follow.
bool drain(FrameReader& reader, std::vector<Event>& events) {
    while (true) {
        Event event = reader.next();
        if (event.kind == Event::Kind::need_more) return true;
        check(event.data.size() <= kMaxMessage);
        if (event.kind == Event::Kind::text || event.kind == Event::Kind::close) check(is_utf8(event.data));
        if (event.kind == Event::Kind::failed) check(event.code >= 1002 && event.code <= 1009);
        const bool last = event.kind == Event::Kind::failed;
        events.push_back(std::move(event));
        if (last) return false;
    }
}

std::vector<Event> events_of(std::string_view bytes, std::size_t piece) {
    FrameReader reader{kMaxMessage};
    std::vector<Event> events;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        reader.feed(bytes.substr(0, piece));
        if (!drain(reader, events)) break;
    }
    return events;
}

void check_same(const std::vector<Event>& a, const std::vector<Event>& b) {
    check(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        check(a[i].kind == b[i].kind && a[i].data == b[i].data && a[i].code == b[i].code);
}

/// A message in two masked fragments with a ping between, as a client may send it.
void check_sent(FuzzInput input) {
    const std::string key{as_text(input.take(4))};
    const auto message = as_text(input.rest());
    if (key.size() < 4 || message.size() > kMaxMessage) return;
    const auto frame = [&](std::uint8_t first, std::string_view payload) {
        std::string bytes = frame_header(Opcode::binary, payload.size());
        bytes[0] = static_cast<char>(first);
        bytes[1] = static_cast<char>(bytes[1] | 0x80);
        bytes += key;
        for (std::size_t i = 0; i < payload.size(); ++i) bytes += static_cast<char>(payload[i] ^ key[i % 4]);
        return bytes;
    };
    const auto half = message.substr(0, message.size() / 3);
    const auto events = events_of(frame(0x02, half) + frame(0x89, "?") + frame(0x80, message.substr(half.size())), 7);
    check(events.size() == 2 && events[0].kind == Event::Kind::ping && events[0].data == "?");
    check(events[1].kind == Event::Kind::binary && events[1].data == message);
}

/// The header of a frame of any size: the least bytes that can say it, and what the reader makes of it.
void check_header(std::uint32_t size) {
    const auto header = frame_header(Opcode::text, size);
    check(header.size() == (size < 126 ? 2U : size < 65536 ? 4U : 10U));
    FrameReader reader{kMaxMessage};
    // Of a client, so that only the size can be wrong.
    auto masked = header;
    masked[1] = static_cast<char>(masked[1] | 0x80);
    reader.feed(masked + "mask");
    const auto event = reader.next();
    if (size > kMaxMessage) check(event.kind == Event::Kind::failed && event.code == 1009);
}

}  // namespace

FUZZ(input) {
    const auto bytes = as_text(input);
    const auto events = events_of(bytes, bytes.size());
    check_same(events, events_of(bytes, 1));
    check_same(events, events_of(bytes, 5));
    check_sent(FuzzInput{input});
    check_header(FuzzInput{input}.u32() >> (input.size() % 32));
    check(websocket_accept(bytes.substr(0, 64)).size() == 28);
}
