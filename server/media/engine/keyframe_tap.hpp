// Takes one whole keyframe out of a live from time to time, for its thumbnail. Copies only while it collects: a few
// packets every interval. One owner.
#pragma once

#include <cstdint>
#include <optional>

#include "media/protocol/codecs/h264.hpp"
#include "media/routing/publication.hpp"

namespace confidente::media {

inline constexpr Duration kKeyframePatience = 3s;  ///< a keyframe that does not come by itself is then asked for

class KeyframeTap {
public:
    /// `interval` 0 = never. The first picture is taken as soon as there is one.
    explicit KeyframeTap(Duration interval) : interval_(interval) {}

    /// The keyframe in Annex B form, when this packet completes one that is due.
    std::optional<Buffer> packet(const LayerPacket& packet, Publication& publication, Instant now);
    /// Another publisher: begin anew, but keep the pace.
    void restart();

private:
    bool choose_layer(const LayerPacket& packet, const Publication& publication, Instant now);

    Duration interval_;
    H264Depacketizer depacketizer_;
    Instant due_{INT64_MIN / 2};
    Instant asked_{INT64_MIN / 2};
    std::uint8_t layer_ = 0;
    bool collecting_ = false;
};

}  // namespace confidente::media
