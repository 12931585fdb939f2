#include "media/protocol/codecs/codec.hpp"

#include <array>

#include "media/protocol/codecs/h264.hpp"
#include "media/protocol/codecs/vp9.hpp"

namespace confidente::media {
namespace {

constexpr std::array<std::pair<Codec, std::string_view>, 5> kNames = {
    {{Codec::opus, "opus"}, {Codec::h264, "H264"}, {Codec::vp8, "VP8"}, {Codec::vp9, "VP9"}, {Codec::av1, "AV1"}}};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

/// The frame header behind the descriptor (RFC 7741 section 4.3): bit 0 of the first byte is 0 in keyframes.
std::optional<Bytes> vp8_keyframe(Bytes payload) {
    const auto descriptor = parse_vp8_descriptor(payload);
    if (!descriptor || !descriptor->starts_partition || descriptor->partition != 0) return {};
    const Bytes frame = payload.subspan(descriptor->size);
    if (frame.empty() || (frame[0] & 1) != 0) return {};
    return frame;
}

/// RFC 9628 section 4.2: B (start of frame) without P (inter-predicted), lowest spatial layer.
std::optional<Vp9Descriptor> vp9_keyframe(Bytes payload) {
    const auto descriptor = parse_vp9_descriptor(payload);
    if (!descriptor || descriptor->predicted || !descriptor->starts_frame || descriptor->spatial != 0) return {};
    return descriptor;
}

}  // namespace

std::string_view to_string(Codec codec) {
    for (const auto& [value, name] : kNames)
        if (value == codec) return name;
    return {};
}

Codec codec_from_name(std::string_view name) {
    for (const auto& [value, known] : kNames)
        if (equal_ignoring_case(known, name)) return value;
    return Codec::other;
}

std::optional<Vp8Descriptor> parse_vp8_descriptor(Bytes payload) {
    if (payload.empty()) return {};
    Vp8Descriptor descriptor;
    descriptor.starts_partition = payload[0] & 0x10;
    descriptor.partition = payload[0] & 0x07;
    std::size_t at = 1;
    if (payload[0] & 0x80) {
        if (payload.size() < 2) return {};
        const std::uint8_t extension = payload[at++];
        if (extension & 0x80) {
            if (at >= payload.size()) return {};
            const bool wide = payload[at] & 0x80;
            if (payload.size() - at < (wide ? 2u : 1u)) return {};
            descriptor.numbers.id_at = static_cast<std::uint8_t>(at);
            descriptor.numbers.id_bytes = wide ? 2 : 1;
            descriptor.numbers.id =
                wide ? static_cast<std::uint16_t>(load_be16(payload.data() + at) & 0x7FFF) : std::uint16_t{payload[at]};
            at += descriptor.numbers.id_bytes;
        }
        if (extension & 0x40) {
            if (at >= payload.size()) return {};
            descriptor.numbers.tl0_at = static_cast<std::uint8_t>(at);
            descriptor.numbers.tl0 = payload[at++];
        }
        if ((extension & 0x30) != 0) {  // TID, KEYIDX
            if (at >= payload.size()) return {};
            descriptor.temporal = extension & 0x20 ? payload[at] >> 6 : 0;
            ++at;
        }
    }
    descriptor.size = at;
    return descriptor;
}

PictureNumbers picture_numbers(Codec codec, Bytes payload) {
    if (codec == Codec::vp8) {
        const auto descriptor = parse_vp8_descriptor(payload);
        return descriptor ? descriptor->numbers : PictureNumbers{};
    }
    if (codec == Codec::vp9) {
        const auto descriptor = parse_vp9_descriptor(payload);
        return descriptor ? descriptor->numbers : PictureNumbers{};
    }
    return {};
}

bool starts_keyframe(Codec codec, Bytes payload) {
    switch (codec) {
        case Codec::opus:
            return true;
        case Codec::h264:
            return find_h264_sps(payload).has_value();
        case Codec::vp8:
            return vp8_keyframe(payload).has_value();
        case Codec::vp9:
            return vp9_keyframe(payload).has_value();
        // AV1 RTP specification section 4.4: the N bit, first packet of a coded video sequence.
        case Codec::av1:
            return !payload.empty() && (payload[0] & 0x08) != 0;
        case Codec::other:
            return false;
    }
    return false;
}

std::optional<PictureSize> keyframe_size(Codec codec, Bytes payload) {
    if (codec == Codec::h264) {
        const auto nal = find_h264_sps(payload);
        const auto sps = nal ? parse_h264_sps(*nal) : std::nullopt;
        return sps ? std::optional{sps->size} : std::nullopt;
    }
    if (codec == Codec::vp9) {
        const auto descriptor = vp9_keyframe(payload);
        if (!descriptor || !descriptor->structure) return {};
        const PictureSize size = descriptor->structure->sizes[descriptor->structure->spatial - 1u];
        return size.width != 0 && size.height != 0 ? std::optional{size} : std::nullopt;
    }
    if (codec != Codec::vp8) return {};
    const auto frame = vp8_keyframe(payload);
    if (!frame || frame->size() < 10 || load_be24(frame->data() + 3) != 0x9D012A) return {};
    const auto side = [&](std::size_t at) { return ((*frame)[at] | (*frame)[at + 1] << 8) & 0x3FFFu; };
    return PictureSize{side(6), side(8)};
}

}  // namespace confidente::media
