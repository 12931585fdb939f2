// Which layers of a live anybody needs: the publisher is told, and told again while it does something else. A publisher
// that cannot be told (OBS) goes on as it likes.
#include <algorithm>
#include <array>

#include "media/engine/switchboard.hpp"

namespace confidente::media {

namespace {
std::uint8_t bit(std::uint8_t layer) { return static_cast<std::uint8_t>(1U << layer); }
}  // namespace

/// What this viewer sees, waits for, or would see if it were there.
std::uint8_t Switchboard::needed_layers(const Session& viewer, Instant now) const {
    const auto* source = viewer.stream->source;
    std::uint8_t needed = 0;
    for (const auto& track : viewer.tracks) {
        if (track.subscription.media().kind != MediaKind::video) continue;
        if (const auto layer = track.subscription.layer()) needed |= bit(*layer);
        if (const auto layer = track.subscription.reachable_layer(*source, now)) needed |= bit(*layer);
    }
    return needed;
}

void Switchboard::weigh_demand(Stream& stream, Instant now) {
    const auto* source = stream.source;
    const auto video = source ? source->track(MediaKind::video) : std::nullopt;
    if (!video) return;
    auto& demand = stream.demand;
    std::array<std::uint8_t, kMaxLayers> ladder{};
    const auto known = source->known_ladder(*video, ladder);
    const auto& rids = source->media()[*video].rids;
    // Spatial layers of one stream are the encoder's own affair.
    if (known < 2 || rids.size() < known) return;
    // The lowest is for whoever comes next; of three, thumbnails are made of the middle one.
    std::uint8_t needed = bit(ladder[0]);
    if (known == kMaxLayers && config_.thumbnail_interval > 0s) needed |= bit(ladder[1]);
    for (const auto* viewer : stream.viewers)
        if (viewer->announced) needed |= needed_layers(*viewer, now);
    std::uint8_t asked = 0;
    bool obeyed = true;
    for (const auto layer : std::span{ladder}.first(known)) {
        if (needed & bit(layer)) demand.needed_at[layer] = now;
        const bool wanted = now - std::max(demand.needed_at[layer], demand.since) < kLayerUnneeded;
        if (wanted) asked |= bit(layer);
        if (wanted != source->layer_on(*video, layer, now)) obeyed = false;
    }
    const bool changed = demand.asked && *demand.asked != asked;
    demand.asked = asked;
    if (!changed && (obeyed || now - demand.told_at < kDemandRepeat)) return;
    demand.told_at = now;
    std::vector<std::string> encodings;
    for (const auto layer : std::span{ladder}.first(known))
        if (asked & bit(layer)) encodings.push_back(rids[layer]);
    if (stream.publisher) ports_.events.layers_wanted(stream.name, stream.publisher->id, encodings);
}

}  // namespace confidente::media
