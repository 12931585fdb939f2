#include "media/protocol/rtcp/transport_feedback.hpp"

#include <algorithm>

namespace confidente::media {
namespace {

constexpr std::int64_t kTickNs = 250'000;              // deltas count 250 µs
constexpr std::int64_t kReferenceNs = 64 * 1'000'000;  // the reference time counts 64 ms
constexpr std::size_t kFixedBytes = 20;                // header, SSRCs, base, count, reference, feedback count
constexpr std::size_t kSymbolsPerChunk = 7;            // two bits each

enum Symbol : std::uint8_t { kMissing = 0, kSmallDelta = 1, kLargeDelta = 2 };

}  // namespace

void TransportArrivals::received(SeqNo sequence, Instant now) {
    const bool first = !unroller_.started();
    const std::int64_t place = unroller_.unroll(sequence).value;
    if (first) next_ = place;
    if (place < next_) return received_late(place, now);
    // So far ahead that the old ones would be overwritten: those are then told as lost.
    if (place >= next_ + static_cast<std::int64_t>(kMaxArrivals)) {
        pending_ = 0;
        next_ = place;
    }
    Arrival& slot = arrivals_[static_cast<std::size_t>(place) % kMaxArrivals];
    if (slot.sequence >= place) return;
    slot = {place, now};
    ++pending_;
}

/// Told as lost: what came since its place is told again, as Chromium's receivers do, so that the sender does not take
/// reordering for loss.
void TransportArrivals::received_late(std::int64_t place, Instant now) {
    if (place < 0 || next_ - place > static_cast<std::int64_t>(kMaxLateness)) return;
    Arrival& slot = arrivals_[static_cast<std::size_t>(place) % kMaxArrivals];
    if (slot.sequence >= place) return;
    slot = {place, now};
    for (std::int64_t told = place; told < next_; ++told)
        pending_ += arrivals_[static_cast<std::size_t>(told) % kMaxArrivals].sequence == told ? 1 : 0;
    next_ = place;
}

bool TransportArrivals::write(Ssrc sender, Ssrc media, RtcpWriter& out) {
    while (pending_ > 0)
        if (!write_one(sender, media, out)) return false;
    return true;
}

bool TransportArrivals::write_one(Ssrc sender, Ssrc media, RtcpWriter& out) {
    const auto at = [this](std::int64_t sequence) -> const Arrival* {
        const Arrival& slot = arrivals_[static_cast<std::size_t>(sequence) % kMaxArrivals];
        return slot.sequence == sequence ? &slot : nullptr;
    };
    std::int64_t begin = next_;
    while (!at(begin)) ++begin;  // pending_ > 0: one is there, within kMaxArrivals
    // A first feedback begins at the first arrival; later ones at the first number not told yet, so that losses at
    // their edges are told too.
    const std::int64_t base = begin - next_ < static_cast<std::int64_t>(kMaxFeedbackPackets) / 2 ? next_ : begin;
    const std::int64_t reference = at(begin)->at.ns / kReferenceNs;

    std::array<std::uint8_t, kMaxFeedbackPackets> symbols;
    std::array<std::int16_t, kMaxFeedbackPackets> deltas;
    std::size_t count = 0, kept = 0, delta_bytes = 0, seen = 0;
    std::int64_t previous_tick = reference * (kReferenceNs / kTickNs);
    for (std::int64_t sequence = base; count < kMaxFeedbackPackets && seen < pending_; ++sequence, ++count) {
        const Arrival* arrival = at(sequence);
        symbols[count] = kMissing;
        if (!arrival) continue;
        const std::int64_t tick = arrival->at.ns / kTickNs, delta = tick - previous_tick;
        if (delta < INT16_MIN || delta > INT16_MAX) break;  // the next feedback has its own reference
        symbols[count] = delta >= 0 && delta <= 255 ? kSmallDelta : kLargeDelta;
        deltas[count] = static_cast<std::int16_t>(delta);
        delta_bytes += symbols[count];
        previous_tick = tick;
        ++seen;
        kept = count + 1;
    }
    count = kept;

    const std::size_t chunks = (count + kSymbolsPerChunk - 1) / kSymbolsPerChunk;
    std::array<std::uint8_t, kFixedBytes + kMaxFeedbackPackets / 3 + 2 * kMaxFeedbackPackets + 8> packet = {};
    const std::size_t size = (kFixedBytes + 2 * chunks + delta_bytes + 3) / 4 * 4;
    packet[0] = 0x80 | 15;
    packet[1] = 205;
    store_be16(packet.data() + 2, static_cast<std::uint16_t>(size / 4 - 1));
    store_be32(packet.data() + 4, sender.value);
    store_be32(packet.data() + 8, media.value);
    store_be16(packet.data() + 12, static_cast<std::uint16_t>(base));
    store_be16(packet.data() + 14, static_cast<std::uint16_t>(count));
    store_be24(packet.data() + 16, static_cast<std::uint32_t>(reference) & 0xFFFFFF);
    packet[19] = feedbacks_;
    std::uint8_t* to = packet.data() + kFixedBytes;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk, to += 2) {
        std::uint16_t bits = 0xC000;  // status vector of two-bit symbols
        for (std::size_t i = 0; i < kSymbolsPerChunk && chunk * kSymbolsPerChunk + i < count; ++i)
            bits = static_cast<std::uint16_t>(bits | symbols[chunk * kSymbolsPerChunk + i] << (12 - 2 * i));
        store_be16(to, bits);
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (symbols[i] == kSmallDelta) *to++ = static_cast<std::uint8_t>(deltas[i]);
        if (symbols[i] != kLargeDelta) continue;
        store_be16(to, static_cast<std::uint16_t>(deltas[i]));
        to += 2;
    }
    if (!out.raw(Bytes{packet}.first(size))) return false;
    ++feedbacks_;
    next_ = base + static_cast<std::int64_t>(count);
    pending_ -= seen;
    return true;
}

