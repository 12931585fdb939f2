// H.264 in RTP (RFC 6184): NAL units of single, STAP-A and FU-A payloads, back to Annex B access units, and from
// access units to payloads. Sans-IO.
//
// Invariants: a depacketizer gives only whole access units, never one with a packet missing inside; it holds at most
// kMaxAccessUnitBytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "media/protocol/codecs/codec.hpp"
#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxAccessUnitBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxNalsPerAggregate = 64;
inline constexpr std::size_t kMaxNalsPerAccessUnit = 256;

/// The part of a sequence parameter set (H.264 section 7.3.2.1) that we need.
struct H264Sps {
    std::uint8_t profile_idc = 0, constraints = 0, level_idc = 0;  ///< `profile-level-id`, byte by byte
    PictureSize size;                                              ///< after cropping
};
/// `nal` begins with the NAL header. Nothing for anything malformed or larger than 16384 pixels a side.
std::optional<H264Sps> parse_h264_sps(Bytes nal);

/// The first SPS inside an RTP payload (single NAL or STAP-A).
std::optional<Bytes> find_h264_sps(Bytes payload);

/// Calls `take(nal)` for each unit of a STAP-A until it returns false; false when malformed or stopped.
template <class F>
bool walk_h264_aggregate(Bytes payload, F&& take) {
    Bytes rest = payload.subspan(1);
    for (std::size_t count = 0; !rest.empty(); ++count) {
        if (count == kMaxNalsPerAggregate || rest.size() < 2) return false;
        const std::size_t size = load_be16(rest.data());
        if (size == 0 || rest.size() - 2 < size) return false;
        if (!take(rest.subspan(2, size))) return false;
        rest = rest.subspan(2 + size);
    }
    return true;
}

/// One whole picture in Annex B form (start codes 00 00 00 01).
struct H264AccessUnit {
    Buffer annexb;
    RtpTimestamp timestamp;
    bool keyframe = false;  ///< has an IDR slice
};

/// Takes payloads in order of `index`, which must grow by one for consecutive packets (a gap means loss).
class H264Depacketizer {
public:
    /// The access unit that this packet completes, if it does.
    std::optional<H264AccessUnit> push(std::int64_t index, RtpTimestamp timestamp, bool marker, Bytes payload);
    /// Forgets what it holds.
    void reset();

private:
    bool append(Bytes payload);
    bool append_nal(Bytes nal);
    bool append_fragment(Bytes payload);
    H264AccessUnit unit_;
    std::optional<std::int64_t> last_index_;
    bool open_ = false;    ///< inside an access unit
    bool broken_ = false;  ///< something of it is missing
    bool in_fragment_ = false;
};

/// The NAL units of an Annex B stream, without start codes; at most kMaxNalsPerAccessUnit.
std::vector<Bytes> split_annexb(Bytes annexb);

/// RTP payloads of one access unit: SPS and PPS together in a STAP-A, large units in FU-A. The caller sets the marker
/// on the last.
std::vector<Buffer> packetize_h264(Bytes annexb, std::size_t max_payload_bytes);

}  // namespace confidente::media
