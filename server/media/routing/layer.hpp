// One encoding of a track as it arrives: its numbers, its ring, its keyframe gate, its rate. Private to this room.
#pragma once

#include <algorithm>
#include <array>
#include <memory>

#include "media/protocol/codecs/h264_parameter_sets.hpp"
#include "media/routing/frame_layers_reader.hpp"
#include "media/routing/packet_ring.hpp"
#include "media/routing/publication.hpp"
#include "media/routing/reception.hpp"

namespace confidente::media {

/// Bytes and packets over the last second, in tenths.
class RateMeter {
public:
    void add(std::size_t bytes, Instant now);
    std::uint64_t bps(Instant now) const;
    std::uint64_t packets_per_s(Instant now) const;

private:
    static constexpr std::int64_t kBucketNs = 100'000'000;
    struct Bucket {
        std::int64_t number = -1;
        std::uint64_t bytes = 0, packets = 0;
    };
    template <class Field>
    std::uint64_t sum(Field field, Instant now) const;
    std::array<Bucket, 10> buckets_ = {};
};

class Layer {
public:
    struct Place {
        std::uint8_t track = 0, layer = 0;
    };
    Layer(Ssrc ssrc, Place place, const NegotiatedMedia& media);

    /// The packet to give out; nothing for padding, repetitions and suspicious jumps, which are counted. Where an H.264
    /// keyframe comes without its parameter sets, they are given out first and the packet itself is left in
    /// `following`.
    std::optional<LayerPacket> receive(const RtpPacketView& packet, Instant now, PublicationCounters& counters,
                                       std::optional<LayerPacket>& following);
    /// `original` and `payload` as RTX wraps them; the rest of the packet is the original's.
    std::optional<LayerPacket> receive_repair(const RtpPacketView& packet, SeqNo original, Bytes payload, Instant now,
                                              PublicationCounters& counters);
    void receive_report(const SenderReport& report, Instant now);
    /// The publisher sends this layer under another SSRC now.
    void restart(Ssrc ssrc);

    ReportBlock report(Instant now);
    /// Makes the ring as large as rate and round trip ask for: larger at once, smaller when it is far too large.
    void fit_ring(Instant now, std::optional<Duration> viewers_round_trip);

    /// Spatial layers in one stream, 1 when there is nothing to choose. Of each: whether it comes, its rate with all
    /// that it needs, its size.
    std::uint8_t steps() const { return scale_ ? scale_->reader.steps() : std::uint8_t{1}; }
    bool step_on(std::uint8_t step, Instant now) const;
    std::uint64_t step_bps(std::uint8_t step, Instant now) const;
    PictureSize step_size(std::uint8_t step) const;

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
    std::uint64_t usual_bps(Instant now) const { return on(now) ? std::max(usual_bps_, rate_.bps(now)) : usual_bps_; }
    PictureSize size() const { return size_; }
    std::optional<Publication::ClockMark> clock_mark() const { return mark_; }

private:
    struct Scale {
        FrameLayersReader reader;
        std::array<RateMeter, kMaxLayers> rates = {};
        std::array<Instant, kMaxLayers> seen = {};
        std::array<bool, kMaxLayers> ever = {};
    };
    LayerPacket make(const RtpPacketView& packet, Reception::Verdict verdict, Bytes payload);
    void begin_epoch();
    void note_frame(const LayerPacket& made, std::size_t bytes, Instant now);
    std::optional<LayerPacket> insert_parameter_sets(LayerPacket& keyframe, PublicationCounters& counters);

    Ssrc ssrc_;
    Place place_;
    Codec codec_;
    std::uint32_t clock_rate_;
    bool nack_;
    std::size_t least_ring_;
    std::uint32_t epoch_ = 0;
    Reception reception_;
    PacketRing ring_;
    KeyframeGate gate_;
    RateMeter rate_;
    std::uint64_t usual_bps_ = 0;  ///< when the last report was made while it arrived
    PictureSize size_;
    H264ParameterSets parameter_sets_;
    std::unique_ptr<Scale> scale_;  ///< of VP9 and AV1
    std::int64_t last_index_ = -1;  ///< of the newest packet given out
    bool seen_media_ = false;
    Instant last_media_;
    std::optional<Publication::ClockMark> mark_;
    std::uint32_t last_sr_ = 0;
};

}  // namespace confidente::media
