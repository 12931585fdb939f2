#include "media/protocol/codecs/h264.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

constexpr std::uint8_t kIdr = 5, kSps = 7, kPps = 8, kStapA = 24, kFuA = 28;
constexpr std::array<std::uint8_t, 4> kStartCode = {0, 0, 0, 1};

std::uint8_t nal_type(Bytes nal) { return nal[0] & 0x1F; }

}  // namespace

std::optional<Bytes> find_h264_sps(Bytes payload) {
    if (payload.empty()) return {};
    if (nal_type(payload) == kSps) return payload;
    if (nal_type(payload) != kStapA) return {};
    std::optional<Bytes> found;
    walk_h264_aggregate(payload, [&](Bytes nal) {
        if (nal_type(nal) == kSps) found = nal;
        return !found;
    });
    return found;
}

void H264Depacketizer::reset() {
    unit_ = {};
    last_index_.reset();
    open_ = broken_ = in_fragment_ = false;
}

std::optional<H264AccessUnit> H264Depacketizer::push(std::int64_t index, RtpTimestamp timestamp, bool marker,
                                                     Bytes payload) {
    if (last_index_ && index <= *last_index_) return {};  // late: its access unit was given up
    const bool gap = last_index_ && index != *last_index_ + 1;
    if (!open_ || timestamp != unit_.timestamp) {
        // A unit is known to begin here when the packet before it was seen; parameter sets are a beginning in any
        // case, since nothing of a picture comes before them.
        broken_ = (gap || !last_index_) && !find_h264_sps(payload);
        unit_ = {.annexb = {}, .timestamp = timestamp, .keyframe = false};
        open_ = true;
        in_fragment_ = false;
    } else if (gap) {
        broken_ = true;
    }
    last_index_ = index;
    if (!broken_ && !append(payload)) broken_ = true;
    if (!marker) return {};
    open_ = false;
    if (broken_ || in_fragment_ || unit_.annexb.empty()) return {};
    return std::exchange(unit_, {});
}

bool H264Depacketizer::append(Bytes payload) {
    if (payload.empty()) return true;  // padding in its place
    const std::uint8_t type = nal_type(payload);
    if (in_fragment_ && type != kFuA) return false;
    if (type == kFuA) return append_fragment(payload);
    if (type == kStapA) return walk_h264_aggregate(payload, [this](Bytes nal) { return append_nal(nal); });
    return type >= 1 && type <= 23 && append_nal(payload);
}

bool H264Depacketizer::append_nal(Bytes nal) {
    if (unit_.annexb.size() + nal.size() + kStartCode.size() > kMaxAccessUnitBytes) return false;
    unit_.annexb.insert(unit_.annexb.end(), kStartCode.begin(), kStartCode.end());
    unit_.annexb.insert(unit_.annexb.end(), nal.begin(), nal.end());
    unit_.keyframe = unit_.keyframe || nal_type(nal) == kIdr;
    return true;
}

bool H264Depacketizer::append_fragment(Bytes payload) {
    if (payload.size() < 3) return false;
    const bool start = payload[1] & 0x80, end = payload[1] & 0x40;
    if (start == in_fragment_ || (start && end)) return false;
    const Bytes body = payload.subspan(2);
    if (start) {
        const std::array<std::uint8_t, 1> header = {
            static_cast<std::uint8_t>((payload[0] & 0xE0) | (payload[1] & 0x1F))};
        if (!append_nal(header)) return false;
    }
    if (unit_.annexb.size() + body.size() > kMaxAccessUnitBytes) return false;
    unit_.annexb.insert(unit_.annexb.end(), body.begin(), body.end());
    in_fragment_ = !end;
    return true;
}

std::vector<Bytes> split_annexb(Bytes annexb) {
    std::vector<Bytes> nals;
    std::optional<std::size_t> begin;
    const auto close = [&](std::size_t end) {
        while (begin && end > *begin && annexb[end - 1] == 0) --end;  // trailing zeros belong to the start code
        if (begin && end > *begin && nals.size() < kMaxNalsPerAccessUnit)
            nals.push_back(annexb.subspan(*begin, end - *begin));
    };
    for (std::size_t at = 0; at + 3 <= annexb.size(); ++at) {
        if (annexb[at] != 0 || annexb[at + 1] != 0 || annexb[at + 2] != 1) continue;
        close(at);
        begin = at + 3;
        at += 2;
    }
    close(annexb.size());
    return nals;
}

namespace {

void add_fragments(Bytes nal, std::size_t max, std::vector<Buffer>& out) {
    const auto indicator = static_cast<std::uint8_t>((nal[0] & 0xE0) | kFuA);
    const Bytes body = nal.subspan(1);
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t size = std::min(max - 2, body.size() - at);
        const bool first = at == 0, last = at + size == body.size();
        Buffer payload = {indicator, static_cast<std::uint8_t>((first ? 0x80 : 0) | (last ? 0x40 : 0) | nal_type(nal))};
        payload.insert(payload.end(), body.begin() + static_cast<std::ptrdiff_t>(at),
                       body.begin() + static_cast<std::ptrdiff_t>(at + size));
        out.push_back(std::move(payload));
        at += size;
    }
}

/// A STAP-A of consecutive units, or the unit itself when there is one.
void add_aggregate(std::span<const Bytes> nals, std::vector<Buffer>& out) {
    if (nals.size() == 1) return out.push_back(Buffer(nals[0].begin(), nals[0].end()));
    Buffer payload = {kStapA};
    for (const Bytes nal : nals) {
        payload[0] = static_cast<std::uint8_t>(std::max(payload[0] & 0x60, nal[0] & 0x60) | kStapA);
        payload.push_back(static_cast<std::uint8_t>(nal.size() >> 8));
        payload.push_back(static_cast<std::uint8_t>(nal.size()));
        payload.insert(payload.end(), nal.begin(), nal.end());
    }
    out.push_back(std::move(payload));
}

}  // namespace

std::vector<Buffer> packetize_h264(Bytes annexb, std::size_t max_payload_bytes) {
    check(max_payload_bytes >= 64);
    std::vector<Buffer> payloads;
    std::vector<Bytes> sets;  // parameter sets that wait to go together
    std::size_t sets_size = 1;
    const auto flush = [&] {
        if (!sets.empty()) add_aggregate(sets, payloads);
        sets.clear();
        sets_size = 1;
    };
    for (const Bytes nal : split_annexb(annexb)) {
        const bool set = nal_type(nal) == kSps || nal_type(nal) == kPps;
        if (!set || sets_size + 2 + nal.size() > max_payload_bytes) flush();
        if (set && sets_size + 2 + nal.size() <= max_payload_bytes) {
            sets.push_back(nal);
            sets_size += 2 + nal.size();
        } else if (nal.size() <= max_payload_bytes) {
            payloads.emplace_back(nal.begin(), nal.end());
        } else {
            add_fragments(nal, max_payload_bytes, payloads);
        }
    }
    flush();
    return payloads;
}

}  // namespace confidente::media