namespace {

/// Statuses of a chunk (sections 3.1.3 and 3.1.4 of the draft), at most `room`; how many, 0 = malformed.
std::size_t read_chunk(std::uint16_t chunk, std::size_t room, std::uint8_t* symbols) {
    if ((chunk & 0x8000) == 0) {
        const std::size_t run = std::min<std::size_t>(chunk & 0x1FFF, room);
        std::fill_n(symbols, run, static_cast<std::uint8_t>(chunk >> 13 & 3));
        return run;
    }
    const bool wide = chunk & 0x4000;
    const std::size_t count = std::min<std::size_t>(wide ? 7 : 14, room);
    for (std::size_t i = 0; i < count; ++i)
        symbols[i] = static_cast<std::uint8_t>(wide ? chunk >> (12 - 2 * i) & 3 : chunk >> (13 - i) & 1);
    return count;
}

}  // namespace

std::optional<std::size_t> decode_transport_feedback(const TransportFeedback& feedback,
                                                     std::span<TransportArrival> out) {
    constexpr std::size_t kMaxDecoded = 4096;
    std::array<std::uint8_t, kMaxDecoded> symbols;
    const std::size_t count = feedback.count;
    if (count > symbols.size() || count > out.size()) return {};
    Bytes rest = feedback.chunks;
    for (std::size_t known = 0; known < count;) {
        if (rest.size() < 2) return {};
        const std::size_t more = read_chunk(load_be16(rest.data()), count - known, symbols.data() + known);
        if (more == 0) return {};
        known += more;
        rest = rest.subspan(2);
    }
    std::int64_t at_us = std::int64_t{feedback.reference_time} * 64'000;
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = {feedback.base + static_cast<std::int64_t>(i), false, 0};
        const std::size_t size = symbols[i] == kSmallDelta ? 1 : symbols[i] == kLargeDelta ? 2 : 0;
        if (symbols[i] == 3 || rest.size() < size) return {};
        if (size == 0) continue;
        at_us += 250 * (size == 1 ? std::int64_t{rest[0]} : static_cast<std::int16_t>(load_be16(rest.data())));
        out[i].received = true;
        out[i].at_us = at_us;
        rest = rest.subspan(size);
    }
    return count;
}

}  // namespace confidente::media
