// What each viewer's path carries, and which layer follows from it: feedback in, probes out.
#include <algorithm>
#include <array>

#include "media/engine/switchboard.hpp"

namespace confidente::media {

namespace {
/// A viewer who agreed to report but has not by then is taken for one who does not.
constexpr Duration kFeedbackPatience = 3s;
constexpr std::uint64_t kAudioHeaderBps = 24'000;  // 20 ms packets: 60 bytes of IP, UDP, RTP extensions and SRTP tag
constexpr std::uint64_t kVideoWirePercent = 106;   // the same headers beside packets of some 1100 bytes
constexpr std::uint64_t kRepeatShare = 4;          // a quarter of the estimate
constexpr Duration kRepeatAhead = 150ms;           // of it may go at once
constexpr int kProbesAtOnce = 16;                  // of one viewer; the rest a millisecond later

Subscription* video_of(Session& viewer) {
    for (auto& track : viewer.tracks)
        if (track.subscription.media().kind == MediaKind::video) return &track.subscription;
    return nullptr;
}
/// What a layer is called: by the publisher's rid, or, of one stream with spatial layers, `s0` and up.
std::string encoding_id(const Publication& source, std::uint8_t track, std::uint8_t layer) {
    std::array<std::uint8_t, kMaxLayers> ladder{};
    const auto known = source.known_ladder(track, ladder);
    const auto& rids = source.media()[track].rids;
    return known <= rids.size() && layer < rids.size() ? rids[layer] : "s" + std::to_string(layer);
}
}  // namespace

void Switchboard::begin_quality(Session& viewer, Instant now) {
    viewer.connected_at = now;
    auto* video = video_of(viewer);
    if (!video || video->media().extensions.transport_cc == 0 || !video->media().transport_cc) return;
    const auto probing =
        video->can_probe() ? BandwidthEstimator::Probing::allowed : BandwidthEstimator::Probing::impossible;
    viewer.estimator = std::make_unique<BandwidthEstimator>(probing, now);
    tell_wish(viewer, now);
}

/// The estimate is believed from the start, and no longer when the viewer turns out not to report.
bool Switchboard::follows_estimate(const Session& viewer, Instant now) const {
    return viewer.estimator && (viewer.estimator->heard() || now - viewer.connected_at < kFeedbackPatience);
}

void Switchboard::set_budget(Session& viewer, Instant now) {
    auto* video = video_of(viewer);
    auto* source = viewer.stream->source;
    if (!video || !follows_estimate(viewer, now)) return;
    const auto all = viewer.estimator->bps();
    // Never zero, which would mean that nothing is known.
    const auto budget = std::max<std::uint64_t>(1, (all - std::min(all, viewer.audio_bps)) * 100 / kVideoWirePercent);
    video->set_budget_bps(budget, viewer.estimator->measured(), viewer.estimator->is_full());
    const bool fell = budget * 100 < viewer.budget_bps * 97;
    if (fell || budget > viewer.budget_bps) viewer.budget_bps = budget;
    if (fell && source) video->limits_changed(*source, now);
}

/// What would be used if the path carried it; twice a second.
void Switchboard::tell_wish(Session& viewer, Instant now) {
    auto* video = video_of(viewer);
    auto* source = viewer.stream->source;
    if (!video || !source) return;
    const auto asked = viewer.stream->demand.asked;
    // Whoever could have more than is sent does not wait for the next housekeeping.
    if (asked && (needed_layers(viewer, now) & ~*asked) != 0) weigh_demand(*viewer.stream, now);
    if (!viewer.estimator) return;
    const auto audio = source->track(MediaKind::audio);
    viewer.audio_bps = audio ? source->bitrate_bps(*audio, 0, now) + kAudioHeaderBps : 0;
    const auto rate = video->wished_bps(*source, now) * kUpMarginPercent / 100 * kVideoWirePercent / 100;
    // A little more, so that the margin is met in spite of rates that breathe.
    viewer.estimator->want(rate == 0 ? 0 : (rate + viewer.audio_bps) * 21 / 20);
    set_budget(viewer, now);
}

void Switchboard::take_feedback(Session& viewer, const TransportFeedback& feedback, Instant now) {
    if (!viewer.estimator) return;
    viewer.estimator->receive(feedback, now);
    set_budget(viewer, now);
    schedule(viewer);
}

/// A path that drops what is too much makes the receiver ask for all of it again: repetitions get a share of what goes
/// through, or they would take the sound's place.
bool Switchboard::may_repeat(Session& viewer, std::size_t bytes, Instant now) const {
    if (!follows_estimate(viewer, now)) return true;
    if (const auto* video = video_of(viewer); video && video->starved()) return false;
    const auto from = std::max(viewer.repeats_paid_until, now);
    if (from - now > kRepeatAhead) return false;
    const auto bits = static_cast<std::int64_t>(bytes) * 8 * static_cast<std::int64_t>(kRepeatShare);
    viewer.repeats_paid_until =
        from + Duration{bits * 1'000'000'000 / static_cast<std::int64_t>(viewer.estimator->bps())};
    return true;
}

void Switchboard::tend_estimate(Session& viewer, Instant now) {
    auto& estimator = viewer.estimator;
    if (!estimator || estimator->deadline() > now) return;
    estimator->tick(now);
    set_budget(viewer, now);
    auto* video = video_of(viewer);
    auto* source = viewer.stream->source;
    if (!video || !source) return;
    for (int i = 0; i < kProbesAtOnce; ++i) {
        const auto bytes = estimator->probe_due(now);
        if (bytes == 0) return;
        const auto probe = video->probe(*source, bytes);
        if (!probe || !send(viewer, *video, *probe, now)) return;
        ++stats_.probes_out;
    }
}

/// The viewer's own limit, with the layers of the present publisher.
void Switchboard::apply_choice(Session& viewer, Instant now) {
    auto* video = video_of(viewer);
    auto* source = viewer.stream->source;
    if (!video || !source) return;
    std::array<std::uint8_t, kMaxLayers> ladder{};
    const auto known = source->known_ladder(video->track(), ladder);
    std::optional<std::uint8_t> highest;
    for (const auto layer : std::span{ladder}.first(known))
        if (viewer.chosen_encoding == encoding_id(*source, video->track(), layer)) highest = layer;
    video->set_highest_layer(highest);
    tell_wish(viewer, now);
    video->limits_changed(*source, now);
    if (viewer.stream->publisher) schedule(*viewer.stream->publisher);
    schedule(viewer);
}

Result<ViewedLayers> Switchboard::layers(const std::string& session_id, Instant now) const {
    const auto found = by_id_.find(session_id);
    if (found == by_id_.end() || found->second->role != SessionRole::viewer)
        return Error{ErrorKind::not_found, "session_not_found", "No such media session."};
    const auto* video = video_of(*found->second);
    const auto* source = found->second->stream->source;
    ViewedLayers viewed;
    viewed.chosen = found->second->chosen_encoding;
    if (!video || !source) return viewed;
    std::array<std::uint8_t, kMaxLayers> ladder{};
    const auto track = video->track();
    const auto known = source->known_ladder(track, ladder);
    if (known < 2) return viewed;
    for (const auto layer : std::span{ladder}.first(known)) {
        const auto size = source->picture_size(track, layer);
        viewed.layers.push_back(
            {encoding_id(*source, track, layer), size.width, size.height, source->usual_bps(track, layer, now)});
    }
    if (const auto layer = video->layer()) viewed.shown = encoding_id(*source, track, *layer);
    return viewed;
}

Result<ViewedLayers> Switchboard::choose_layer(const std::string& session_id,
                                               const std::optional<std::string>& encoding_id, Instant now) {
    TRY(const auto before, layers(session_id, now));
    const bool there = std::any_of(before.layers.begin(), before.layers.end(),
                                   [&](const auto& layer) { return layer.encoding_id == encoding_id; });
    if (encoding_id && !there) return Error{ErrorKind::not_found, "layer_not_found", "The live has no such layer."};
    auto& viewer = *by_id_.find(session_id)->second;
    viewer.chosen_encoding = encoding_id;
    apply_choice(viewer, now);
    return layers(session_id, now);
}

void Switchboard::count_quality(Session& viewer) {
    const auto* video = video_of(viewer);
    if (!video) return;
    const auto& counters = video->counters();
    stats_.layer_switches += counters.switches - viewer.switches_told;
    stats_.video_pauses += counters.pauses - viewer.pauses_told;
    viewer.switches_told = counters.switches;
    viewer.pauses_told = counters.pauses;
}

void Switchboard::take_census(Instant now) {
    std::array<std::uint64_t, kMaxLayers> steps{};
    std::uint64_t starved = 0;
    for (const auto& [number, session] : sessions_) {
        if (session->doomed || session->role != SessionRole::viewer || !session->announced) continue;
        auto* video = video_of(*session);
        auto* source = session->stream->source;
        if (!video || !source) continue;
        count_quality(*session);
        if (session->estimator && session->estimator->heard()) stats_.estimates.observe(session->estimator->bps());
        if (video->starved()) {
            ++starved;
        } else if (const auto layer = video->layer()) {
            std::array<std::uint8_t, kMaxLayers> ladder{};
            const auto on = source->ladder(video->track(), now, ladder);
            const auto at = std::find(ladder.begin(), ladder.begin() + static_cast<std::ptrdiff_t>(on), *layer);
            ++steps[std::min<std::size_t>(static_cast<std::size_t>(at - ladder.begin()), kMaxLayers - 1)];
        }
    }
    stats_.viewers_by_step = steps;
    stats_.viewers_starved = starved;
}

}  // namespace confidente::media
