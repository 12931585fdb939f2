// RTP packets without copies (RFC 3550 section 5.1, header extensions RFC 8285 in both forms), and a writer of fresh
// headers. Sans-IO; nothing allocates. A datagram that is not right is no packet: there are no Errors here.
//
// Invariants: a view points into the bytes it was parsed from and has been checked once, whole: every accessor is then
// in bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kRtpFixedHeaderBytes = 12;
inline constexpr std::size_t kMaxRtpBytes = 1500;               ///< what arrives in one unfragmented datagram
inline constexpr std::size_t kMaxRtpHeaderBytes = 12 + 4 + 64;  ///< of the headers that we write

/// RFC 7983 and RFC 5761 section 4: which of the two a datagram in 128..191 is.
bool looks_like_rtp(Bytes datagram);
bool looks_like_rtcp(Bytes datagram);

class RtpPacketView {
public:
    /// Nothing unless version 2, with CSRCs, extension and padding inside the packet.
    static std::optional<RtpPacketView> parse(Bytes packet);

    bool marker() const { return (packet_[1] & 0x80) != 0; }
    PayloadType payload_type() const { return {static_cast<std::uint8_t>(packet_[1] & 0x7F)}; }
    SeqNo sequence() const { return {load_be16(packet_.data() + 2)}; }
    RtpTimestamp timestamp() const { return {load_be32(packet_.data() + 4)}; }
    Ssrc ssrc() const { return {load_be32(packet_.data() + 8)}; }

    Bytes bytes() const { return packet_; }
    std::size_t header_size() const { return header_size_; }
    Bytes payload() const { return packet_.subspan(header_size_, payload_size_); }  ///< without padding
    std::size_t padding_size() const { return packet_.size() - header_size_ - payload_size_; }

    /// The element with this id (1..255), or nothing. An element of length zero is an empty span.
    std::optional<Bytes> extension(std::uint8_t id) const;

private:
    RtpPacketView() = default;
    Bytes packet_;
    Bytes extensions_;  ///< elements of a form that we know, else empty
    std::size_t header_size_ = 0, payload_size_ = 0;
    bool two_byte_ = false;
};

struct RtpHeader {
    PayloadType payload_type;
    SeqNo sequence;
    RtpTimestamp timestamp;
    Ssrc ssrc;
    bool marker = false;
};

struct RtpExtension {
    std::uint8_t id = 0;  ///< elements with id 0 are left out
    Bytes value;
};

/// Writes a header with these elements (one-byte form when all ids are below 15 and all values 1..16 bytes long,
/// two-byte form otherwise). Returns its size; 0 when it does not fit `out`.
std::size_t write_rtp_header(const RtpHeader& header, std::span<const RtpExtension> extensions, MutableBytes out);

/// Appends `padding` bytes (1..255) to the packet of `size` bytes in `out`, which has room for them and no padding yet;
/// the new size.
std::size_t pad_rtp(MutableBytes out, std::size_t size, std::uint8_t padding);

/// The 24-bit value of `abs-send-time`: seconds modulo 64 in 6.18 fixed point, of any clock that runs evenly.
std::uint32_t abs_send_time(std::int64_t monotonic_ns);

}  // namespace confidente::media
