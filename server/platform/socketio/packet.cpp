#include "platform/socketio/packet.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace confidente::socketio {
namespace {

Error broken(std::string cause) {
    return Error{.kind = ErrorKind::invalid,
                 .code = "broken_packet",
                 .detail = "The packet is not Socket.IO.",
                 .cause = std::move(cause)};
}

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Takes digits off the front; nothing when there are none or more than `max_digits`.
std::optional<std::uint64_t> take_number(std::string_view& text, std::size_t max_digits) {
    std::uint64_t value = 0;
    std::size_t used = 0;
    while (used < text.size() && digit(text[used])) {
        if (used == max_digits) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(text[used] - '0');
        ++used;
    }
    if (used == 0) return std::nullopt;
    text.remove_prefix(used);
    return value;
}

bool is_binary(PacketType type) { return type == PacketType::binary_event || type == PacketType::binary_ack; }

Status take_namespace(std::string_view& text, Packet& packet) {
    if (text.empty() || text.front() != '/') return {};
    const auto comma = text.find(',');
    auto name = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    // A query string after the namespace was custom before v3; the name is what counts.
    name = name.substr(0, name.find('?'));
    if (name.size() > kMaxNamespace) return broken("namespace too long");
    packet.nsp = name;
    return {};
}

/// Names that the client library keeps for itself; nobody sends them.
bool reserved(std::string_view event) {
    constexpr std::array<std::string_view, 6> kReserved = {"connect",       "connect_error", "disconnect",
                                                           "disconnecting", "newListener",   "removeListener"};
    return std::find(kReserved.begin(), kReserved.end(), event) != kReserved.end();
}

Status check_event(const json::Value* data) {
    const auto* array = data != nullptr ? data->if_array() : nullptr;
    if (array == nullptr || array->empty()) return broken("event without array");
    const auto* name = array->front().if_string();
    if (name == nullptr || name->empty() || name->size() > kMaxEventName) return broken("event without name");
    if (reserved(*name)) return broken("reserved event name");
    return {};
}

Status check_data(const Packet& packet) {
    switch (packet.type) {
        case PacketType::connect:
            if (packet.data && !packet.data->is_object()) return broken("connect with odd payload");
            return {};
        case PacketType::disconnect:
            if (packet.data) return broken("disconnect with payload");
            return {};
        case PacketType::event:
        case PacketType::binary_event:
            return check_event(packet.data.get());
        case PacketType::ack:
        case PacketType::binary_ack:
            if (!packet.id || !packet.data || !packet.data->is_array()) return broken("ack without id or array");
            return {};
        case PacketType::connect_error:
            if (!packet.data || !(packet.data->is_object() || packet.data->is_string()))
                return broken("connect error without reason");
            return {};
    }
    return broken("type");
}

std::int64_t milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

Result<EnginePacket> parse_engine(std::string_view frame) {
    if (frame.empty() || frame.front() < '0' || frame.front() > '6') return broken("engine type");
    return EnginePacket{static_cast<EngineType>(frame.front() - '0'), frame.substr(1)};
}

Result<Packet> parse_packet(std::string_view text) {
    if (text.empty() || text.front() < '0' || text.front() > '6') return broken("type");
    Packet packet;
    packet.type = static_cast<PacketType>(text.front() - '0');
    text.remove_prefix(1);
    if (is_binary(packet.type)) {
        const auto count = take_number(text, 2);
        if (!count || text.empty() || text.front() != '-') return broken("attachments not counted");
        if (*count == 0 || *count > kMaxAttachments) return broken("attachments out of bounds");
        packet.attachments = static_cast<unsigned>(*count);
        text.remove_prefix(1);
    }
    TRY_VOID(take_namespace(text, packet));
    if (!text.empty() && digit(text.front())) {
        packet.id = take_number(text, kMaxAckIdDigits);
        if (!packet.id) return broken("ack id too long");
    }
    if (!text.empty()) {
        auto value = json::parse(text);
        if (!value) return broken(value.error().cause);
        packet.data = std::make_shared<const json::Value>(std::move(*value));
    }
    TRY_VOID(check_data(packet));
    return packet;
}

bool placeholders_fit(const json::Value& data, std::size_t attachments) {
    if (const auto* array = data.if_array())
        return std::all_of(array->begin(), array->end(),
                           [&](const auto& value) { return placeholders_fit(value, attachments); });
    const auto* object = data.if_object();
    if (object == nullptr) return true;
    const auto* mark = object->if_contains("_placeholder");
    if (mark != nullptr && mark->is_bool() && mark->get_bool()) {
        const auto* number = object->if_contains("num");
        return number != nullptr && number->is_int64() && number->get_int64() >= 0 &&
               static_cast<std::uint64_t>(number->get_int64()) < attachments;
    }
    return std::all_of(object->begin(), object->end(),
                       [&](const auto& field) { return placeholders_fit(field.value(), attachments); });
}

std::string encode_open(std::string_view sid, Upgrades upgrades, Duration ping_interval, Duration ping_timeout,
                        std::size_t max_payload) {
    json::Object open;
    open["sid"] = sid;
    open["upgrades"] = upgrades == Upgrades::websocket ? json::Array{"websocket"} : json::Array{};
    open["pingInterval"] = milliseconds(ping_interval);
    open["pingTimeout"] = milliseconds(ping_timeout);
    open["maxPayload"] = max_payload;
    return "0" + json::serialize(json::Value(std::move(open)));
}

std::string encode_packet(const Packet& packet) {
    std::string out = "4";
    out += static_cast<char>('0' + static_cast<int>(packet.type));
    if (is_binary(packet.type)) out += std::to_string(packet.attachments) + "-";
    if (packet.nsp != "/") out += packet.nsp + ",";
    if (packet.id) out += std::to_string(*packet.id);
    if (packet.data) out += json::serialize(*packet.data);
    return out;
}

std::string encode_connect(std::string_view nsp, std::string_view socket_id, std::string_view pid) {
    json::Object data;
    data["sid"] = socket_id;
    if (!pid.empty()) data["pid"] = pid;
    const Packet packet{.type = PacketType::connect,
                        .nsp = std::string(nsp),
                        .data = std::make_shared<const json::Value>(std::move(data))};
    return encode_packet(packet);
}

std::string encode_connect_error(std::string_view nsp, std::string_view message, std::string_view detail) {
    json::Object data;
    data["message"] = message;
    if (!detail.empty()) {
        json::Object more;
        more["code"] = message;
        more["detail"] = detail;
        data["data"] = std::move(more);
    }
    const Packet packet{.type = PacketType::connect_error,
                        .nsp = std::string(nsp),
                        .data = std::make_shared<const json::Value>(std::move(data))};
    return encode_packet(packet);
}

std::string encode_event(std::string_view event, const json::Value& payload) {
    return "42[" + json::serialize(json::Value(event)) + "," + json::serialize(payload) + "]";
}

void add_offset(std::string& event_frame, std::string_view offset) {
    event_frame.pop_back();
    event_frame.append(",\"").append(offset).append("\"]");
}

std::string encode_event(std::string_view nsp, const json::Array& arguments, std::size_t attachments,
                         std::optional<std::uint64_t> id) {
    const Packet packet{.type = attachments == 0 ? PacketType::event : PacketType::binary_event,
                        .attachments = static_cast<unsigned>(attachments),
                        .nsp = std::string(nsp),
                        .id = id,
                        .data = std::make_shared<const json::Value>(arguments)};
    return encode_packet(packet);
}

std::string encode_ack(std::uint64_t id, const json::Value& answer) {
    return "43" + std::to_string(id) + "[" + json::serialize(answer) + "]";
}

std::string encode_ack(std::string_view nsp, std::uint64_t id, const json::Array& answers, std::size_t attachments) {
    const Packet packet{.type = attachments == 0 ? PacketType::ack : PacketType::binary_ack,
                        .attachments = static_cast<unsigned>(attachments),
                        .nsp = std::string(nsp),
                        .id = id,
                        .data = std::make_shared<const json::Value>(answers)};
    return encode_packet(packet);
}

}  // namespace confidente::socketio
