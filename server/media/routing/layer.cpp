#include "media/routing/layer.hpp"

namespace confidente::media {

void RateMeter::add(std::size_t bytes, Instant now) {
    const std::int64_t number = now.ns / kBucketNs;
    Bucket& bucket = buckets_[static_cast<std::size_t>(number) % buckets_.size()];
    if (bucket.number != number) bucket = {number, 0, 0};
    bucket.bytes += bytes;
    ++bucket.packets;
}

template <class Field>
std::uint64_t RateMeter::sum(Field field, Instant now) const {
    const std::int64_t number = now.ns / kBucketNs;
    std::uint64_t all = 0;
    for (const Bucket& bucket : buckets_)
        if (bucket.number > number - static_cast<std::int64_t>(buckets_.size())) all += bucket.*field;
    return all;
}

std::uint64_t RateMeter::bps(Instant now) const { return sum(&Bucket::bytes, now) * 8; }
std::uint64_t RateMeter::packets_per_s(Instant now) const { return sum(&Bucket::packets, now); }

Layer::Layer(Ssrc ssrc, Place place, const NegotiatedMedia& media)
    : ssrc_(ssrc),
      place_(place),
      codec_(media.codec),
      clock_rate_(media.clock_rate),
      nack_(media.nack),
      least_ring_(media.kind == MediaKind::video ? kMinVideoRingPackets : kMinAudioRingPackets),
      ring_(media.kind == MediaKind::video ? kFirstVideoRingPackets : kMinAudioRingPackets) {
    if (codec_ == Codec::vp9 || codec_ == Codec::av1)
        scale_ = std::unique_ptr<Scale>(new Scale{.reader = {codec_, media.extensions.dependency, media.rids.empty()}});
}

LayerPacket Layer::make(const RtpPacketView& packet, Reception::Verdict verdict, Bytes payload) {
    LayerPacket made;
    made.track = place_.track;
    made.layer = place_.layer;
    made.epoch = epoch_;
    made.index = verdict.index;
    made.timestamp = packet.timestamp();
    made.marker = packet.marker();
    made.in_order = verdict.arrival == Arrival::fresh;
    made.starts_keyframe = !payload.empty() && starts_keyframe(codec_, payload);
    made.payload = payload;
    if (codec_ == Codec::vp8 || codec_ == Codec::vp9) made.picture = picture_numbers(codec_, payload);
    if (scale_) scale_->reader.read(packet, made);
    return made;
}

void Layer::begin_epoch() {
    ++epoch_;
    mark_.reset();
    last_sr_ = 0;
    last_index_ = -1;
    parameter_sets_.renumbered();
    if (scale_) scale_->reader.restart();
}

void Layer::restart(Ssrc ssrc) {
    ssrc_ = ssrc;
    reception_.restart();
    begin_epoch();
}

void Layer::note_frame(const LayerPacket& made, std::size_t bytes, Instant now) {
    for (std::size_t step = 0; step < kMaxLayers; ++step) {
        if ((made.frame.members >> step & 1) == 0) continue;
        scale_->rates[step].add(bytes, now);
        // Who joins at a keyframe need not wait for each layer to show itself.
        const bool promised = made.starts_keyframe && step < scale_->reader.promised();
        if (made.frame.spatial != step && !promised) continue;
        scale_->seen[step] = now;
        scale_->ever[step] = true;
    }
}

/// The sets, which take the keyframe's number; the keyframe gets the next.
std::optional<LayerPacket> Layer::insert_parameter_sets(LayerPacket& keyframe, PublicationCounters& counters) {
    LayerPacket sets = keyframe;
    sets.index = reception_.insert_before_newest();
    sets.marker = false;
    sets.starts_keyframe = true;
    sets.payload = parameter_sets_.aggregate();
    ++keyframe.index;
    ring_.store(sets);
    ++counters.packets;
    ++counters.sets_inserted;
    return sets;
}

std::optional<LayerPacket> Layer::receive(const RtpPacketView& packet, Instant now, PublicationCounters& counters,
                                          std::optional<LayerPacket>& following) {
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
    LayerPacket made = make(packet, verdict, payload);
    if (!payload.empty()) {
        seen_media_ = true;
        last_media_ = now;
    }
    std::optional<LayerPacket> sets;
    if (codec_ == Codec::h264) {
        const bool contiguous = last_index_ >= 0 && made.index == last_index_ + 1;
        if (parameter_sets_.note(payload, {made.index, made.timestamp, made.in_order, contiguous}))
            sets = insert_parameter_sets(made, counters);
    }
    if (made.in_order) last_index_ = made.index;
    if ((made.starts_keyframe || sets) && codec_ != Codec::opus) {
        if (made.in_order) {
            gate_.keyframe_arrived();
            reception_.note_keyframe();
        }
        if (const auto size = keyframe_size(codec_, payload)) size_ = *size;
    }
    if (scale_) note_frame(made, packet.bytes().size(), now);
    ring_.store(made);
    ++counters.packets;
    if (!sets) return made;
    following = made;
    return sets;
}

std::optional<LayerPacket> Layer::receive_repair(const RtpPacketView& packet, SeqNo original, Bytes payload,
                                                 Instant now, PublicationCounters& counters) {
    const auto verdict = reception_.receive_repair(original, now);
    if (verdict.arrival != Arrival::late) {
        ++counters.repeated;
        return {};
    }
    ++counters.recovered;
    ++counters.packets;
    const LayerPacket made = make(packet, verdict, payload);
    if (codec_ == Codec::h264) parameter_sets_.note(payload, {made.index, made.timestamp, false, false});
    ring_.store(made);
    return made;
}

void Layer::fit_ring(Instant now, std::optional<Duration> viewers_round_trip) {
    const std::size_t wanted = ring_packets(rate_.packets_per_s(now), viewers_round_trip, least_ring_);
    if (wanted > ring_.packets() || wanted * 4 <= ring_.packets()) ring_.resize(wanted);
}

bool Layer::step_on(std::uint8_t step, Instant now) const {
    return scale_ && step < steps() && scale_->ever[step] && now - scale_->seen[step] < kLayerSilence;
}

std::uint64_t Layer::step_bps(std::uint8_t step, Instant now) const {
    return scale_ && step < kMaxLayers ? scale_->rates[step].bps(now) : 0;
}

PictureSize Layer::step_size(std::uint8_t step) const { return scale_ ? scale_->reader.size(step) : PictureSize{}; }

void Layer::receive_report(const SenderReport& report, Instant now) {
    mark_ = Publication::ClockMark{report.ntp, report.rtp, now, epoch_};
    last_sr_ = report.ntp.middle();
}

ReportBlock Layer::report(Instant now) {
    ReportBlock block = reception_.report(ssrc_);
    // Once a second: a mean of some seconds, kept while the layer pauses.
    if (on(now)) usual_bps_ = usual_bps_ == 0 ? rate_.bps(now) : (usual_bps_ * 3 + rate_.bps(now)) / 4;
    if (!mark_) return block;
    block.last_sr = last_sr_;
    block.delay_since_sr = static_cast<std::uint32_t>((now - mark_->at).count() / 1000 * 65'536 / 1'000'000);
    return block;
}

}  // namespace confidente::media
