#include "media/routing/reception.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace confidente::media {

Reception::Verdict Reception::receive(SeqNo sequence, Content content, Instant now) {
    bool anew = false;
    if (unroller_.started() && std::abs(sequence.since(unroller_.highest().seq())) > kMaxJump) {
        if (suspect_ != sequence) {
            suspect_ = sequence + 1;
            return {Arrival::suspicious, 0};
        }
        restart();
        anew = true;
    }
    suspect_.reset();
    const bool first = !unroller_.started();
    const std::int64_t before = unroller_.highest().value, place = unroller_.unroll(sequence).value;
    if (!first && place <= before) {
        const Verdict verdict = fill(place, Way::plain, now);
        received_ += verdict.arrival == Arrival::late ? 1 : 0;
        return verdict;
    }
    ++received_;
    if (first)
        base_ = place;
    else
        open_holes(before + 1, place, now);
    Verdict verdict = advance(place, content);
    verdict.began_anew = anew;
    return verdict;
}

Reception::Verdict Reception::receive_repair(SeqNo original, Instant now) {
    if (!unroller_.started()) return {};
    const ExtendedSeqNo highest = unroller_.highest(), place = highest + original.since(highest.seq());
    return place > highest ? Verdict{} : fill(place.value, Way::repair, now);
}

bool Reception::asked_for(SeqNo original) const {
    if (!unroller_.started()) return false;
    const ExtendedSeqNo highest = unroller_.highest(), place = highest + original.since(highest.seq());
    return std::any_of(missing_.begin(), missing_.begin() + static_cast<std::ptrdiff_t>(missing_count_),
                       [&](const Missing& one) { return one.sequence == place.value && one.tries > 0; });
}

std::int64_t Reception::insert_before_newest() {
    const std::int64_t newest = unroller_.highest().value, index = newest - dropped_;
    --dropped_;
    slot(newest).dropped_before = dropped_;
    return index;
}

void Reception::note_keyframe() {
    keyframe_ = unroller_.highest().value;
    hopeless_ = false;
}

void Reception::restart() {
    // The way to the sender is the same.
    const Reception before = *this;
    *this = Reception{};
    round_trip_ = before.round_trip_;
    repairs_seen_ = before.repairs_seen_;
    nack_delay_ = before.nack_delay_;
}

Reception::Verdict Reception::advance(std::int64_t sequence, Content content) {
    slot(sequence) = {sequence, dropped_, content == Content::padding ? State::dropped : State::received};
    if (content == Content::padding) {
        ++dropped_;
        return {Arrival::dropped_padding, 0};
    }
    return {Arrival::fresh, sequence - dropped_};
}

Reception::Verdict Reception::fill(std::int64_t sequence, Way way, Instant now) {
    if (sequence < 0) return {};
    Slot& hole = slot(sequence);
    if (hole.sequence != sequence || hole.state != State::missing) return {};
    hole.state = State::received;
    close_hole(sequence, way, now);
    return {Arrival::late, sequence - hole.dropped_before};
}

void Reception::open_holes(std::int64_t from, std::int64_t to, Instant now) {
    const bool flood = to - from > static_cast<std::int64_t>(kMaxMissing - missing_count_);
    if (flood) {
        // Too much at once for repetitions: nothing of it is asked for.
        missing_count_ = 0;
        hopeless_ = true;
    }
    for (std::int64_t at = std::max(from, to - static_cast<std::int64_t>(kReceptionWindow)); at < to; ++at) {
        slot(at) = {at, dropped_, State::missing};
        if (!flood) missing_[missing_count_++] = {at, now + nack_delay_, now, {}, 0};
    }
}

void Reception::close_hole(std::int64_t sequence, Way way, Instant now) {
    for (std::size_t i = 0; i < missing_count_; ++i) {
        const Missing& one = missing_[i];
        if (one.sequence != sequence) continue;
        repairs_seen_ = repairs_seen_ || way == Way::repair;
        // Without RTX a repetition looks like a packet that was overtaken, but it takes its time.
        const bool in_time = now - one.first_asked >= kMinNackInterval;
        const bool repeated = one.tries > 0 && (way == Way::repair || (!repairs_seen_ && in_time));
        if (repeated) note_round_trip(one, now);
        note_gap(repeated ? Duration{0} : now - one.lost_at);
        std::copy(missing_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  missing_.begin() + static_cast<std::ptrdiff_t>(missing_count_),
                  missing_.begin() + static_cast<std::ptrdiff_t>(i));
        --missing_count_;
        return;
    }
}

