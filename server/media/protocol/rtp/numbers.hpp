// RTP's numbers as types of their own, so that they cannot be mixed up (RFC 3550 section 5.1).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace confidente::media {

struct Ssrc {
    std::uint32_t value = 0;
    auto operator<=>(const Ssrc&) const = default;
};

struct PayloadType {
    std::uint8_t value = 0;
    auto operator<=>(const PayloadType&) const = default;
};

/// 16 bits that wrap. `a.newer_than(b)` is serial number arithmetic (RFC 1982).
struct SeqNo {
    std::uint16_t value = 0;
    bool operator==(const SeqNo&) const = default;
    /// Signed steps from `from` to this, -32768..32767.
    constexpr std::int16_t since(SeqNo from) const { return static_cast<std::int16_t>(value - from.value); }
    constexpr bool newer_than(SeqNo other) const { return since(other) > 0; }
    friend constexpr SeqNo operator+(SeqNo a, std::int64_t by) { return {static_cast<std::uint16_t>(a.value + by)}; }
};

/// A media clock's ticks, 32 bits that wrap.
struct RtpTimestamp {
    std::uint32_t value = 0;
    bool operator==(const RtpTimestamp&) const = default;
    constexpr std::int32_t since(RtpTimestamp from) const { return static_cast<std::int32_t>(value - from.value); }
    constexpr bool newer_than(RtpTimestamp other) const { return since(other) > 0; }
    friend constexpr RtpTimestamp operator+(RtpTimestamp a, std::int64_t by) {
        return {static_cast<std::uint32_t>(a.value + by)};
    }
};

/// A sequence number that does not wrap: cycles × 65536 + SeqNo.
struct ExtendedSeqNo {
    std::int64_t value = 0;
    auto operator<=>(const ExtendedSeqNo&) const = default;
    constexpr SeqNo seq() const { return {static_cast<std::uint16_t>(value)}; }
    friend constexpr ExtendedSeqNo operator+(ExtendedSeqNo a, std::int64_t by) { return {a.value + by}; }
};

/// Follows a stream and gives each SeqNo its place. The first one lies in cycle 1, so that an older one after it
/// does not become negative.
class SeqNoUnroller {
public:
    ExtendedSeqNo unroll(SeqNo seq) {
        if (!started_) {
            started_ = true;
            highest_ = {65536 + std::int64_t{seq.value}};
            return highest_;
        }
        const ExtendedSeqNo place = highest_ + seq.since(highest_.seq());
        if (place > highest_) highest_ = place;
        return place;
    }
    bool started() const { return started_; }
    ExtendedSeqNo highest() const { return highest_; }

private:
    bool started_ = false;
    ExtendedSeqNo highest_;
};

}  // namespace confidente::media

template <>
struct std::hash<confidente::media::Ssrc> {
    std::size_t operator()(confidente::media::Ssrc ssrc) const noexcept { return ssrc.value * 0x9E3779B97F4A7C15ULL; }
};
