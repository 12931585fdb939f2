// The first bytes of a payload of every codec: where a decoder can start, and how large the picture is.
#include "media/protocol/codecs/codec.hpp"
#include "media/protocol/codecs/h264.hpp"
#include "media/protocol/codecs/vp9.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;

FUZZ(input) {
    for (const Codec codec : {Codec::opus, Codec::h264, Codec::vp8, Codec::vp9, Codec::av1, Codec::other}) {
        const bool starts = starts_keyframe(codec, input);
        check(codec != Codec::other || !starts);
        check(codec != Codec::opus || starts);
        const auto size = keyframe_size(codec, input);
        if (!size) continue;
        check(codec == Codec::h264 || codec == Codec::vp8 || codec == Codec::vp9);
        check(codec == Codec::vp9 || (size->width <= 16'384 && size->height <= 16'384));
    }
    if (const auto descriptor = parse_vp8_descriptor(input)) {
        check(descriptor->size <= input.size() && descriptor->partition < 16);
        check(descriptor->numbers.id < 0x8000);
    }
    if (const auto descriptor = parse_vp9_descriptor(input)) {
        check(descriptor->size <= input.size() && descriptor->spatial < kMaxVp9Spatial);
        check(descriptor->reference_count <= kMaxVp9References);
        check(!descriptor->structure || descriptor->structure->spatial <= kMaxVp9Spatial);
    }
    for (const Codec codec : {Codec::vp8, Codec::vp9, Codec::av1}) {
        const PictureNumbers numbers = picture_numbers(codec, input);
        check(std::size_t{numbers.id_at} + numbers.id_bytes <= input.size());
        check(numbers.tl0_at == 0 || numbers.tl0_at < input.size());
        check(numbers.id_bytes == 0 || numbers.tl0_at == 0 || numbers.tl0_at - numbers.id_at <= 3);
    }
    if (const auto nal = find_h264_sps(input)) {
        check(nal->data() >= input.data() && nal->data() + nal->size() <= input.data() + input.size());
        check(starts_keyframe(Codec::h264, input));
    }
    if (const auto sps = parse_h264_sps(input)) {
        check(sps->size.width > 0 && sps->size.width <= 16'384);
        check(sps->size.height > 0 && sps->size.height <= 16'384);
    }
    check(codec_from_name(to_string(codec_from_name(as_text(input)))) == codec_from_name(as_text(input)));
}
