// Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): remembering when
// packets arrived, saying so to the sender, and reading what a receiver says of ours. Sans-IO.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "media/protocol/rtcp/rtcp.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxArrivals = 1024;             ///< packets remembered between two feedbacks
inline constexpr std::size_t kMaxLateness = 256;              ///< packets; later ones stay told as lost
inline constexpr std::size_t kMaxFeedbackPackets = 300;       ///< reported by one feedback packet
inline constexpr Duration kTransportFeedbackInterval = 50ms;  ///< Chromium's own receivers send every 50–250 ms

/// The receiving side: one per publisher's connection.
class TransportArrivals {
public:
    /// `sequence` is the header extension's value.
    void received(SeqNo sequence, Instant now);
    /// Appends feedback packets for everything not reported yet; false when `out` had no room for all of it.
    bool write(Ssrc sender, Ssrc media, RtcpWriter& out);
    bool empty() const { return pending_ == 0; }

private:
    struct Arrival {
        std::int64_t sequence = -1;
        Instant at;
    };
    void received_late(std::int64_t place, Instant now);
    bool write_one(Ssrc sender, Ssrc media, RtcpWriter& out);
    SeqNoUnroller unroller_;
    std::array<Arrival, kMaxArrivals> arrivals_ = {};
    std::int64_t next_ = 0;       ///< first number that was not reported
    std::size_t pending_ = 0;     ///< arrivals at or after next_
    std::uint8_t feedbacks_ = 0;  ///< wraps by the draft
};

struct TransportArrival {
    SeqNo sequence;
    bool received = false;
    std::int64_t at_us = 0;  ///< on the receiver's clock
};

/// Reads a feedback into `out`; the number of entries, or nothing when it is malformed or does not fit.
std::optional<std::size_t> decode_transport_feedback(const TransportFeedback& feedback,
                                                     std::span<TransportArrival> out);

}  // namespace confidente::media
