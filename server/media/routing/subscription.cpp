#include "media/routing/subscription.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

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
      history_(kSentHistory),
      rtx_sequence_{static_cast<std::uint16_t>(random.u16() & 0x7FFF)},
      repeat_credit_bytes_(kRepeatCreditBytes),
      next_choice_(now),
      next_report_(now + kSenderReportInterval) {
    check(media_.ssrc.has_value());
}

void Subscription::choose(Publication& publication, Instant now) {
    std::array<std::uint8_t, kMaxLayers> layers;
    std::array<LayerChoice, kMaxLayers> ladder;
    const std::size_t count = publication.ladder(track_, now, layers);
    for (std::size_t i = 0; i < count; ++i) ladder[i] = {layers[i], publication.bitrate_bps(track_, layers[i], now)};
    selector_.choose(std::span{ladder}.first(count));
    if (selector_.waits_for_keyframe()) publication.request_keyframe(track_, *selector_.target());
}

void Subscription::tick(Publication& publication, Instant now) {
    if (now < next_choice_) return;
    next_choice_ = now + kLayerChoiceInterval;
    choose(publication, now);
}

Instant Subscription::deadline() const { return std::min(next_choice_, next_report_); }

void Subscription::request_keyframe(Publication& publication) {
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

std::optional<OutgoingRtp> Subscription::forward(const LayerPacket& packet, Publication& publication, Instant now) {
    check(packet.track == track_);
    if (!selector_.target()) choose(publication, now);
    if (!selector_.takes(packet)) {
        // A late packet of the layer just left still fills its hole.
        if (packet.in_order || packet.layer != previous_layer_ || packet.epoch != previous_epoch_) return {};
        const auto late = rewriter_.rewrite_previous(packet);
        return late ? std::optional{number(packet, *late)} : std::nullopt;
    }
    if (piece_layer_ != packet.layer || piece_epoch_ != packet.epoch) {
        rewriter_.begin(packet, shift_between(packet, publication), now);
        counters_.switches += piece_layer_ ? 1 : 0;
        previous_layer_ = piece_layer_;
        previous_epoch_ = piece_epoch_;
        piece_layer_ = packet.layer;
        piece_epoch_ = packet.epoch;
    }
    const auto numbers = rewriter_.rewrite(packet, now);
    return numbers ? std::optional{number(packet, *numbers)} : std::nullopt;
}

/// Remembers where the packet came from, for repetitions, and puts the viewer's header on it.
OutgoingRtp Subscription::number(const LayerPacket& packet, const RtpRewriter::Numbers& numbers) {
    Sent& sent = history_[static_cast<std::size_t>(numbers.sequence.value) % kSentHistory];
    sent = {.sequence = numbers.sequence.value,
            .index = packet.index,
            .epoch = packet.epoch,
            .timestamp = numbers.timestamp,
            .repeated_at = {},
            .layer = packet.layer,
            .marker = packet.marker};
    ++counters_.packets;
    counters_.octets += packet.payload.size();
    repeat_credit_bytes_ = std::min(kRepeatCreditBytes, repeat_credit_bytes_ + packet.payload.size() / kMaxRepeatShare);
    const RtpHeader header{media_.payload_type, numbers.sequence.seq(), numbers.timestamp, *media_.ssrc, packet.marker};
    return {header, {}, packet.payload};
}

std::optional<OutgoingRtp> Subscription::repeat(SeqNo lost, const Publication& publication, Instant now) {
    ++counters_.nacks_in;
    const ExtendedSeqNo highest = rewriter_.highest(), place = highest + lost.since(highest.seq());
    if (!rewriter_.started() || place > highest || place.value < 0) return {};
    Sent& sent = history_[static_cast<std::size_t>(place.value) % kSentHistory];
    const auto stored =
        sent.sequence == place.value ? publication.stored(track_, sent.layer, sent.epoch, sent.index) : std::nullopt;
    if (!stored) {
        ++counters_.not_stored;
        return {};
    }
    if (sent.repeated_at != Instant{} && now - sent.repeated_at < kRepeatSpacing) return {};
    if (repeat_credit_bytes_ < stored->payload.size()) return {};
    repeat_credit_bytes_ -= stored->payload.size();
    sent.repeated_at = now;
    ++counters_.repeated;
    OutgoingRtp again{{media_.payload_type, lost, sent.timestamp, *media_.ssrc, sent.marker}, {}, stored->payload};
    if (media_.rtx_payload_type && media_.rtx_ssrc) {
        again.header.payload_type = *media_.rtx_payload_type;
        again.header.ssrc = *media_.rtx_ssrc;
        again.header.sequence = rtx_sequence_;
        rtx_sequence_ = rtx_sequence_ + 1;
        again.repeats = lost;
    }
    return again;
}

std::size_t Subscription::write(const OutgoingRtp& packet, SeqNo transport_sequence, Instant now,
                                MutableBytes out) const {
    std::array<std::uint8_t, 2> number;
    std::array<std::uint8_t, 3> time;
    store_be16(number.data(), transport_sequence.value);
    store_be24(time.data(), abs_send_time(now.ns));
    const bool say_mid = counters_.packets <= kPacketsWithMid && media_.mid.size() <= 16;
    const RtpExtension extensions[] = {{say_mid ? media_.extensions.mid : std::uint8_t{0}, as_bytes(media_.mid)},
                                       {media_.extensions.abs_send_time, time},
                                       {media_.extensions.transport_cc, number}};
    std::size_t size = write_rtp_header(packet.header, extensions, out);
    if (size == 0 || out.size() - size < packet.payload.size() + (packet.repeats ? 2 : 0)) return 0;
    if (packet.repeats) {
        store_be16(out.data() + size, packet.repeats->value);
        size += 2;
    }
    std::copy(packet.payload.begin(), packet.payload.end(), out.begin() + static_cast<std::ptrdiff_t>(size));
    return size + packet.payload.size();
}

void Subscription::receive_report(const ReportBlock& block, const Publication&, Instant now) {
    if (block.ssrc != ssrc()) return;
    fraction_lost_ = block.fraction_lost;
    if (block.last_sr == 0 || block.last_sr != reported_middle_) return;
    const Duration held{static_cast<std::int64_t>(block.delay_since_sr) * 1'000'000'000 / 65'536};
    if (now - reported_at_ >= held) round_trip_ = now - reported_at_ - held;
}

bool Subscription::write_report(const Publication& publication, Instant now, RtcpWriter& out) {
    if (now < next_report_) return false;
    next_report_ = now + kSenderReportInterval;
    const auto mark = piece_layer_ ? publication.clock_mark(track_, *piece_layer_) : std::nullopt;
    if (!mark || mark->epoch != piece_epoch_ || !rewriter_.started()) return false;
    const NtpTime ntp{mark->ntp.value + ntp_span(now - mark->at)};
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
    piece_layer_.reset();
    previous_layer_.reset();
    std::fill(history_.begin(), history_.end(), Sent{});
}

}  // namespace confidente::media
