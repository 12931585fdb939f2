// One encoding of a track as it arrives: its numbers, its ring, its keyframe gate, its rate. Private to this room.
#pragma once

#include <array>

#include "media/routing/packet_ring.hpp"
#include "media/routing/publication.hpp"
#include "media/routing/reception.hpp"

namespace confidente::media {

/// Bytes over the last second, in tenths.
class RateMeter {
public:
    void add(std::size_t bytes, Instant now);
    std::uint64_t bps(Instant now) const;

private:
    static constexpr std::int64_t kBucketNs = 100'000'000;
    struct Bucket {
        std::int64_t number = -1;
        std::uint64_t bytes = 0;
    };
    std::array<Bucket, 10> buckets_ = {};
};

class Layer {
public:
    struct Place {
        std::uint8_t track = 0, layer = 0;
    };
    Layer(Ssrc ssrc, Place place, const NegotiatedMedia& media);

    /// The packet to give out; nothing for padding, repetitions and suspicious jumps, which are counted.
    std::optional<LayerPacket> receive(const RtpPacketView& packet, Instant now, PublicationCounters& counters);
    /// `payload` without the original number in front.
    std::optional<LayerPacket> receive_repair(const RtpPacketView& packet, SeqNo original, Bytes payload,
                                              PublicationCounters& counters);
    void receive_report(const SenderReport& report, Instant now);
    /// The publisher sends this layer under another SSRC now.
    void restart(Ssrc ssrc);

    ReportBlock report(Instant now);
    bool on(Instant now) const { return seen_media_ && now - last_media_ < kLayerSilence; }
    std::optional<LayerPacket> stored(std::uint32_t epoch, std::int64_t index) const {
        return ring_.find(epoch, index);
    }

    Ssrc ssrc() const { return ssrc_; }
    Reception& reception() { return reception_; }
    const Reception& reception() const { return reception_; }
    KeyframeGate& gate() { return gate_; }
    const KeyframeGate& gate() const { return gate_; }
    const RateMeter& rate() const { return rate_; }
    PictureSize size() const { return size_; }
    std::optional<Publication::ClockMark> clock_mark() const { return mark_; }

private:
    LayerPacket make(const RtpPacketView& packet, std::int64_t index, Bytes payload) const;
    void begin_epoch();

    Ssrc ssrc_;
    Place place_;
    Codec codec_;
    std::uint32_t clock_rate_;
    bool nack_;
    std::uint32_t epoch_ = 0;
    Reception reception_;
    PacketRing ring_;
    KeyframeGate gate_;
    RateMeter rate_;
    PictureSize size_;
    bool seen_media_ = false;
    Instant last_media_;
    std::optional<Publication::ClockMark> mark_;
    std::uint32_t last_sr_ = 0;
};

}  // namespace confidente::media
