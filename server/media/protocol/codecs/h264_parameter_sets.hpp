// The parameter sets of an H.264 stream (RFC 6184 section 12.6), kept so that they can be said again before a keyframe
// that comes without them: an encoder may send them once, or change them anywhere, and a viewer may come at any time.
// Sans-IO; allocates only when a set is new or changes.
//
// Invariants: at most kMaxSpsKept and kMaxPpsKept sets of kMaxParameterSetBytes each; those who send more, or larger
// ones, get nothing inserted.
#pragma once

#include <array>
#include <cstdint>

#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxSpsKept = 4, kMaxPpsKept = 8;  ///< real encoders have one or two of each
inline constexpr std::size_t kMaxParameterSetBytes = 256;
inline constexpr std::size_t kMaxInsertedSetsBytes = 1100;  ///< one packet takes them all

class H264ParameterSets {
public:
    struct Place {
        std::int64_t index = 0;  ///< dense number of the packet
        RtpTimestamp timestamp;
        bool in_order = true;    ///< newer than all before
        bool contiguous = true;  ///< the packet before it was here
    };
    /// Remembers the sets in this payload. True when an IDR picture begins with it whose access unit did not bring both
    /// kinds, and aggregate() can.
    bool note(Bytes payload, const Place& place);

    /// The dense numbers begin anew; the sets stay.
    void renumbered() {
        last_set_ = -1;
        started_ = false;
    }

    /// All sets in one STAP-A payload, SPS first; empty while one kind is missing or there is too much.
    Bytes aggregate() const { return aggregate_; }

private:
    struct Set {
        std::uint32_t id = 0;
        Buffer nal;
    };
    template <std::size_t Max>
    struct Sets {
        std::array<Set, Max> sets;
        std::size_t count = 0;
        bool keep(std::uint32_t id, Bytes nal);
    };
    void take(Bytes nal, bool whole, const Place& place);
    void keep(Bytes nal, const Place& place);
    void rebuild();

    Sets<kMaxSpsKept> sps_;
    Sets<kMaxPpsKept> pps_;
    bool overflowed_ = false;
    std::int64_t last_set_ = -1;  ///< index of the packet that brought the newest set
    Buffer aggregate_;

    // The access unit that the newest packet belongs to.
    bool started_ = false;
    RtpTimestamp unit_;
    bool unit_whole_ = false, unit_has_sps_ = false, unit_has_pps_ = false, unit_has_slice_ = false;
    bool idr_begins_ = false;
};

}  // namespace confidente::media
