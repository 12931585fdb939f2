#include "media/routing/publication.hpp"

#include <algorithm>

#include "media/routing/layer.hpp"
#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

constexpr std::size_t kMaxLossesPerNack = 48;                           // with their bitmasks at most 200 bytes
constexpr std::uint64_t kNtpAtZero = std::uint64_t{0xE000'0000} << 32;  // any will do that is not near a wrap

}  // namespace

NtpTime ntp_of(Instant now) {
    const auto ns = static_cast<std::uint64_t>(now.ns);
    return {kNtpAtZero + ((ns / 1'000'000'000) << 32) + ((ns % 1'000'000'000) << 32) / 1'000'000'000};
}

Publication::Publication(std::vector<NegotiatedMedia> media, Ssrc feedback_ssrc, std::string cname, Instant now)
    : media_(std::move(media)),
      feedback_ssrc_(feedback_ssrc),
      cname_(std::move(cname)),
      arrivals_(std::make_unique<TransportArrivals>()),
      next_report_(now + kReportInterval),
      next_transport_feedback_(now) {
    check(media_.size() <= kMaxTracks);
    for (const NegotiatedMedia& one : media_) check(one.rids.size() <= kMaxLayers);
    sources_.reserve(kMaxSsrcs);
}

Publication::~Publication() = default;
Publication::Publication(Publication&&) noexcept = default;
Publication& Publication::operator=(Publication&&) noexcept = default;

std::optional<std::uint8_t> Publication::track(MediaKind kind) const {
    for (std::size_t i = 0; i < media_.size(); ++i)
        if (media_[i].kind == kind) return static_cast<std::uint8_t>(i);
    return {};
}

/// By payload type, which is unique in a BUNDLE (RFC 9143 section 9.2); a mid, where there is one, must agree.
std::optional<std::uint8_t> Publication::track_of(const RtpPacketView& packet) const {
    const PayloadType type = packet.payload_type();
    for (std::size_t i = 0; i < media_.size(); ++i) {
        if (media_[i].payload_type != type && media_[i].rtx_payload_type != type) continue;
        const auto mid = packet.extension(media_[i].extensions.mid);
        if (mid && as_text(*mid) != media_[i].mid) return {};
        return static_cast<std::uint8_t>(i);
    }
    return {};
}

std::optional<std::uint8_t> Publication::layer_named(const RtpPacketView& packet, std::uint8_t track,
                                                     bool repair) const {
    const NegotiatedMedia& media = media_[track];
    if (media.rids.empty()) return std::uint8_t{0};
    const auto rid = packet.extension(repair ? media.extensions.repaired_rid : media.extensions.rid);
    if (!rid) return repair ? layer_that_lacks(packet, track) : std::nullopt;
    const auto found = std::find(media.rids.begin(), media.rids.end(), as_text(*rid));
    if (found == media.rids.end()) return {};
    return static_cast<std::uint8_t>(found - media.rids.begin());
}

/// RFC 4588 section 5.3: a repetition that does not name its layer belongs to the one where its number was asked for.
std::optional<std::uint8_t> Publication::layer_that_lacks(const RtpPacketView& packet, std::uint8_t track) const {
    const Bytes payload = packet.payload();
    if (payload.size() < 2) return {};
    const SeqNo original{load_be16(payload.data())};
    std::optional<std::uint8_t> found;
    for (std::uint8_t layer = 0; layer < kMaxLayers; ++layer) {
        if (!layers_[track][layer] || !layers_[track][layer]->reception().asked_for(original)) continue;
        if (found) return {};  // the same number of two layers: another repetition will tell
        found = layer;
    }
    return found;
}

/// Chromium says mid and rid only in the first second, so the SSRC is remembered the first time it can be told.
const Publication::Source* Publication::latch(const RtpPacketView& packet, std::uint8_t track, bool repair) {
    const Ssrc ssrc = packet.ssrc();
    for (const Source& source : sources_)
        if (source.ssrc == ssrc) return source.track == track && source.repair == repair ? &source : nullptr;
    const auto layer = layer_named(packet, track, repair);
    if (!layer) return nullptr;
    auto& slot = layers_[track][*layer];
    if (repair && !slot) return nullptr;
    // A new SSRC for a known place takes it over, as after a restart of the encoder.
    const auto old = std::find_if(sources_.begin(), sources_.end(), [&](const Source& source) {
        return source.track == track && source.layer == *layer && source.repair == repair;
    });
    if (old != sources_.end()) {
        old->ssrc = ssrc;
        if (!repair) slot->restart(ssrc);
        return &*old;
    }
    if (sources_.size() == kMaxSsrcs) return nullptr;
    if (!repair) slot = std::make_unique<Layer>(ssrc, Layer::Place{track, *layer}, media_[track]);
    sources_.push_back({ssrc, track, *layer, repair});
    return &sources_.back();
}

void Publication::note_transport_number(const RtpPacketView& packet, std::uint8_t track, Instant now) {
    const auto number = packet.extension(media_[track].extensions.transport_cc);
    if (!number || number->size() != 2) return;
    arrivals_->received({load_be16(number->data())}, now);
    transport_media_ = packet.ssrc();
}

std::optional<LayerPacket> Publication::receive(const RtpPacketView& packet, Instant now) {
    following_.reset();
    // Nothing behind this has room for more, and no network carries it in one piece.
    if (packet.bytes().size() > kMaxRtpBytes) {
        ++counters_.stray;
        return {};
    }
    const auto track = track_of(packet);
    if (track) note_transport_number(packet, *track, now);
    const bool repair = track && media_[*track].rtx_payload_type == packet.payload_type();
    const Source* source = track ? latch(packet, *track, repair) : nullptr;
    if (!source) {
        ++counters_.stray;
        return {};
    }
    Layer& layer = *layers_[*track][source->layer];
    if (!repair) return layer.receive(packet, now, counters_, following_);
    // RFC 4588 section 4: the original number comes first. RTX without it is padding that probes for bandwidth.
    const Bytes payload = packet.payload();
    if (payload.size() < 2) {
        ++counters_.padding;
        return {};
    }
    return layer.receive_repair(packet, {load_be16(payload.data())}, payload.subspan(2), now, counters_);
}

void Publication::receive_report(const SenderReport& report, Instant now) {
    const bool known = std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
        return source.ssrc == report.sender && !source.repair;
    });
    if (!known) return;
    const std::uint64_t offset = ntp_of(now).value - report.ntp.value;
    const auto stepped = static_cast<std::int64_t>(offset - clock_offset_.value_or(offset));
    if (!clock_offset_ || std::abs(stepped >> 32) >= kMaxClockStep / 1s) clock_offset_ = offset;
    for (const Source& source : sources_)
        if (source.ssrc == report.sender && !source.repair)
            layers_[source.track][source.layer]->receive_report(report, now);
}

