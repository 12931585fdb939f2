// Packets of Engine.IO v4 and Socket.IO v5, parsed and written without I/O. One websocket message is one packet.
//
// Everything parsed comes from strangers: nothing is allocated from a declared length, nesting stops at
// json::kMaxDepth, and a packet that the official client would never send is an error (`broken_packet`) whose only
// cure is to close. Attachments follow a binary packet as messages of their own; connection.hpp gathers them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/json/json.hpp"

namespace confidente::socketio {

inline constexpr unsigned kMaxAttachments = 10;     ///< upstream's limit since CVE-2026-33151
inline constexpr std::size_t kMaxNamespace = 64;    ///< bytes
inline constexpr std::size_t kMaxEventName = 64;    ///< bytes
inline constexpr std::size_t kMaxAckIdDigits = 15;  ///< stays exact in a JavaScript number

enum class EngineType : std::uint8_t { open, close, ping, pong, message, upgrade, noop };

struct EnginePacket {
    EngineType type = EngineType::noop;
    std::string_view data;  ///< into the frame that was parsed
};
Result<EnginePacket> parse_engine(std::string_view frame);

enum class PacketType : std::uint8_t { connect, disconnect, event, ack, connect_error, binary_event, binary_ack };

struct Packet {
    PacketType type = PacketType::event;
    unsigned attachments = 0;
    std::string nsp = "/";
    std::optional<std::uint64_t> id = {};
    std::shared_ptr<const json::Value> data = {};  ///< event and ack: an array; connect: an object, or null pointer
};
/// The data of an Engine.IO message.
Result<Packet> parse_packet(std::string_view text);

/// The bytes that stand outside of a binary packet; `{"_placeholder": true, "num": 0}` in its data means the first.
using Attachments = std::vector<std::shared_ptr<const std::string>>;
/// Whether every placeholder names one of the attachments.
bool placeholders_fit(const json::Value& data, std::size_t attachments);

// Whole frames, ready for the websocket.
enum class Upgrades : bool { none, websocket };
std::string encode_open(std::string_view sid, Upgrades upgrades, Duration ping_interval, Duration ping_timeout,
                        std::size_t max_payload);
std::string encode_packet(const Packet& packet);
/// `pid` is the client's secret for coming back (connection state recovery); empty: it cannot.
std::string encode_connect(std::string_view nsp, std::string_view socket_id, std::string_view pid);
std::string encode_connect_error(std::string_view nsp, std::string_view message, std::string_view detail);
std::string encode_event(std::string_view event, const json::Value& payload);
/// A last argument of an event, by which a client says after a broken line what it saw last. Digits.
void add_offset(std::string& event_frame, std::string_view offset);
/// Any arguments, name included; `id` asks for an acknowledgement.
std::string encode_event(std::string_view nsp, const json::Array& arguments, std::size_t attachments,
                         std::optional<std::uint64_t> id);
std::string encode_ack(std::uint64_t id, const json::Value& answer);
std::string encode_ack(std::string_view nsp, std::uint64_t id, const json::Array& answers, std::size_t attachments);
inline constexpr std::string_view kPingFrame = "2";
inline constexpr std::string_view kDisconnectFrame = "41";

}  // namespace confidente::socketio