/// Moves towards the time in which three of four gaps close; one that only a repetition closed speaks for no wait.
void Reception::note_gap(Duration lateness) {
    const Duration step = lateness > nack_delay_ ? 3 * kNackDelayStep : -kNackDelayStep;
    nack_delay_ = std::clamp<Duration>(nack_delay_ + step, kNackDelay, kMaxNackDelay);
}

/// Which of several requests was answered cannot be told (Karn), so only packets asked for once count. Where there are
/// none any more, the round trip has grown beyond what is waited for: then one that was asked for again is believed.
/// A shorter one is believed sooner than a longer one, since it costs less to ask twice than to give up.
void Reception::note_round_trip(const Missing& repaired, Instant now) {
    const Duration sample = now - repaired.first_asked;
    if (repaired.tries > 1) {
        shortest_unclear_ = unclear_round_trips_ == 0 ? sample : std::min(shortest_unclear_, sample);
        if (++unclear_round_trips_ < kMaxUnclearRoundTrips) return;
    }
    unclear_round_trips_ = 0;
    if (repaired.tries > 1)
        round_trip_ = shortest_unclear_;
    else if (!round_trip_)
        round_trip_ = sample;
    else
        *round_trip_ += (sample - *round_trip_) / (sample < *round_trip_ ? 2 : 8);
}

Duration Reception::wait_after(int tries) const {
    const Duration first =
        round_trip_ ? std::clamp<Duration>(*round_trip_ + *round_trip_ / 4, kMinNackInterval, kMaxNackInterval)
                    : kNackInterval;
    return std::min<Duration>(first + (tries - 1) * first / 4, kMaxNackInterval);
}

std::size_t Reception::take_losses(Instant now, std::span<SeqNo> out) {
    std::size_t written = 0, kept = 0;
    for (std::size_t i = 0; i < missing_count_; ++i) {
        Missing one = missing_[i];
        if (one.ask_at <= now && (one.tries == kMaxNackTries || now - one.lost_at >= kMaxLossAge)) {
            hopeless_ = hopeless_ || one.sequence > keyframe_;
            continue;
        }
        if (one.ask_at <= now && written < out.size()) {
            out[written++] = ExtendedSeqNo{one.sequence}.seq();
            if (one.tries++ == 0) one.first_asked = now;
            one.ask_at = now + wait_after(one.tries);
        }
        missing_[kept++] = one;
    }
    missing_count_ = kept;
    return written;
}

Instant Reception::next_loss() const {
    Instant next = hopeless_ ? Instant{} : Instant::never();
    for (std::size_t i = 0; i < missing_count_; ++i) next = std::min(next, missing_[i].ask_at);
    return next;
}

bool Reception::take_hopeless() { return std::exchange(hopeless_, false); }

void Reception::note_time(RtpTimestamp timestamp, std::uint32_t clock_rate, Instant now) {
    // RFC 3550 appendix A.8, with the difference of transits taken modulo 2^32.
    const std::int64_t arrival = now.ns / 1000 * clock_rate / 1'000'000;
    const std::int64_t transit = arrival - timestamp.value;
    if (transit_) {
        const std::int64_t difference =
            std::abs(std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(transit - *transit_))});
        jitter_sixteenths_ += difference - (jitter_sixteenths_ + 8) / 16;
    }
    transit_ = transit;
}

ReportBlock Reception::report(Ssrc ssrc) {
    ReportBlock block;
    block.ssrc = ssrc;
    const std::int64_t highest = unroller_.highest().value;
    const auto expected = unroller_.started() ? static_cast<std::uint64_t>(highest - base_ + 1) : 0;
    const std::int64_t lost = static_cast<std::int64_t>(expected) - static_cast<std::int64_t>(received_);
    block.cumulative_lost = static_cast<std::int32_t>(std::clamp<std::int64_t>(lost, -0x800000, 0x7FFFFF));
    const auto expected_now = static_cast<std::int64_t>(expected - expected_before_);
    const std::int64_t lost_now = expected_now - static_cast<std::int64_t>(received_ - received_before_);
    if (expected_now > 0 && lost_now > 0)
        block.fraction_lost = static_cast<std::uint8_t>(std::min<std::int64_t>(255, lost_now * 256 / expected_now));
    expected_before_ = expected;
    received_before_ = received_;
    block.extended_highest = static_cast<std::uint32_t>(highest - 65536);  // the unroller begins in cycle 1
    block.jitter = static_cast<std::uint32_t>(jitter_sixteenths_ / 16);
    return block;
}

}  // namespace confidente::media
