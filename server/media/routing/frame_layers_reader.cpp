#include "media/routing/frame_layers_reader.hpp"

#include <algorithm>

namespace confidente::media {
namespace {

constexpr std::uint16_t kNumbersPerPicture = 4;  // a frame of each spatial layer; those above share the last

std::uint8_t bit(std::size_t step) { return static_cast<std::uint8_t>(1u << step); }

}  // namespace

void FrameLayersReader::restart() { *this = FrameLayersReader{codec_, descriptor_id_, choose_}; }

void FrameLayersReader::read(const RtpPacketView& packet, LayerPacket& made) {
    const auto extension = descriptor_id_ == 0 ? std::nullopt : packet.extension(descriptor_id_);
    if (extension && extension->size() >= 3)
        read_descriptor(*extension, made);
    else if (codec_ == Codec::vp9 && !known_ && choose_)
        read_vp9(made);
    made.frame.steps = steps();
    // What cannot be told is nobody's to leave out.
    if (made.frame.members == 0) made.frame.members = 0xFF;
}

/// For each step the best decode target that is active: its own spatial layer, and all of the frame rate. A step that
/// the publisher has turned off is shown as the one below.
void FrameLayersReader::choose_targets(std::uint32_t active) {
    active_ = active;
    steps_ = static_cast<std::uint8_t>(std::min<std::size_t>(structure_.spatial_layers, kMaxLayers));
    promised_ = 1;
    for (std::size_t step = 0; step < steps_; ++step) {
        std::optional<std::size_t> best;
        for (std::size_t target = 0; target < structure_.targets; ++target)
            if (structure_.target_spatial[target] == step && (active >> target & 1) &&
                (!best || structure_.target_temporal[target] > structure_.target_temporal[*best]))
                best = target;
        if (!best && step > 0) {
            target_[step] = target_[step - 1];
            served_[step] = served_[step - 1];
            continue;
        }
        promised_ = static_cast<std::uint8_t>(step + 1);
        target_[step] = static_cast<std::uint8_t>(best.value_or(0));
        served_[step] = structure_.served_by(target_[step]);
    }
}

void FrameLayersReader::adopt(const DependencyStructure& structure, std::uint16_t frame_number) {
    structure_ = structure;
    structure_frame_ = frame_number;
    known_ = true;
    target_ = {};
    served_ = {};
    for (std::size_t step = 0; step < kMaxLayers; ++step) sizes_[step] = structure.sizes[step];
}

void FrameLayersReader::read_descriptor(Bytes extension, LayerPacket& made) {
    made.descriptor = extension;
    made.frame.number = load_be16(extension.data() + 1);
    const auto descriptor = read_dependency_descriptor(extension, known_ ? &structure_ : nullptr, fresh_);
    if (!descriptor) return;
    // A structure that comes late may be older than the one in force.
    const bool newer = static_cast<std::int16_t>(descriptor->frame_number - structure_frame_) > 0;
    const bool adopted = descriptor->has_structure && (made.in_order || !known_ || newer);
    if (adopted) adopt(fresh_, descriptor->frame_number);
    if (adopted || (made.in_order && descriptor->active_targets && *descriptor->active_targets != active_))
        choose_targets(descriptor->active_targets.value_or(active_));
    FrameLayers& frame = made.frame;
    frame.spatial = descriptor->spatial;
    frame.starts_frame = descriptor->starts_frame;
    frame.ends_frame = descriptor->ends_frame;
    frame.references = descriptor->references;
    frame.far_references = descriptor->far_references;
    frame.targets = structure_.targets;
    for (std::size_t step = 0; step < steps_; ++step) {
        const FrameUse use = frame_use(descriptor->uses, target_[step]);
        if (use != FrameUse::absent) frame.members |= bit(step);
        if (use == FrameUse::switching) frame.switches |= bit(step);
        frame.active[step] = served_[step] & active_;
    }
    // A frame above all steps is nobody's; without this it would be everybody's.
    if (frame.members == 0) frame.members = 0x80;
}

/// Without a descriptor every layer needs all below it, and what its picture refers to is guessed: the one before.
void FrameLayersReader::read_vp9(LayerPacket& made) {
    const auto descriptor = parse_vp9_descriptor(made.payload);
    if (!descriptor || !descriptor->has_layers) return;
    if (made.in_order && (!counting_ || made.timestamp != picture_timestamp_)) {
        counting_ = true;
        picture_timestamp_ = made.timestamp;
        ++picture_;
    }
    if (descriptor->structure) {
        const std::size_t layers = std::min<std::size_t>(descriptor->structure->spatial, kMaxLayers);
        steps_ = promised_ = static_cast<std::uint8_t>(layers);
        for (std::size_t step = 0; step < layers; ++step) sizes_[step] = descriptor->structure->sizes[step];
    }
    FrameLayers& frame = made.frame;
    frame.spatial = descriptor->spatial;
    frame.starts_frame = descriptor->starts_frame && made.in_order;
    frame.ends_frame = descriptor->ends_frame;
    frame.number = static_cast<std::uint16_t>(picture_ * kNumbersPerPicture +
                                              std::min<std::uint16_t>(frame.spatial, kNumbersPerPicture - 1));
    if (descriptor->predicted) frame.references |= std::uint64_t{1} << (kNumbersPerPicture - 1);
    if (descriptor->inter_layer) frame.references |= 1;
    for (std::size_t step = frame.spatial; step < kMaxLayers; ++step) frame.members |= bit(step);
    if (frame.members == 0) frame.members = 0x80;
    const bool key = !descriptor->predicted && frame.spatial == 0;
    if (key)
        frame.switches = 0xFF;
    else if (frame.spatial < kMaxLayers)
        frame.switches = bit(frame.spatial);
}

}  // namespace confidente::media
