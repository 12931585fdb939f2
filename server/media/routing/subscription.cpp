#include "media/routing/subscription.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

constexpr std::size_t kProbeHeaders = 44;  // of RTP with the extensions that we write, and the SRTP tag

std::int64_t ticks(Duration time, std::uint32_t clock_rate) {
    return std::clamp<Duration>(time, 0s, 3600s).count() / 1000 * clock_rate / 1'000'000;
}

/// 32.32 fixed point.
std::uint64_t ntp_span(Duration time) {
    const std::int64_t ns = std::max<std::int64_t>(0, time.count());
    return static_cast<std::uint64_t>(ns / 1'000'000'000) << 32 |
           (static_cast<std::uint64_t>(ns % 1'000'000'000) << 32) / 1'000'000'000;
}

}  // namespace

Subscription::Subscription(NegotiatedMedia media, std::uint8_t track, Random& random, Instant now)
    : media_(std::move(media)),
      track_(track),
      // RFC 3550 section 5.1: both begin anywhere; a low half keeps the first wrap, and its surprises, far off.
      rewriter_({static_cast<std::uint16_t>(random.u16() & 0x7FFF)}, {random.u32()}, media_.clock_rate),
      rtx_sequence_{static_cast<std::uint16_t>(random.u16() & 0x7FFF)},
      repeat_credit_bytes_(kRepeatCreditBytes),
      next_choice_(now),
      next_report_(now) {
    check(media_.ssrc.has_value());
}

void Subscription::choose(Publication& publication, Instant now) {
    std::array<std::uint8_t, kMaxLayers> layers;
    std::array<LayerChoice, kMaxLayers> ladder;
    const std::size_t count = publication.ladder(track_, now, layers);
    for (std::size_t i = 0; i < count; ++i) ladder[i] = {layers[i], publication.bitrate_bps(track_, layers[i], now)};
    const bool starved = selector_.starved();
    selector_.choose(std::span{ladder}.first(count), now);
    counters_.pauses += selector_.starved() && !starved ? 1 : 0;
    if (selector_.waits_for_keyframe()) publication.request_keyframe(track_, *selector_.target());
}

std::optional<std::uint8_t> Subscription::reachable_layer(const Publication& publication, Instant now) const {
    std::array<std::uint8_t, kMaxLayers> layers;
    const std::size_t count = publication.known_ladder(track_, layers);
    std::array<LayerChoice, kMaxLayers> ladder;
    for (std::size_t i = 0; i < count; ++i) ladder[i] = {layers[i], publication.usual_bps(track_, layers[i], now)};
    return selector_.reachable(std::span{ladder}.first(count));
}

std::uint64_t Subscription::wished_bps(const Publication& publication, Instant now) const {
    std::array<std::uint8_t, kMaxLayers> layers;
    const std::size_t count = publication.known_ladder(track_, layers);
    std::array<LayerChoice, kMaxLayers> ladder;
    for (std::size_t i = 0; i < count; ++i) ladder[i] = {layers[i], 0};
    if (count == 0) return 0;
    return publication.usual_bps(track_, layers[selector_.top_of(std::span{ladder}.first(count))], now);
}

void Subscription::tick(Publication& publication, Instant now) {
    if (now < next_choice_) return;
    next_choice_ = now + kLayerChoiceInterval;
    choose(publication, now);
}

Instant Subscription::deadline() const { return std::min(next_choice_, next_report_); }

void Subscription::request_keyframe(Publication& publication, Instant now) {
    if (keyframe_sent_ && now - *keyframe_sent_ < round_trip_.value_or(kUnknownRoundTrip)) return;
    const auto layer = selector_.current() ? selector_.current() : selector_.target();
    if (layer) publication.request_keyframe(track_, *layer);
}

/// What must be added to the new layer's timestamps so that they go on from the old layer's, by the sender reports of
/// both: they tell which ticks of each are one moment.
std::optional<std::uint32_t> Subscription::shift_between(const LayerPacket& packet,
                                                         const Publication& publication) const {
    if (!piece_layer_ || *piece_layer_ == packet.layer) return {};
    const auto from = publication.clock_mark(track_, *piece_layer_), to = publication.clock_mark(track_, packet.layer);
    if (!from || !to || from->epoch != piece_epoch_ || to->epoch != packet.epoch) return {};
    const auto apart = static_cast<std::int64_t>(from->ntp.value - to->ntp.value);  // 32.32, signed
    if (std::abs(apart) > std::int64_t{60} << 32) return {};
    const std::int64_t apart_ticks = (apart >> 12) * media_.clock_rate >> 20;
    const RtpTimestamp same_moment = to->rtp + apart_ticks;
    return rewriter_.timestamp_shift() + from->rtp.value - same_moment.value;
}

bool Subscription::takes(const LayerPacket& packet) {
    return packet.frame.steps > 1 ? takes_scalable(packet) : selector_.takes(packet);
}

/// The selector follows what the frames allowed, so that it tells the layer shown and asks for what it waits for.
bool Subscription::takes_scalable(const LayerPacket& packet) {
    if (!selector_.target()) {
        svc_.restart();  // what is left out now is missing afterwards
        selector_.stop();
        return false;
    }
    const auto highest = static_cast<std::uint8_t>(packet.frame.steps - 1);
    const auto before = svc_.step();
    const bool taken = svc_.takes(packet, std::min(*selector_.target(), highest));
    if (!svc_.step() || (svc_.step() == before && selector_.current() == before)) return taken;
    LayerPacket start = packet;
    start.layer = *svc_.step();
    start.starts_keyframe = start.in_order = true;
    start.marker = false;
    selector_.takes(start);
    if (before && svc_.step() != before) ++counters_.switches;
    return taken;
}

/// A packet of the stream that is being sent, but of a frame that this viewer does not want.
std::optional<OutgoingRtp> Subscription::leave_out(const LayerPacket& packet) {
    const auto filled = rewriter_.leave_out(packet);
    return filled ? std::optional{number(packet, *filled)} : std::nullopt;
}

void Subscription::begin_piece(const LayerPacket& packet, const Publication& publication, Instant now) {
    rewriter_.begin(packet, shift_between(packet, publication), now);
    counters_.switches += piece_layer_ ? 1 : 0;
    piece_layer_ = packet.layer;
    piece_epoch_ = packet.epoch;
    // The mapping to the wall clock may have changed; the viewer should know it soon.
    next_report_ = now;
    report_retry_ = kFirstReportRetry;
}

std::optional<OutgoingRtp> Subscription::forward(const LayerPacket& packet, Publication& publication, Instant now) {
    check(packet.track == track_);
    if (!selector_.target() && !selector_.starved()) choose(publication, now);
    if (!takes(packet)) {
        if (rewriter_.continues(packet)) return leave_out(packet);
        // A late packet of a layer just left still fills its hole.
        if (packet.in_order || !rewriter_.started()) return {};
        const auto late = rewriter_.rewrite(packet, now);
        return late ? std::optional{number(packet, *late)} : std::nullopt;
    }
    if (!rewriter_.continues(packet)) begin_piece(packet, publication, now);
    if (packet.starts_keyframe && media_.kind == MediaKind::video) keyframe_sent_ = now;
    const auto numbers = rewriter_.rewrite(packet, now);
    return numbers ? std::optional{number(packet, *numbers)} : std::nullopt;
}

namespace {

/// The bytes from PictureID to TL0PICIDX as this viewer counts them.
PayloadPatch patch_of(const LayerPacket& packet, const RtpRewriter::PictureShift& shift) {
    const PictureNumbers& in = packet.picture;
    PayloadPatch patch;
    if (in.id_bytes == 0 && in.tl0_at == 0) return patch;
    patch.at = in.id_bytes ? in.id_at : in.tl0_at;
    const std::size_t end = in.tl0_at ? in.tl0_at + std::size_t{1} : std::size_t{in.id_at} + in.id_bytes;
    patch.size = static_cast<std::uint8_t>(end - patch.at);
    check(patch.size <= patch.bytes.size() && end <= packet.payload.size());
    std::copy_n(packet.payload.data() + patch.at, patch.size, patch.bytes.begin());
    const std::uint32_t id = std::uint32_t{in.id} + shift.id;
    if (in.id_bytes == 2) store_be16(patch.bytes.data(), static_cast<std::uint16_t>(0x8000 | (id & 0x7FFF)));
    if (in.id_bytes == 1) patch.bytes[0] = id & 0x7F;
    if (in.tl0_at) patch.bytes[patch.size - 1u] = static_cast<std::uint8_t>(in.tl0 + shift.tl0);
    return patch;
}

}  // namespace

/// The packet with the viewer's header and numbers on it.
OutgoingRtp Subscription::outgoing(const LayerPacket& packet, const RtpRewriter::Numbers& numbers) const {
    OutgoingRtp out;
    out.header = {media_.payload_type, numbers.sequence.seq(), numbers.timestamp, *media_.ssrc, packet.marker};
    if (numbers.left_out || packet.payload.empty()) return out;  // only fills its place
    out.payload = packet.payload;
    out.patch = patch_of(packet, numbers.picture);
    const FrameLayers& frame = packet.frame;
    if (media_.extensions.dependency != 0) {
        out.descriptor = packet.descriptor;
        out.frame_number = static_cast<std::uint16_t>(frame.number + numbers.picture.frame);
    }
    if (frame.steps > 1 && svc_.step()) {
        // The last frame of a picture that this viewer gets ends the picture.
        out.header.marker = packet.marker || (frame.ends_frame && frame.spatial == *svc_.step());
        out.active = {frame.active[*svc_.step()], frame.targets};
    }
    return out;
}

OutgoingRtp Subscription::number(const LayerPacket& packet, const RtpRewriter::Numbers& numbers) {
    const OutgoingRtp out = outgoing(packet, numbers);
    ++counters_.packets;
    counters_.octets += out.payload.size();
    repeat_credit_bytes_ = std::min(kRepeatCreditBytes, repeat_credit_bytes_ + out.payload.size() / kMaxRepeatShare);
    return out;
}

Duration Subscription::repeat_spacing() const {
    if (!round_trip_) return kRepeatSpacing;
    return std::clamp<Duration>(*round_trip_ * 3 / 4, kMinRepeatSpacing, kMaxRepeatSpacing);
}

std::optional<OutgoingRtp> Subscription::repeat(SeqNo lost, const Publication& publication, Instant now) {
    ++counters_.nacks_in;
    const ExtendedSeqNo highest = rewriter_.highest(), place = highest + lost.since(highest.seq());
    if (!rewriter_.started() || place > highest || place.value < 0) return {};
    const auto origin = rewriter_.origin(place);
    const auto stored = origin ? publication.stored(track_, origin->layer, origin->epoch, origin->index) : std::nullopt;
    if (!stored) {
        ++counters_.not_stored;
        return {};
    }
    Repeated& before = repeated_[static_cast<std::size_t>(place.value) % kRepeatsRemembered];
    if (before.sequence == place.value && now - before.at < repeat_spacing()) return {};
    if (repeat_credit_bytes_ < stored->payload.size()) return {};
    repeat_credit_bytes_ -= stored->payload.size();
    before = {place.value, now};
    ++counters_.repeated;
    OutgoingRtp again = outgoing(*stored, rewriter_.again(place, *origin, *stored));
    if (media_.rtx_payload_type && media_.rtx_ssrc) {
        again.header.payload_type = *media_.rtx_payload_type;
        again.header.ssrc = *media_.rtx_ssrc;
        again.header.sequence = rtx_sequence_;
        rtx_sequence_ = rtx_sequence_ + 1;
        again.repeats = lost;
    }
    return again;
}

std::optional<OutgoingRtp> Subscription::probe(const Publication& publication, std::size_t bytes) {
    if (!can_probe()) return {};
    OutgoingRtp probe;
    const ExtendedSeqNo highest = rewriter_.highest();
    for (int back = 0; rewriter_.started() && bytes >= kMinProbeRepeatBytes && back < kProbeLookBack; ++back) {
        const ExtendedSeqNo place = highest + -back;
        const auto origin = rewriter_.origin(place);
        const auto stored =
            origin ? publication.stored(track_, origin->layer, origin->epoch, origin->index) : std::nullopt;
        if (!stored || stored->payload.size() < kMinProbeRepeatBytes) continue;
        probe = outgoing(*stored, rewriter_.again(place, *origin, *stored));
        probe.repeats = place.seq();
        break;
    }
    if (!probe.repeats) {
        probe.header.timestamp = rewriter_.newest_timestamp();
        const std::size_t padding = bytes > kProbeHeaders ? bytes - kProbeHeaders : 0;
        probe.padding = static_cast<std::uint8_t>(std::clamp<std::size_t>(padding, 16, 255));
    }
    probe.header.payload_type = *media_.rtx_payload_type;
    probe.header.ssrc = *media_.rtx_ssrc;
    probe.header.sequence = rtx_sequence_;
    rtx_sequence_ = rtx_sequence_ + 1;
    return probe;
}

std::size_t Subscription::write(const OutgoingRtp& packet, SeqNo transport_sequence, Instant now,
                                MutableBytes out) const {
    std::array<std::uint8_t, 2> number;
    std::array<std::uint8_t, 3> time;
    store_be16(number.data(), transport_sequence.value);
    store_be24(time.data(), abs_send_time(now.ns));
    std::array<std::uint8_t, kMaxDependencyDescriptor> descriptor;
    std::size_t descriptor_size = 0;
    if (!packet.descriptor.empty())
        descriptor_size =
            rewrite_dependency_descriptor(packet.descriptor, packet.frame_number, packet.active, descriptor);
    const bool say_mid = counters_.packets <= kPacketsWithMid && media_.mid.size() <= 16;
    const RtpExtension extensions[] = {
        {say_mid ? media_.extensions.mid : std::uint8_t{0}, as_bytes(media_.mid)},
        {media_.extensions.abs_send_time, time},
        {media_.extensions.transport_cc, number},
        {descriptor_size ? media_.extensions.dependency : std::uint8_t{0}, Bytes{descriptor}.first(descriptor_size)}};
    std::size_t size = write_rtp_header(packet.header, extensions, out);
    if (size == 0 || out.size() - size < packet.payload.size() + packet.padding + (packet.repeats ? 2 : 0)) return 0;
    if (packet.repeats) {
        store_be16(out.data() + size, packet.repeats->value);
        size += 2;
    }
    const auto behind = out.subspan(size);
    std::copy(packet.payload.begin(), packet.payload.end(), behind.begin());
    std::copy_n(packet.patch.bytes.begin(), packet.patch.size, behind.begin() + packet.patch.at);
    size += packet.payload.size();
    if (packet.padding == 0) return size;
    // RFC 3550 section 5.1: the last byte counts the padding, itself included.
    out[0] |= 0x20;
    std::fill_n(out.data() + size, packet.padding - 1, std::uint8_t{0});
    out[size + packet.padding - 1] = packet.padding;
    return size + packet.padding;
}

void Subscription::receive_report(const ReportBlock& block, Publication& publication, Instant now) {
    if (block.ssrc != ssrc()) return;
    fraction_lost_ = block.fraction_lost;
    if (block.last_sr == 0 || block.last_sr != reported_middle_) return;
    const Duration held{static_cast<std::int64_t>(block.delay_since_sr) * 1'000'000'000 / 65'536};
    if (now - reported_at_ < held) return;
    round_trip_ = now - reported_at_ - held;
    publication.note_round_trip(*round_trip_, now);
}

bool Subscription::write_report(const Publication& publication, Instant now, RtcpWriter& out) {
    if (now < next_report_) return false;
    // Until there is something to say, soon again: without a report sound and picture are not in step.
    next_report_ = now + report_retry_;
    report_retry_ = std::min<Duration>(2 * report_retry_, kSenderReportInterval);
    const auto mark = piece_layer_ ? publication.clock_mark(track_, *piece_layer_) : std::nullopt;
    if (!mark || mark->epoch != piece_epoch_ || !rewriter_.started()) return false;
    next_report_ = now + kSenderReportInterval;
    const NtpTime ntp{mark->ntp.value + publication.clock_offset() + ntp_span(now - mark->at)};
    const RtpTimestamp rtp =
        mark->rtp + ticks(now - mark->at, media_.clock_rate) + std::int64_t{rewriter_.timestamp_shift()};
    if (!out.sender_report(ssrc(), ntp, rtp, static_cast<std::uint32_t>(counters_.packets),
                           static_cast<std::uint32_t>(counters_.octets)))
        return false;
    reported_middle_ = ntp.middle();
    reported_at_ = now;
    return out.cname(ssrc(), media_.cname);
}

void Subscription::source_restarted(std::uint8_t track) {
    track_ = track;
    selector_.restart();
    svc_.restart();
    piece_layer_.reset();
    keyframe_sent_.reset();
    rewriter_.forget_origins();
}

}  // namespace confidente::media
