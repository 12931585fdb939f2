#include "media/protocol/codecs/h264_parameter_sets.hpp"

#include <algorithm>

#include "media/protocol/codecs/bit_reader.hpp"
#include "media/protocol/codecs/h264.hpp"

namespace confidente::media {
namespace {

constexpr std::uint8_t kIdr = 5, kSps = 7, kPps = 8, kStapA = 24, kFuA = 28;

/// seq_parameter_set_id stands behind profile, constraints and level, pic_parameter_set_id at once.
std::uint32_t id_of(Bytes nal) {
    BitReader reader{nal.subspan((nal[0] & 0x1F) == kSps ? 4 : 1)};
    return reader.ue();
}

void append(Bytes nal, Buffer& out) {
    out.push_back(static_cast<std::uint8_t>(nal.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(nal.size()));
    out.insert(out.end(), nal.begin(), nal.end());
}

}  // namespace

/// True when something changed. A full table counts as a change without effect: see overflowed_.
template <std::size_t Max>
bool H264ParameterSets::Sets<Max>::keep(std::uint32_t id, Bytes nal) {
    std::size_t at = 0;
    while (at < count && sets[at].id != id) ++at;
    if (at == Max) return false;
    if (at == count) ++count;
    if (std::equal(nal.begin(), nal.end(), sets[at].nal.begin(), sets[at].nal.end())) return false;
    sets[at].id = id;
    sets[at].nal.assign(nal.begin(), nal.end());
    return true;
}

void H264ParameterSets::rebuild() {
    aggregate_.clear();
    if (overflowed_ || sps_.count == 0 || pps_.count == 0) return;
    aggregate_.push_back(0x60 | kStapA);  // the highest nal_ref_idc
    for (std::size_t i = 0; i < sps_.count; ++i) append(sps_.sets[i].nal, aggregate_);
    for (std::size_t i = 0; i < pps_.count; ++i) append(pps_.sets[i].nal, aggregate_);
    if (aggregate_.size() > kMaxInsertedSetsBytes) aggregate_.clear();
}

void H264ParameterSets::keep(Bytes nal, const Place& place) {
    const bool sps = (nal[0] & 0x1F) == kSps;
    // What arrives late may be older than what is known.
    if (place.index < last_set_ || nal.size() < (sps ? 5u : 2u)) return;
    last_set_ = place.index;
    const std::uint32_t id = id_of(nal);
    const bool full = sps ? sps_.count == kMaxSpsKept : pps_.count == kMaxPpsKept;
    const auto known = [&](const auto& table) {
        return std::any_of(table.sets.begin(), table.sets.begin() + static_cast<std::ptrdiff_t>(table.count),
                           [&](const Set& set) { return set.id == id; });
    };
    if (nal.size() > kMaxParameterSetBytes || (full && !(sps ? known(sps_) : known(pps_)))) {
        overflowed_ = true;
        aggregate_.clear();
        return;
    }
    if (sps ? sps_.keep(id, nal) : pps_.keep(id, nal)) rebuild();
}

/// `whole`: all of the unit is here; else its beginning, as in the first FU-A.
void H264ParameterSets::take(Bytes nal, bool whole, const Place& place) {
    if (nal.empty()) return;
    const std::uint8_t type = nal[0] & 0x1F;
    if (whole && (type == kSps || type == kPps)) {
        keep(nal, place);
        if (place.in_order) (type == kSps ? unit_has_sps_ : unit_has_pps_) = true;
    }
    if (type == 0 || type > kIdr || !place.in_order) return;
    // first_mb_in_slice is 0 when its Exp-Golomb code is the single bit 1.
    const bool first = nal.size() > 1 && (nal[1] & 0x80) != 0;
    if (type == kIdr && first && !unit_has_slice_) idr_begins_ = true;
    unit_has_slice_ = true;
}

bool H264ParameterSets::note(Bytes payload, const Place& place) {
    if (payload.empty()) return false;
    if (place.in_order) {
        if (!started_ || unit_ != place.timestamp) {
            unit_ = place.timestamp;
            unit_whole_ = place.contiguous || !started_;
            unit_has_sps_ = unit_has_pps_ = unit_has_slice_ = false;
            started_ = true;
        } else if (!place.contiguous) {
            unit_whole_ = false;
        }
    }
    idr_begins_ = false;
    const std::uint8_t type = payload[0] & 0x1F;
    if (type == kStapA) {
        walk_h264_aggregate(payload, [&](Bytes nal) {
            take(nal, true, place);
            return true;
        });
    } else if (type == kFuA) {
        if (payload.size() < 3 || (payload[1] & 0x80) == 0) return false;
        const std::array<std::uint8_t, 2> begin = {static_cast<std::uint8_t>((payload[0] & 0xE0) | (payload[1] & 0x1F)),
                                                   payload[2]};
        take(begin, false, place);
    } else {
        take(payload, true, place);
    }
    return idr_begins_ && unit_whole_ && !(unit_has_sps_ && unit_has_pps_) && !aggregate_.empty();
}

}  // namespace confidente::media
