// Engine.IO frames and Socket.IO packets: what is read is written and read again the same.
#include <boost/json.hpp>

#include "platform/socketio/packet.hpp"
#include "testing/fuzz.hpp"
#include "testing/same_json.hpp"

using namespace confidente;
using namespace confidente::socketio;

namespace {

bool same(const Packet& a, const Packet& b) {
    if (a.type != b.type || a.attachments != b.attachments || a.nsp != b.nsp || a.id != b.id) return false;
    if (!a.data || !b.data) return !a.data && !b.data;
    return testing::same_json(*a.data, *b.data);
}

/// What the server says by itself reads as what it meant.
void check_said(const Packet& packet) {
    const auto reads = [&](const std::string& frame, PacketType plain, PacketType binary) {
        const auto read = parse_packet(std::string_view{frame}.substr(1));
        check(read && read->type == (packet.attachments == 0 ? plain : binary) && read->nsp == packet.nsp);
        check(read->id == packet.id && read->attachments == packet.attachments);
        check(testing::same_json(*read->data, *packet.data));
    };
    if (packet.type == PacketType::event || packet.type == PacketType::binary_event)
        reads(encode_event(packet.nsp, packet.data->get_array(), packet.attachments, packet.id), PacketType::event,
              PacketType::binary_event);
    if (packet.type != PacketType::ack && packet.type != PacketType::binary_ack) return;
    reads(encode_ack(packet.nsp, *packet.id, packet.data->get_array(), packet.attachments), PacketType::ack,
          PacketType::binary_ack);
    const json::Value answer{*packet.data};
    const auto brief = parse_packet(encode_ack(*packet.id, answer).substr(1));
    // One array more around it may be one too many.
    if (brief) check(brief->id == packet.id && testing::same_json(brief->data->get_array().at(0), answer));
}

void check_packet(std::string_view text) {
    const auto packet = parse_packet(text);
    if (!packet) {
        check(packet.error().code == "broken_packet");
        return;
    }
    check(packet->attachments <= kMaxAttachments && packet->nsp.size() <= kMaxNamespace);
    const auto frame = encode_packet(*packet);
    const auto engine = parse_engine(frame);
    check(engine && engine->type == EngineType::message);
    const auto again = parse_packet(engine->data);
    check(again.has_value() && same(*packet, *again));
    check_said(*packet);
}

/// An event with the place in the log behind it.
void check_offset(std::string_view text) {
    auto frame = encode_event("a:b", json::Value(json::Object{{"size", text.size()}}));
    add_offset(frame, "17");
    const auto read = parse_packet(std::string_view{frame}.substr(1));
    check(read && read->data->get_array().size() == 3 && read->data->get_array()[2] == "17");
}

}  // namespace

FUZZ(input) {
    const auto text = as_text(input);
    check_packet(text);
    check_offset(text);
    if (const auto frame = parse_engine(text)) {
        check(frame->data.size() + 1 == text.size());
        check_packet(frame->data);
    }
}
