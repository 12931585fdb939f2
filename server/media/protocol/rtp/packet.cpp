#include "media/protocol/rtp/packet.hpp"

#include <algorithm>

namespace confidente::media {
namespace {

constexpr std::uint16_t kOneByteProfile = 0xBEDE;  // RFC 8285 section 4.2
constexpr std::uint16_t kTwoByteProfile = 0x1000;  // section 4.3; the low four bits are free

struct Element {
    std::uint8_t id = 0;
    Bytes value;
};

/// Takes the next element off `rest`; nothing at the end or where the rest is malformed.
std::optional<Element> next_element(Bytes& rest, bool two_byte) {
    while (!rest.empty() && rest[0] == 0) rest = rest.subspan(1);  // padding between elements
    if (rest.empty()) return {};
    const std::size_t header = two_byte ? 2 : 1;
    if (rest.size() < header) return {};
    const auto id = static_cast<std::uint8_t>(two_byte ? rest[0] : rest[0] >> 4);
    const std::size_t size = two_byte ? rest[1] : (rest[0] & 0x0F) + std::size_t{1};
    if ((!two_byte && id == 15) || rest.size() - header < size) return {};  // 15 means: stop here
    const Element element{id, rest.subspan(header, size)};
    rest = rest.subspan(header + size);
    return element;
}

}  // namespace

bool looks_like_rtcp(Bytes datagram) {
    return datagram.size() >= 8 && datagram[0] >> 6 == 2 && datagram[1] >= 192 && datagram[1] <= 223;
}

bool looks_like_rtp(Bytes datagram) {
    return datagram.size() >= kRtpFixedHeaderBytes && datagram[0] >> 6 == 2 && !looks_like_rtcp(datagram);
}

std::optional<RtpPacketView> RtpPacketView::parse(Bytes packet) {
    if (packet.size() < kRtpFixedHeaderBytes || packet[0] >> 6 != 2) return {};
    RtpPacketView view;
    view.packet_ = packet;
    std::size_t at = kRtpFixedHeaderBytes + std::size_t{4} * (packet[0] & 0x0F);
    if (at > packet.size()) return {};
    if (packet[0] & 0x10) {
        if (packet.size() - at < 4) return {};
        const std::uint16_t profile = load_be16(packet.data() + at);
        const std::size_t size = std::size_t{4} * load_be16(packet.data() + at + 2);
        at += 4;
        if (packet.size() - at < size) return {};
        view.two_byte_ = (profile & 0xFFF0) == kTwoByteProfile;
        if (view.two_byte_ || profile == kOneByteProfile) view.extensions_ = packet.subspan(at, size);
        at += size;
    }
    std::size_t padding = 0;
    if (packet[0] & 0x20) {
        padding = packet.back();
        if (at == packet.size() || padding == 0 || padding > packet.size() - at) return {};
    }
    view.header_size_ = at;
    view.payload_size_ = packet.size() - at - padding;
    return view;
}

std::optional<Bytes> RtpPacketView::extension(std::uint8_t id) const {
    Bytes rest = extensions_;
    while (const auto element = next_element(rest, two_byte_))
        if (element->id == id && id != 0) return element->value;
    return {};
}

std::size_t write_rtp_header(const RtpHeader& header, std::span<const RtpExtension> extensions, MutableBytes out) {
    std::size_t one_byte_size = 0, two_byte_size = 0;
    bool one_byte = true;
    for (const RtpExtension& extension : extensions) {
        if (extension.id == 0) continue;
        if (extension.value.size() > 255) return 0;
        one_byte = one_byte && extension.id < 15 && !extension.value.empty() && extension.value.size() <= 16;
        one_byte_size += 1 + extension.value.size();
        two_byte_size += 2 + extension.value.size();
    }
    const std::size_t used = one_byte ? one_byte_size : two_byte_size, padded = (used + 3) / 4 * 4;
    const std::size_t size = kRtpFixedHeaderBytes + (used == 0 ? 0 : 4 + padded);
    if (size > out.size()) return 0;
    out[0] = static_cast<std::uint8_t>(0x80 | (used == 0 ? 0 : 0x10));
    out[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type.value & 0x7F));
    store_be16(out.data() + 2, header.sequence.value);
    store_be32(out.data() + 4, header.timestamp.value);
    store_be32(out.data() + 8, header.ssrc.value);
    if (used == 0) return size;
    std::uint8_t* at = out.data() + kRtpFixedHeaderBytes;
    store_be16(at, one_byte ? kOneByteProfile : kTwoByteProfile);
    store_be16(at + 2, static_cast<std::uint16_t>(padded / 4));
    at += 4;
    for (const RtpExtension& extension : extensions) {
        if (extension.id == 0) continue;
        if (one_byte) {
            *at++ = static_cast<std::uint8_t>(extension.id << 4 | (extension.value.size() - 1));
        } else {
            *at++ = extension.id;
            *at++ = static_cast<std::uint8_t>(extension.value.size());
        }
        at = std::copy(extension.value.begin(), extension.value.end(), at);
    }
    std::fill(at, out.data() + size, std::uint8_t{0});
    return size;
}

std::size_t pad_rtp(MutableBytes out, std::size_t size, std::uint8_t padding) {
    out[0] |= 0x20;
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(size), padding - 1, std::uint8_t{0});
    out[size + padding - 1] = padding;
    return size + padding;
}

std::uint32_t abs_send_time(std::int64_t monotonic_ns) {
    constexpr std::int64_t kSecond = 1'000'000'000, kPeriod = 64 * kSecond;
    const std::int64_t inside = (monotonic_ns % kPeriod + kPeriod) % kPeriod;
    return static_cast<std::uint32_t>((inside << 18) / kSecond) & 0xFFFFFF;
}

}  // namespace confidente::media
