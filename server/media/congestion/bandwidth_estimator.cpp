#include "media/congestion/bandwidth_estimator.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace confidente::media {
namespace {

constexpr Duration kMinRoundTrip = 10ms, kMaxRoundTrip = 2s;
constexpr Duration kNoQueue = 15ms;
constexpr std::uint64_t kMaxUnheardProbes = 3;

}  // namespace

BandwidthEstimator::BandwidthEstimator(Probing probing, Instant now, std::uint64_t start_bps)
    : probing_(probing),
      control_(start_bps, probing == Probing::allowed ? RateControl::Growth::with_arrivals : RateControl::Growth::free),
      heard_at_(now) {}

void BandwidthEstimator::sent(SeqNo number, std::size_t bytes, Instant now) {
    if (!first_unheard_) first_unheard_ = now;
    const std::size_t wire = bytes + kWireOverhead;
    sent_.add(number, wire, prober_.sent(wire, now), now);
}

void BandwidthEstimator::arrived(const SentPackets::Packet& packet, std::int64_t at_us) {
    acked_.add(packet.bytes, at_us);
    prober_.arrived(packet, at_us);
    queue_.add(packet.at, at_us);
    if (const auto delta = groups_.add(packet.at, at_us)) trend_.add(*delta);
}

void BandwidthEstimator::receive(const TransportFeedback& feedback, Instant now) {
    std::array<TransportArrival, kMaxFeedbackEntries> entries;
    const auto count = decode_transport_feedback(feedback, entries);
    if (!count) return;
    std::int64_t known = 0, lost = 0;
    std::optional<Instant> newest;
    for (const TransportArrival& entry : std::span{entries}.first(*count)) {
        if (!entry.received) {
            const bool ours = sent_.miss(entry.sequence);
            known += ours ? 1 : 0;
            lost += ours ? 1 : 0;
            continue;
        }
        const auto packet = sent_.take(entry.sequence, now);
        if (!packet) continue;
        known += packet->missed ? 0 : 1;
        lost -= packet->missed ? 1 : 0;
        newest = std::max(newest.value_or(packet->at), packet->at);
        arrived(*packet, entry.at_us);
    }
    if (!newest) return;
    heard_ = true;
    heard_at_ = now;
    // What an outage swallowed says nothing of what the path carries.
    if (std::exchange(was_silent_, false)) forgives_until_ = now + round_trip_ + kForgiven;
    if (now < forgives_until_) lost = std::min<std::int64_t>(lost, 0);
    first_unheard_.reset();
    const Duration sample = std::clamp<Duration>(now - *newest, kMinRoundTrip, kMaxRoundTrip);
    round_trip_ = round_trip_ * 7 / 8 + sample / 8;
    loss_.report(known, lost, {bps(), acked_.bps().value_or(kNoLimit), round_trip_}, now);
    judge(now);
}

void BandwidthEstimator::take_probe(const Prober::Result& probe) {
    if (probe.bps > bps()) {
        if (probe.bps > bps() * 105 / 100) prober_.raised();
        control_.raise_to(probe.bps);
        loss_.raise_to(probe.bps);
    } else if (probe.saturated) {
        // A measure of the path, but a short one: what flows already is not doubted by it.
        const std::uint64_t flowing = acked_.bps().value_or(kNoLimit);
        control_.lower_to(std::max(probe.bps, flowing / 10 * 11));
    }
}

void BandwidthEstimator::judge(Instant now) {
    const std::uint64_t before = bps();
    const Duration waiting = queue_.waiting();
    // A trend without a queue is jitter.
    const Usage usage = trend_.usage() == Usage::over && waiting < kNoQueue ? Usage::normal : trend_.usage();
    control_.update({usage, acked_.bps(), waiting, round_trip_}, now);
    if (const auto probe = prober_.take_result(now); probe && usage != Usage::over) take_probe(*probe);
    if (bps() >= before) return;
    measured_ = true;
    prober_.fell(now);
}

/// Before the first feedback a few probes ask whether there will be any; a silent path is left alone.
bool BandwidthEstimator::may_probe(Instant now) const {
    if (probing_ == Probing::impossible) return false;
    if (!heard_) return prober_.sending() || prober_.clusters() < kMaxUnheardProbes;
    return !first_unheard_ || now - *first_unheard_ < kFeedbackSilence / 2;
}

void BandwidthEstimator::tick(Instant now) {
    if (heard_ && first_unheard_ && now - *first_unheard_ >= kFeedbackSilence) {
        control_.lower_to(bps() / 2);
        measured_ = true;
        was_silent_ = true;
        first_unheard_.reset();
        prober_.fell(now);
        // What waits in the path will come in one heap; it is no measure.
        groups_.restart();
        trend_.restart();
        queue_.restart();
    }
    if (may_probe(now))
        prober_.consider(bps(), wanted_bps_, now);
    else
        prober_.postpone(now + kFeedbackSilence / 2, now);
}

Instant BandwidthEstimator::deadline() const {
    Instant next = heard_ && first_unheard_ ? *first_unheard_ + kFeedbackSilence : Instant::never();
    const bool probes =
        probing_ == Probing::allowed && (heard_ || prober_.sending() || prober_.clusters() < kMaxUnheardProbes);
    return probes ? std::min(next, prober_.deadline()) : next;
}

std::size_t BandwidthEstimator::probe_due(Instant now) const {
    const std::size_t wire = prober_.due(now);
    return wire > kWireOverhead ? wire - kWireOverhead : 0;
}

std::uint64_t BandwidthEstimator::bps() const {
    return std::max(kMinEstimateBps, std::min(control_.bps(), loss_.bps()));
}

}  // namespace confidente::media
