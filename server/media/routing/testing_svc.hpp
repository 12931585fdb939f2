// An encoder of several spatial layers in one stream, for the tests of this room: frames, what they depend on, and the
// dependency descriptors that say so, as libwebrtc's L3T1 and L3T1_KEY have them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "media/protocol/codecs/dependency_descriptor.hpp"
#include "media/routing/testing.hpp"

namespace confidente::media::testing {

constexpr std::size_t kSpatial = 3;

/// Bits, most significant first.
class Bits {
public:
    void put(std::uint32_t value, unsigned count) {
        while (count > 0) {
            if (size_ % 8 == 0) bytes.push_back(0);
            if (value >> --count & 1) bytes.back() = static_cast<std::uint8_t>(bytes.back() | 0x80 >> size_ % 8);
            ++size_;
        }
    }
    Buffer bytes;

private:
    std::size_t size_ = 0;
};

enum class SvcMode { full, key };  ///< inter-layer prediction always, or in keyframes only

struct SvcFrame {
    std::size_t spatial = 0;
    bool key = false;
    std::vector<std::uint16_t> references;  ///< distances in frame numbers
    std::string_view uses;                  ///< of the three decode targets
};

inline SvcFrame svc_frame(SvcMode mode, std::size_t spatial, bool key) {
    constexpr std::string_view kKeyUses[] = {"SSS", "-SS", "--S"}, kFullUses[] = {"SRR", "-SR", "--S"},
                               kOnlyUses[] = {"S--", "-S-", "--S"};
    SvcFrame frame{
        spatial, key, {}, key ? kKeyUses[spatial] : (mode == SvcMode::full ? kFullUses : kOnlyUses)[spatial]};
    if (!key) frame.references.push_back(3);
    if (spatial > 0 && (key || mode == SvcMode::full)) frame.references.push_back(1);
    return frame;
}

/// `active` = mask of decode targets to say; 0 = none.
inline Buffer svc_descriptor(SvcMode mode, const SvcFrame& frame, std::uint16_t number, bool starts, bool ends,
                             std::uint32_t active = 0) {
    constexpr std::uint32_t kOffset = 61;  // template ids wrap
    Bits bits;
    const auto use = [&](char letter) {
        bits.put(static_cast<std::uint32_t>(std::string_view{"-DSR"}.find(letter)), 2);
    };
    bits.put(starts, 1);
    bits.put(ends, 1);
    bits.put((kOffset + 2 * static_cast<std::uint32_t>(frame.spatial) + (frame.key ? 1 : 0)) % 64, 6);
    bits.put(number, 16);
    const bool structure = frame.key && frame.spatial == 0 && starts;
    if (!structure && active == 0) return bits.bytes;
    bits.put(structure, 1);
    bits.put(active != 0, 1);
    bits.put(0, 3);
    if (structure) {
        bits.put(kOffset, 6);
        bits.put(kSpatial - 1, 5);
        for (const std::uint32_t next : {0u, 2u, 0u, 2u, 0u, 3u}) bits.put(next, 2);
        for (std::size_t i = 0; i < 2 * kSpatial; ++i)
            for (const char letter : svc_frame(mode, i / 2, i % 2).uses) use(letter);
        for (std::size_t i = 0; i < 2 * kSpatial; ++i) {
            for (const std::uint16_t distance : svc_frame(mode, i / 2, i % 2).references) {
                bits.put(1, 1);
                bits.put(distance - 1u, 4);
            }
            bits.put(0, 1);
        }
        bits.put(0, 2);  // no chains: ns(4) of 0
        bits.put(1, 1);
        for (const std::uint32_t side : {319u, 179u, 639u, 359u, 1279u, 719u}) bits.put(side, 16);
    }
    if (active != 0) bits.put(active, kSpatial);
    return bits.bytes;
}

inline NegotiatedMedia svc_media() {
    NegotiatedMedia media = video_media({});
    media.codec = Codec::av1;
    media.extensions.dependency = 13;
    return media;
}

/// An AV1 payload by its first byte (N, first of a coded video sequence), and then whatever the test needs to know.
inline Buffer av1_payload(bool starts_sequence, Bytes content) {
    Buffer payload = {static_cast<std::uint8_t>(starts_sequence ? 0x18 : 0x10)};
    payload.insert(payload.end(), content.begin(), content.end());
    return payload;
}

}  // namespace confidente::media::testing