void Publication::request_keyframe(std::uint8_t track, std::uint8_t layer) {
    if (track >= media_.size() || layer >= kMaxLayers || media_[track].kind != MediaKind::video) return;
    if (auto& slot = layers_[track][scalable(track) ? 0 : layer]) slot->gate().request();
}

void Publication::note_round_trip(Duration round_trip, Instant now) {
    if (now - round_trip_since_ >= kRoundTripMemory) {
        round_trip_before_ = std::exchange(round_trip_now_, std::nullopt);
        round_trip_since_ = now;
    }
    round_trip_now_ = std::max(round_trip_now_.value_or(Duration{0}), round_trip);
}

std::optional<Duration> Publication::viewers_round_trip(Instant now) const {
    if (now - round_trip_since_ >= 2 * kRoundTripMemory) return {};
    return std::max(round_trip_now_, round_trip_before_);  // nothing is less than anything
}

std::optional<Duration> Publication::round_trip(std::uint8_t track, std::uint8_t layer) const {
    const Layer* known = layer_at(track, layer);
    return known ? known->reception().round_trip() : std::nullopt;
}

void Publication::fit_rings(Instant now) {
    for (auto& track : layers_)
        for (auto& layer : track)
            if (layer) layer->fit_ring(now, viewers_round_trip(now));
}

bool Publication::write_reports(Instant now, RtcpWriter& out) {
    std::array<ReportBlock, kMaxTracks * kMaxLayers> blocks;
    std::size_t count = 0;
    // Without reduced-size RTCP every compound begins with a report, so an empty one leads the others.
    if (now >= next_report_) {
        next_report_ = now + kReportInterval;
        fit_rings(now);
        for (auto& track : layers_)
            for (auto& layer : track)
                if (layer) blocks[count++] = layer->report(now);
    }
    return out.receiver_report(feedback_ssrc_, std::span{blocks}.first(count)) && out.cname(feedback_ssrc_, cname_);
}

/// NACK and keyframe requests of a layer; false when something had no room.
bool Publication::write_requests(std::uint8_t track, Layer& layer, Instant now, RtcpWriter& out) {
    const NegotiatedMedia& media = media_[track];
    std::array<SeqNo, kMaxLossesPerNack> lost;
    const std::size_t count = layer.reception().take_losses(now, lost);
    counters_.nacks_out += count;
    const bool fits = count == 0 || out.nack(feedback_ssrc_, layer.ssrc(), std::span{lost}.first(count));
    if (layer.reception().take_hopeless() && media.kind == MediaKind::video) layer.gate().request();
    if (layer.gate().deadline() > now) return fits;
    if (media.pli ? !out.picture_loss(feedback_ssrc_, layer.ssrc())
                  : media.fir && !out.full_intra_request(feedback_ssrc_, layer.ssrc(), fir_sequence_++))
        return false;
    layer.gate().take(now);
    ++counters_.plis_out;
    return fits;
}

