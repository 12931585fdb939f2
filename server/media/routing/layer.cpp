#include "media/routing/layer.hpp"

namespace confidente::media {

void RateMeter::add(std::size_t bytes, Instant now) {
    const std::int64_t number = now.ns / kBucketNs;
    Bucket& bucket = buckets_[static_cast<std::size_t>(number) % buckets_.size()];
    if (bucket.number != number) bucket = {number, 0};
    bucket.bytes += bytes;
}

std::uint64_t RateMeter::bps(Instant now) const {
    const std::int64_t number = now.ns / kBucketNs;
    std::uint64_t bytes = 0;
    for (const Bucket& bucket : buckets_)
        if (bucket.number > number - static_cast<std::int64_t>(buckets_.size())) bytes += bucket.bytes;
    return bytes * 8;
}

Layer::Layer(Ssrc ssrc, Place place, const NegotiatedMedia& media)
    : ssrc_(ssrc),
      place_(place),
      codec_(media.codec),
      clock_rate_(media.clock_rate),
      nack_(media.nack),
      ring_(media.kind == MediaKind::video ? kVideoRingPackets : kAudioRingPackets) {}

LayerPacket Layer::make(const RtpPacketView& packet, std::int64_t index, Bytes payload) const {
    LayerPacket made;
    made.track = place_.track;
    made.layer = place_.layer;
    made.epoch = epoch_;
    made.index = index;
    made.timestamp = packet.timestamp();
    made.marker = packet.marker();
    made.starts_keyframe = !payload.empty() && starts_keyframe(codec_, payload);
    made.payload = payload;
    return made;
}

void Layer::begin_epoch() {
    ++epoch_;
    mark_.reset();
    last_sr_ = 0;
}

void Layer::restart(Ssrc ssrc) {
    ssrc_ = ssrc;
    reception_.restart();
    begin_epoch();
}

std::optional<LayerPacket> Layer::receive(const RtpPacketView& packet, Instant now, PublicationCounters& counters) {
    const Bytes payload = packet.payload();
    const auto verdict =
        reception_.receive(packet.sequence(), payload.empty() ? Content::padding : Content::media, now);
    rate_.add(packet.bytes().size(), now);
    if (verdict.began_anew) begin_epoch();
    if (!nack_) reception_.forget_losses();
    switch (verdict.arrival) {
        case Arrival::suspicious:
        case Arrival::repeated:
            ++counters.repeated;
            return {};
        case Arrival::dropped_padding:
            ++counters.padding;
            return {};
        case Arrival::late:
            ++counters.recovered;
            break;
        case Arrival::fresh:
            reception_.note_time(packet.timestamp(), clock_rate_, now);
            break;
    }
    LayerPacket made = make(packet, verdict.index, payload);
    made.in_order = verdict.arrival == Arrival::fresh;
    if (!payload.empty()) {
        seen_media_ = true;
        last_media_ = now;
    }
    if (made.starts_keyframe && codec_ != Codec::opus) {
        if (made.in_order) gate_.keyframe_arrived();
        if (const auto size = keyframe_size(codec_, payload)) size_ = *size;
    }
    ring_.store(made);
    ++counters.packets;
    return made;
}

std::optional<LayerPacket> Layer::receive_repair(const RtpPacketView& packet, SeqNo original, Bytes payload,
                                                 PublicationCounters& counters) {
    const auto verdict = reception_.receive_repair(original);
    if (verdict.arrival != Arrival::late) {
        ++counters.repeated;
        return {};
    }
    ++counters.recovered;
    ++counters.packets;
    LayerPacket made = make(packet, verdict.index, payload);
    made.in_order = false;
    ring_.store(made);
    return made;
}

void Layer::receive_report(const SenderReport& report, Instant now) {
    mark_ = Publication::ClockMark{report.ntp, report.rtp, now, epoch_};
    last_sr_ = report.ntp.middle();
}

ReportBlock Layer::report(Instant now) {
    ReportBlock block = reception_.report(ssrc_);
    if (!mark_) return block;
    block.last_sr = last_sr_;
    block.delay_since_sr = static_cast<std::uint32_t>((now - mark_->at).count() / 1000 * 65'536 / 1'000'000);
    return block;
}

}  // namespace confidente::media
