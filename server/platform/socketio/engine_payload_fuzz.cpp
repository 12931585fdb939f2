// Bodies of long-polling: what is read is written and read again the same, and nothing is made of a declared size.
#include "platform/base/bytes.hpp"
#include "platform/http/text.hpp"
#include "platform/socketio/engine_payload.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::socketio;

namespace {

std::vector<Frame> frames_of(const Payload& payload) {
    std::vector<Frame> frames;
    for (const auto& [data, binary] : payload.packets)
        frames.push_back({std::make_shared<const std::string>(data), binary});
    return frames;
}

void check_again(const Payload& payload) {
    const auto written = encode_payload(frames_of(payload));
    const auto again = parse_payload(written);
    check(again.has_value() && again->packets.size() == payload.packets.size());
    for (std::size_t i = 0; i < payload.packets.size(); ++i) {
        check(again->packets[i].data == payload.packets[i].data);
        check(again->packets[i].binary == payload.packets[i].binary);
    }
}

}  // namespace

FUZZ(input) {
    const auto body = as_text(input);
    const auto payload = parse_payload(body);
    if (!payload) {
        check(payload.error().code == "broken_packet");
        return;
    }
    check(http::is_utf8(body) && !payload->packets.empty() && payload->packets.size() <= kMaxPacketsPerPayload);
    std::size_t size = 0;
    for (const auto& [data, binary] : payload->packets) {
        size += data.size();
        if (!binary) check(!data.empty() && data.front() >= '0' && data.front() <= '6');
    }
    check(size <= body.size());
    check_again(*payload);
}
