// RTCP (RFC 3550 section 6, RFC 4585, RFC 5104, RFC 5506, transport-wide congestion control
// draft-holmer-rmcat-transport-wide-cc-extensions-01, REMB draft-alvestrand-rmcat-remb-03): reading compound packets
// without copies, and writing them into a caller's buffer. Sans-IO; nothing allocates.
//
// Invariants: a compound is walked once and checked for length at every step; a packet inside that is malformed ends
// the walk. Views point into the datagram.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxRtcpPacketsPerCompound = 64;
inline constexpr std::size_t kMaxRtcpBytes = 1400;  ///< of the compounds that we write

/// Seconds since 1900 in 32.32 fixed point; `middle()` is what LSR carries.
struct NtpTime {
    std::uint64_t value = 0;
    constexpr std::uint32_t middle() const { return static_cast<std::uint32_t>(value >> 16); }
    auto operator<=>(const NtpTime&) const = default;
};

struct ReportBlock {
    Ssrc ssrc;                           ///< about whom
    std::uint8_t fraction_lost = 0;      ///< of 256, since the last report
    std::int32_t cumulative_lost = 0;    ///< 24 bits, signed
    std::uint32_t extended_highest = 0;  ///< cycles << 16 | sequence number
    std::uint32_t jitter = 0;            ///< in ticks
    std::uint32_t last_sr = 0;           ///< NtpTime::middle of the last SR, 0 = none
    std::uint32_t delay_since_sr = 0;    ///< in 1/65536 s
};

/// The report blocks of an SR or RR; at most 31 by the format.
class ReportBlocks {
public:
    ReportBlocks() = default;
    explicit ReportBlocks(Bytes body) : body_(body) {}
    std::size_t size() const { return body_.size() / 24; }
    ReportBlock operator[](std::size_t at) const;

private:
    Bytes body_;
};

struct SenderReport {
    Ssrc sender;
    NtpTime ntp;
    RtpTimestamp rtp;
    std::uint32_t packets = 0, octets = 0;
    ReportBlocks blocks;
};
struct ReceiverReport {
    Ssrc sender;
    ReportBlocks blocks;
};
struct SourceDescription {
    Ssrc ssrc;
    std::string_view cname;  ///< of the first chunk; empty when it has none
};
struct Goodbye {
    Bytes sources;  ///< 4 bytes each
    std::size_t size() const { return sources.size() / 4; }
    Ssrc operator[](std::size_t at) const { return {load_be32(sources.data() + 4 * at)}; }
};
struct Nack {
    Ssrc sender, media;
    Bytes items;  ///< 4 bytes each: PID, BLP
    /// Calls `lost(SeqNo)` for each number asked for.
    template <class F>
    void for_each(F&& lost) const {
        for (std::size_t at = 0; at + 4 <= items.size(); at += 4) {
            const SeqNo first{load_be16(items.data() + at)};
            lost(first);
            const std::uint16_t mask = load_be16(items.data() + at + 2);
            for (int bit = 0; bit < 16; ++bit)
                if (mask & 1 << bit) lost(first + (bit + 1));
        }
    }
};
struct PictureLoss {
    Ssrc sender, media;
};
struct FullIntraRequest {
    Ssrc sender;
    Bytes items;  ///< 8 bytes each: SSRC, sequence number, reserved
    std::size_t size() const { return items.size() / 8; }
    Ssrc media(std::size_t at) const { return {load_be32(items.data() + 8 * at)}; }
    std::uint8_t sequence(std::size_t at) const { return items[8 * at + 4]; }
};
struct TransportFeedback {
    Ssrc sender, media;
    SeqNo base;
    std::uint16_t count = 0;
    std::int32_t reference_time = 0;  ///< in 64 ms
    std::uint8_t feedback_count = 0;
    Bytes chunks;  ///< status chunks and deltas, for decode_transport_feedback
};
struct ReceiverEstimate {  // REMB
    Ssrc sender;
    std::uint64_t bitrate_bps = 0;
};
struct OtherRtcp {
    std::uint8_t type = 0, format = 0;
};
using RtcpPacket = std::variant<OtherRtcp, SenderReport, ReceiverReport, SourceDescription, Goodbye, Nack, PictureLoss,
                                FullIntraRequest, TransportFeedback, ReceiverEstimate>;

/// Walks a compound:  RtcpReader reader{datagram}; while (auto packet = reader.next()) std::visit(…, *packet);
class RtcpReader {
public:
    explicit RtcpReader(Bytes compound) : rest_(compound) {}
    /// The next packet; nothing at the end or at the first malformed one.
    std::optional<RtcpPacket> next();
    bool malformed() const { return malformed_; }

private:
    Bytes rest_;
    std::size_t taken_ = 0;
    bool malformed_ = false;
};

/// Builds a compound in `out`. Each call appends one packet, or appends nothing and returns false when it does not fit.
class RtcpWriter {
public:
    explicit RtcpWriter(MutableBytes out) : out_(out) {}
    bool sender_report(Ssrc sender, NtpTime ntp, RtpTimestamp rtp, std::uint32_t packets, std::uint32_t octets,
                       std::span<const ReportBlock> blocks = {});
    bool receiver_report(Ssrc sender, std::span<const ReportBlock> blocks);  ///< the first 31
    bool cname(Ssrc ssrc, std::string_view cname);                           ///< SDES; the first 255 bytes
    bool goodbye(std::span<const Ssrc> sources);                             ///< the first 31
    /// `lost` in ascending order; neighbours share an item.
    bool nack(Ssrc sender, Ssrc media, std::span<const SeqNo> lost);
    bool picture_loss(Ssrc sender, Ssrc media);
    bool full_intra_request(Ssrc sender, Ssrc media, std::uint8_t sequence);
    bool receiver_estimate(Ssrc sender, std::uint64_t bitrate_bps, std::span<const Ssrc> sources);
    /// For packets made elsewhere (transport feedback): whole RTCP packets, length a multiple of four.
    bool raw(Bytes packet);

    Bytes bytes() const { return out_.first(size_); }
    bool empty() const { return size_ == 0; }

private:
    std::uint8_t* begin(std::size_t bytes, std::uint8_t count, std::uint8_t type);
    MutableBytes out_;
    std::size_t size_ = 0;
};

}  // namespace confidente::media
