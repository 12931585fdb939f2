#include "media/protocol/codecs/vp9.hpp"

namespace confidente::media {
namespace {

/// Bytes one after the other. Reading past the end gives zeros and sets failed().
class ByteReader {
public:
    explicit ByteReader(Bytes bytes) : bytes_(bytes) {}
    std::uint8_t u8() {
        if (at_ >= bytes_.size()) {
            failed_ = true;
            return 0;
        }
        return bytes_[at_++];
    }
    std::uint16_t u16() {
        const std::uint8_t high = u8();
        return static_cast<std::uint16_t>(high << 8 | u8());
    }
    std::size_t position() const { return at_; }
    bool failed() const { return failed_; }

private:
    Bytes bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

void read_picture_id(ByteReader& reader, PictureNumbers& numbers) {
    numbers.id_at = static_cast<std::uint8_t>(reader.position());
    const std::uint8_t first = reader.u8();
    numbers.id_bytes = first & 0x80 ? 2 : 1;
    numbers.id = first & 0x7F;
    if (first & 0x80) numbers.id = static_cast<std::uint16_t>(numbers.id << 8 | reader.u8());
}

void read_layer(ByteReader& reader, Vp9Descriptor& descriptor) {
    const std::uint8_t layer = reader.u8();
    descriptor.temporal = layer >> 5;
    descriptor.switching_up = layer & 0x10;
    descriptor.spatial = layer >> 1 & 7;
    descriptor.inter_layer = layer & 1;
    if (descriptor.flexible) return;
    descriptor.numbers.tl0_at = static_cast<std::uint8_t>(reader.position());
    descriptor.numbers.tl0 = reader.u8();
}

void read_references(ByteReader& reader, Vp9Descriptor& descriptor) {
    bool more = true;
    while (more && descriptor.reference_count < kMaxVp9References) {
        const std::uint8_t reference = reader.u8();
        descriptor.references[descriptor.reference_count++] = reference >> 1;
        more = reference & 1;
    }
}

Vp9Layers read_structure(ByteReader& reader) {
    Vp9Layers layers;
    const std::uint8_t head = reader.u8();
    layers.spatial = static_cast<std::uint8_t>((head >> 5) + 1);
    if (head & 0x10)
        for (std::size_t i = 0; i < layers.spatial; ++i) {
            const std::uint32_t width = reader.u16(), height = reader.u16();
            layers.sizes[i] = {width, height};
        }
    if ((head & 0x08) == 0) return layers;
    for (unsigned pictures = reader.u8(); pictures > 0 && !reader.failed(); --pictures)
        for (unsigned references = reader.u8() >> 2 & 3; references > 0; --references) reader.u8();
    return layers;
}

}  // namespace

std::optional<Vp9Descriptor> parse_vp9_descriptor(Bytes payload) {
    if (payload.empty()) return {};
    ByteReader reader{payload};
    const std::uint8_t flags = reader.u8();
    Vp9Descriptor descriptor;
    descriptor.predicted = flags & 0x40;
    descriptor.has_layers = flags & 0x20;
    descriptor.flexible = flags & 0x10;
    descriptor.starts_frame = flags & 0x08;
    descriptor.ends_frame = flags & 0x04;
    if (flags & 0x80) read_picture_id(reader, descriptor.numbers);
    if (descriptor.has_layers) read_layer(reader, descriptor);
    if (descriptor.flexible && descriptor.predicted) read_references(reader, descriptor);
    if (flags & 0x02) descriptor.structure = read_structure(reader);
    if (reader.failed()) return {};
    descriptor.size = reader.position();
    return descriptor;
}

}  // namespace confidente::media
