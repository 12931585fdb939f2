#include "media/congestion/prober.hpp"

#include <algorithm>

namespace confidente::media {
namespace {

constexpr std::uint64_t kStep = 2;    // a cluster asks for twice the estimate
constexpr double kAhead = 1.15;       // of what is wanted, so that the result reaches it
constexpr double kUnsaturated = 0.9;  // arrived at less than this of what was sent: the path is full
constexpr double kFullShare = 0.95;   // and then so much of it is promised
constexpr double kImpossible = 2.5;   // arrived so much faster than sent: held up and let go, no measure
constexpr double kSuccess = 0.7;      // of the rate asked for: try a higher one at once
constexpr double kMinShare = 0.8;     // of the packets
constexpr Duration kNextAfterSuccess = 50ms;
constexpr std::size_t kMaxProbeBytes = 1200;

std::uint64_t bytes_in(std::uint64_t bps, Duration time) {
    return bps / 8 * static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count() / 1000)) / 1'000'000;
}

}  // namespace

std::optional<double> Prober::Side::bps() const {
    const std::int64_t span_us = last_us - first_us;
    if (span_us <= 0 || span_us > 1'000'000) return {};
    return static_cast<double>(bytes - edge_bytes) * 8e6 / static_cast<double>(span_us);
}

void Prober::consider(std::uint64_t estimate_bps, std::uint64_t wanted_bps, Instant now) {
    expire(now);
    if (phase_ != Phase::idle || now < next_) return;
    if (estimate_bps >= wanted_bps) {
        next_ = now + kProbeInterval / 4;
        return;
    }
    const double ahead = kAhead * static_cast<double>(wanted_bps);
    rate_bps_ = std::min(kStep * estimate_bps, static_cast<std::uint64_t>(std::min(ahead, 1e9)));
    phase_ = Phase::sending;
    number_ = static_cast<std::uint8_t>(number_ % kMaxProbeNumber + 1);
    started_ = ends_ = now;
    out_ = in_ = Side{};
    ++clusters_;
}

void Prober::expire(Instant now) {
    const bool late = (phase_ == Phase::waiting && now - ends_ > kProbeTimeout) ||
                      (phase_ == Phase::sending && now - started_ > kProbeTimeout);
    if (late) finish(false, now);
}

void Prober::postpone(Instant until, Instant now) {
    expire(now);
    next_ = std::max(next_, until);
}

Instant Prober::deadline() const {
    switch (phase_) {
        case Phase::idle:
            return next_;
        case Phase::waiting:
            return ends_ + kProbeTimeout + 1ms;
        case Phase::sending:
            break;
    }
    // Several at once where the rate asks for more than one in a millisecond.
    return std::max(next_packet(), ends_ + 1ms);
}

/// When so much as was sent should have been, by the cluster's rate.
Instant Prober::next_packet() const {
    const auto span = static_cast<std::int64_t>(out_.bytes) * 8'000'000'000 / static_cast<std::int64_t>(rate_bps_);
    return started_ + Duration{span};
}

std::size_t Prober::due(Instant now) const {
    if (phase_ != Phase::sending) return 0;
    const std::uint64_t whole = std::max<std::uint64_t>(bytes_in(rate_bps_, kProbeLength), 300);
    const auto size = std::clamp<std::size_t>(whole / kMinProbePackets, 60, kMaxProbeBytes);
    if (now < next_packet()) return 0;
    return size;
}

std::uint8_t Prober::sent(std::size_t bytes, Instant now) {
    if (phase_ != Phase::sending) return 0;
    const std::int64_t at_us = now.ns / 1000;
    if (out_.packets == 0) out_.first_us = at_us;
    out_.last_us = at_us;
    out_.bytes += bytes;
    out_.edge_bytes = bytes;
    ++out_.packets;
    ends_ = now;
    const bool long_enough = now - started_ >= kProbeLength * 3 / 4;
    const bool whole = out_.packets >= kMinProbePackets && out_.bytes >= bytes_in(rate_bps_, kProbeLength);
    if ((whole && long_enough) || out_.packets >= kMaxProbePackets) phase_ = Phase::waiting;
    return number_;
}

void Prober::arrived(const SentPackets::Packet& packet, std::int64_t arrived_us) {
    if (packet.probe == 0 || packet.probe != number_ || phase_ == Phase::idle) return;
    if (in_.packets == 0 || arrived_us < in_.first_us) {
        in_.first_us = arrived_us;
        in_.edge_bytes = packet.bytes;
    }
    in_.last_us = in_.packets == 0 ? arrived_us : std::max(in_.last_us, arrived_us);
    in_.bytes += packet.bytes;
    ++in_.packets;
}

bool Prober::complete(Instant now) const {
    if (in_.packets == out_.packets) return true;
    // The rest may be in the next feedback; after a while it is lost.
    return in_.packets >= kMinShare * out_.packets && now - ends_ >= 250ms;
}

std::optional<Prober::Result> Prober::take_result(Instant now) {
    if (phase_ != Phase::waiting || !complete(now)) return {};
    const auto sent = out_.bps(), received = in_.bps();
    const bool measured = sent && received && *received <= kImpossible * *sent;
    double result = measured ? std::min(*sent, *received) : 0;
    const bool saturated = measured && *received < kUnsaturated * *sent;
    if (saturated) result = kFullShare * *received;
    finish(result >= kSuccess * static_cast<double>(rate_bps_), now);
    if (!measured) return {};
    return Result{static_cast<std::uint64_t>(result), saturated};
}

void Prober::finish(bool succeeded, Instant now) {
    phase_ = Phase::idle;
    if (succeeded) {
        interval_ = kProbeInterval;
        next_ = now + kNextAfterSuccess;
    } else {
        next_ = now + interval_;
        interval_ = std::min<Duration>(kMaxProbeInterval, interval_ * 3 / 2);
    }
}

void Prober::fell(Instant now) {
    phase_ = Phase::idle;
    next_ = std::max(next_, now + kProbeAfterFall);
}

}  // namespace confidente::media
