#include "media/protocol/rtcp/rtcp.hpp"

namespace confidente::media {
namespace {

// Packet types: RFC 3550 section 12.1, RFC 4585 section 6.1.
constexpr std::uint8_t kSenderReport = 200, kReceiverReport = 201, kSdes = 202, kBye = 203, kTransportLayer = 205,
                       kPayloadSpecific = 206;

/// `body` is the packet without its first four bytes and without padding; nothing when it is malformed.
std::optional<RtcpPacket> parse_sender_report(std::uint8_t count, Bytes body) {
    if (body.size() < 24 + std::size_t{24} * count) return {};
    SenderReport report;
    report.sender = {load_be32(body.data())};
    report.ntp = {load_be64(body.data() + 4)};
    report.rtp = {load_be32(body.data() + 12)};
    report.packets = load_be32(body.data() + 16);
    report.octets = load_be32(body.data() + 20);
    report.blocks = ReportBlocks{body.subspan(24, std::size_t{24} * count)};
    return report;
}

std::optional<RtcpPacket> parse_receiver_report(std::uint8_t count, Bytes body) {
    if (body.size() < 4 + std::size_t{24} * count) return {};
    return ReceiverReport{{load_be32(body.data())}, ReportBlocks{body.subspan(4, std::size_t{24} * count)}};
}

std::optional<RtcpPacket> parse_sdes(std::uint8_t count, Bytes body) {
    if (count == 0) return SourceDescription{};
    if (body.size() < 4) return {};
    SourceDescription description{{load_be32(body.data())}, {}};
    Bytes rest = body.subspan(4);
    while (!rest.empty() && rest[0] != 0) {
        if (rest.size() < 2 || rest.size() - 2 < rest[1]) return {};
        if (rest[0] == 1) description.cname = as_text(rest.subspan(2, rest[1]));
        rest = rest.subspan(2 + std::size_t{rest[1]});
    }
    return description;
}

std::optional<RtcpPacket> parse_bye(std::uint8_t count, Bytes body) {
    if (body.size() < std::size_t{4} * count) return {};
    return Goodbye{body.first(std::size_t{4} * count)};
}

std::optional<RtcpPacket> parse_transport_layer(std::uint8_t format, Bytes body) {
    if (body.size() < 8) return {};
    const Ssrc sender{load_be32(body.data())}, media{load_be32(body.data() + 4)};
    const Bytes rest = body.subspan(8);
    if (format == 1) return Nack{sender, media, rest.first(rest.size() / 4 * 4)};
    if (format != 15) return OtherRtcp{kTransportLayer, format};
    if (rest.size() < 8) return {};
    TransportFeedback feedback;
    feedback.sender = sender;
    feedback.media = media;
    feedback.base = {load_be16(rest.data())};
    feedback.count = load_be16(rest.data() + 2);
    const std::uint32_t time = load_be24(rest.data() + 4);
    feedback.reference_time = static_cast<std::int32_t>(time << 8) >> 8;  // 24 bits, signed
    feedback.feedback_count = rest[7];
    feedback.chunks = rest.subspan(8);
    return feedback;
}

std::optional<RtcpPacket> parse_payload_specific(std::uint8_t format, Bytes body) {
    if (body.size() < 8) return {};
    const Ssrc sender{load_be32(body.data())}, media{load_be32(body.data() + 4)};
    const Bytes rest = body.subspan(8);
    if (format == 1) return PictureLoss{sender, media};
    if (format == 4) return FullIntraRequest{sender, rest.first(rest.size() / 8 * 8)};
    if (format == 15 && rest.size() >= 8 && as_text(rest.first(4)) == "REMB") {
        const std::uint32_t value = load_be24(rest.data() + 5);
        return ReceiverEstimate{sender, std::uint64_t{value & 0x3FFFF} << (value >> 18)};  // at most 2^18 << 63
    }
    return OtherRtcp{kPayloadSpecific, format};
}

}  // namespace

ReportBlock ReportBlocks::operator[](std::size_t at) const {
    const std::uint8_t* from = body_.data() + 24 * at;
    ReportBlock block;
    block.ssrc = {load_be32(from)};
    block.fraction_lost = from[4];
    block.cumulative_lost = static_cast<std::int32_t>(load_be24(from + 5) << 8) >> 8;
    block.extended_highest = load_be32(from + 8);
    block.jitter = load_be32(from + 12);
    block.last_sr = load_be32(from + 16);
    block.delay_since_sr = load_be32(from + 20);
    return block;
}

std::optional<RtcpPacket> RtcpReader::next() {
    if (rest_.empty() || malformed_) return {};
    malformed_ = true;  // until this packet is whole
    if (++taken_ > kMaxRtcpPacketsPerCompound || rest_.size() < 4 || rest_[0] >> 6 != 2) return {};
    const std::uint8_t count = rest_[0] & 0x1F, type = rest_[1];
    const std::size_t size = (load_be16(rest_.data() + 2) + std::size_t{1}) * 4;
    if (size > rest_.size()) return {};
    Bytes body = rest_.subspan(4, size - 4);
    if (rest_[0] & 0x20) {
        if (body.empty() || body.back() == 0 || body.back() > body.size()) return {};
        body = body.first(body.size() - body.back());
    }
    rest_ = rest_.subspan(size);
    std::optional<RtcpPacket> packet;
    switch (type) {
        case kSenderReport:
            packet = parse_sender_report(count, body);
            break;
        case kReceiverReport:
            packet = parse_receiver_report(count, body);
            break;
        case kSdes:
            packet = parse_sdes(count, body);
            break;
        case kBye:
            packet = parse_bye(count, body);
            break;
        case kTransportLayer:
            packet = parse_transport_layer(count, body);
            break;
        case kPayloadSpecific:
            packet = parse_payload_specific(count, body);
            break;
        default:
            packet = OtherRtcp{type, count};
    }
    malformed_ = !packet;
    return packet;
}

}  // namespace confidente::media