bool Publication::write_feedback(Instant now, RtcpWriter& out) {
    if (deadline() > now) return false;
    if (!write_reports(now, out)) return false;
    bool fits = true;
    for (std::size_t track = 0; track < media_.size(); ++track)
        for (auto& layer : layers_[track])
            if (layer) fits = write_requests(static_cast<std::uint8_t>(track), *layer, now, out) && fits;
    if (!arrivals_->empty() && now >= next_transport_feedback_) {
        if (!arrivals_->write(feedback_ssrc_, transport_media_, out)) return true;
        next_transport_feedback_ = now + kTransportFeedbackInterval;
    }
    return !fits;
}

Instant Publication::deadline() const {
    Instant next = next_report_;
    if (!arrivals_->empty()) next = std::min(next, next_transport_feedback_);
    for (const auto& track : layers_)
        for (const auto& layer : track)
            if (layer) next = std::min({next, layer->reception().next_loss(), layer->gate().deadline()});
    return next;
}

const Layer* Publication::layer_at(std::uint8_t track, std::uint8_t layer) const {
    return track < kMaxTracks && layer < kMaxLayers ? layers_[track][layer].get() : nullptr;
}

const Layer* Publication::scalable(std::uint8_t track) const {
    const Layer* only = layer_at(track, 0);
    return only && only->steps() > 1 ? only : nullptr;
}

std::size_t Publication::layer_count(std::uint8_t track) const {
    check(track < kMaxTracks);
    if (const Layer* all = scalable(track)) return all->steps();
    return static_cast<std::size_t>(std::count_if(layers_[track].begin(), layers_[track].end(),
                                                  [](const auto& layer) { return layer != nullptr; }));
}

bool Publication::layer_on(std::uint8_t track, std::uint8_t layer, Instant now) const {
    if (const Layer* all = scalable(track)) return all->step_on(layer, now);
    const Layer* known = layer_at(track, layer);
    return known && known->on(now);
}

std::size_t Publication::ladder(std::uint8_t track, Instant now, std::array<std::uint8_t, kMaxLayers>& out) const {
    std::size_t count = 0;
    if (const Layer* all = scalable(track)) {
        for (std::uint8_t step = 0; step < all->steps(); ++step)
            if (step == 0 || all->step_on(step, now)) out[count++] = step;
        return count;
    }
    // A track of one layer is shown even while it pauses: there is nothing else to go to.
    const bool only = layer_count(track) == 1;
    for (std::uint8_t layer = 0; layer < kMaxLayers; ++layer)
        if (layers_[track][layer] && (only || layers_[track][layer]->on(now))) out[count++] = layer;
    sort_by_quality(track, std::span{out}.first(count));
    return count;
}

std::size_t Publication::known_ladder(std::uint8_t track, std::array<std::uint8_t, kMaxLayers>& out) const {
    std::size_t count = 0;
    if (const Layer* all = scalable(track)) {
        for (std::uint8_t step = 0; step < all->steps(); ++step) out[count++] = step;
        return count;
    }
    for (std::uint8_t layer = 0; layer < kMaxLayers; ++layer)
        if (layers_[track][layer]) out[count++] = layer;
    sort_by_quality(track, std::span{out}.first(count));
    return count;
}

void Publication::sort_by_quality(std::uint8_t track, std::span<std::uint8_t> layers) const {
    const auto pixels = [&](std::uint8_t layer) {
        const PictureSize size = layers_[track][layer]->size();
        return std::uint64_t{size.width} * size.height;
    };
    std::sort(layers.begin(), layers.end(),
              [&](std::uint8_t a, std::uint8_t b) { return pixels(a) != pixels(b) ? pixels(a) < pixels(b) : a < b; });
}

std::uint64_t Publication::usual_bps(std::uint8_t track, std::uint8_t layer, Instant now) const {
    if (const Layer* all = scalable(track)) return all->step_bps(layer, now);
    const Layer* known = layer_at(track, layer);
    return known ? known->usual_bps(now) : 0;
}

std::uint64_t Publication::bitrate_bps(std::uint8_t track, std::uint8_t layer, Instant now) const {
    if (const Layer* all = scalable(track)) return all->step_bps(layer, now);
    const Layer* known = layer_at(track, layer);
    return known ? known->rate().bps(now) : 0;
}

std::uint64_t Publication::bitrate_bps(Instant now) const {
    std::uint64_t sum = 0;
    for (const auto& track : layers_)
        for (const auto& layer : track)
            if (layer) sum += layer->rate().bps(now);
    return sum;
}

PictureSize Publication::picture_size(std::uint8_t track, std::uint8_t layer) const {
    if (const Layer* all = scalable(track)) return all->step_size(layer);
    const Layer* known = layer_at(track, layer);
    return known ? known->size() : PictureSize{};
}

std::optional<LayerPacket> Publication::stored(std::uint8_t track, std::uint8_t layer, std::uint32_t epoch,
                                               std::int64_t index) const {
    const Layer* known = layer_at(track, layer);
    return known ? known->stored(epoch, index) : std::nullopt;
}

std::optional<Publication::ClockMark> Publication::clock_mark(std::uint8_t track, std::uint8_t layer) const {
    const Layer* known = scalable(track) ? scalable(track) : layer_at(track, layer);
    return known ? known->clock_mark() : std::nullopt;
}

}  // namespace confidente::media
