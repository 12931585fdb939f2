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
}

}  // namespace

FUZZ(input) {
    const auto text = as_text(input);
    check_packet(text);
    if (const auto frame = parse_engine(text)) {
        check(frame->data.size() + 1 == text.size());
        check_packet(frame->data);
    }
}
