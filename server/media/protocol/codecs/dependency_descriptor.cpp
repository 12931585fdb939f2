#include "media/protocol/codecs/dependency_descriptor.hpp"

#include <algorithm>

#include "media/protocol/codecs/bit_reader.hpp"

namespace confidente::media {
namespace {

constexpr std::size_t kMandatoryBytes = 3, kMandatoryBits = 24, kFlagBits = 5;

std::uint64_t read_uses(BitReader& reader, std::size_t targets) {
    std::uint64_t uses = 0;
    for (std::size_t target = 0; target < targets; ++target) uses |= std::uint64_t{reader.bits(2)} << (2 * target);
    return uses;
}

/// template_layers()
bool read_layers(BitReader& reader, DependencyStructure& structure) {
    std::uint8_t spatial = 0, temporal = 0;
    while (!reader.failed()) {
        if (structure.templates == kMaxFrameTemplates) return false;
        FrameTemplate& frame = structure.frames[structure.templates++];
        frame = {};
        frame.spatial = spatial;
        frame.temporal = temporal;
        structure.spatial_layers = static_cast<std::uint8_t>(spatial + 1);
        const std::uint32_t next = reader.bits(2);
        if (next == 3) return true;
        if (next == 1 && ++temporal == kMaxDependencyTemporal) return false;
        if (next != 2) continue;
        temporal = 0;
        if (++spatial == kMaxDependencySpatial) return false;
    }
    return false;
}

/// template_fdiffs(): each is at most 16.
void read_references(BitReader& reader, FrameTemplate& frame) {
    while (reader.bit() && !reader.failed()) frame.references |= std::uint64_t{1} << reader.bits(4);
}

/// template_chains(), which nothing here needs but must be passed.
void skip_chains(BitReader& reader, DependencyStructure& structure) {
    structure.chains = static_cast<std::uint8_t>(reader.ns(structure.targets + 1u));
    if (structure.chains == 0) return;
    for (std::size_t target = 0; target < structure.targets; ++target) reader.ns(structure.chains);
    for (std::size_t i = 0; i < std::size_t{structure.templates} * structure.chains; ++i) reader.bits(4);
}

/// decode_target_layers()
void derive_target_layers(DependencyStructure& structure) {
    for (std::size_t target = 0; target < structure.targets; ++target) {
        structure.target_spatial[target] = structure.target_temporal[target] = 0;
        for (std::size_t i = 0; i < structure.templates; ++i) {
            const FrameTemplate& frame = structure.frames[i];
            if (frame_use(frame.uses, target) == FrameUse::absent) continue;
            structure.target_spatial[target] = std::max(structure.target_spatial[target], frame.spatial);
            structure.target_temporal[target] = std::max(structure.target_temporal[target], frame.temporal);
        }
    }
}

/// template_dependency_structure()
bool read_structure(BitReader& reader, DependencyStructure& structure) {
    structure = {};
    structure.template_offset = static_cast<std::uint8_t>(reader.bits(6));
    structure.targets = static_cast<std::uint8_t>(reader.bits(5) + 1);
    if (!read_layers(reader, structure)) return false;
    for (std::size_t i = 0; i < structure.templates; ++i)
        structure.frames[i].uses = read_uses(reader, structure.targets);
    for (std::size_t i = 0; i < structure.templates; ++i) read_references(reader, structure.frames[i]);
    skip_chains(reader, structure);
    derive_target_layers(structure);
    if (reader.bit())
        for (std::size_t layer = 0; layer < structure.spatial_layers; ++layer) {
            const std::uint32_t width = reader.bits(16) + 1, height = reader.bits(16) + 1;
            structure.sizes[layer] = {width, height};
        }
    return !reader.failed();
}

/// frame_fdiffs(): four, eight or twelve bits each.
void read_own_references(BitReader& reader, DependencyDescriptor& descriptor) {
    descriptor.references = 0;
    while (const std::uint32_t size = reader.bits(2)) {
        const std::uint32_t before = reader.bits(4 * size);
        if (reader.failed()) return;
        if (before < 64)
            descriptor.references |= std::uint64_t{1} << before;
        else
            descriptor.far_references = true;
    }
}

struct Flags {
    bool structure = false, active = false, uses = false, references = false, chains = false;
};
Flags read_flags(BitReader& reader) {
    Flags flags;
    for (bool* flag : {&flags.structure, &flags.active, &flags.uses, &flags.references, &flags.chains})
        *flag = reader.bit() != 0;
    return flags;
}

std::uint32_t all_of(std::size_t targets) { return static_cast<std::uint32_t>((std::uint64_t{1} << targets) - 1); }

}  // namespace

std::uint32_t DependencyStructure::served_by(std::size_t target) const {
    std::uint32_t served = 0;
    for (std::size_t other = 0; other < targets; ++other) {
        const bool whole = std::all_of(frames.begin(), frames.begin() + templates, [&](const FrameTemplate& frame) {
            return frame_use(frame.uses, other) == FrameUse::absent ||
                   frame_use(frame.uses, target) != FrameUse::absent;
        });
        if (whole) served |= 1u << other;
    }
    return served;
}

std::optional<DependencyDescriptor> read_dependency_descriptor(Bytes extension, const DependencyStructure* known,
                                                               DependencyStructure& fresh) {
    if (extension.size() < kMandatoryBytes || extension.size() > kMaxDependencyDescriptor) return {};
    BitReader reader{extension};
    DependencyDescriptor descriptor;
    descriptor.starts_frame = reader.bit() != 0;
    descriptor.ends_frame = reader.bit() != 0;
    const std::uint32_t template_id = reader.bits(6);
    descriptor.frame_number = static_cast<std::uint16_t>(reader.bits(16));
    const Flags flags = extension.size() > kMandatoryBytes ? read_flags(reader) : Flags{};
    if (flags.structure) {
        if (!read_structure(reader, fresh)) return {};
        descriptor.has_structure = true;
        descriptor.active_targets = all_of(fresh.targets);
        known = &fresh;
    }
    if (!known) return {};
    if (flags.active) descriptor.active_targets = reader.bits(known->targets);
    const std::size_t index = (template_id + 64 - known->template_offset) % 64;
    if (index >= known->templates) return {};
    const FrameTemplate& frame = known->frames[index];
    descriptor.spatial = frame.spatial;
    descriptor.temporal = frame.temporal;
    descriptor.uses = flags.uses ? read_uses(reader, known->targets) : frame.uses;
    descriptor.references = frame.references;
    if (flags.references) read_own_references(reader, descriptor);
    if (flags.chains)
        for (std::size_t chain = 0; chain < known->chains; ++chain) reader.bits(8);
    if (reader.failed()) return {};
    return descriptor;
}

std::size_t rewrite_dependency_descriptor(Bytes extension, std::uint16_t frame_number, ActiveTargets active,
                                          MutableBytes out) {
    if (extension.size() < kMandatoryBytes || out.size() < extension.size()) return 0;
    std::copy(extension.begin(), extension.end(), out.begin());
    store_be16(out.data() + 1, frame_number);
    if (active.count == 0) return extension.size();
    BitReader reader{extension};
    reader.bits(kMandatoryBits);
    Flags flags = extension.size() > kMandatoryBytes ? read_flags(reader) : Flags{};
    if (flags.structure) {
        DependencyStructure structure;
        if (!read_structure(reader, structure) || structure.targets != active.count) return 0;
    }
    // Everything before the mask and behind it is taken over bit by bit; the mask itself is ours.
    const std::size_t structure_end = reader.position();
    if (flags.active) reader.bits(active.count);
    if (reader.failed()) return 0;
    BitWriter writer{out};
    writer.bits(load_be24(out.data()), kMandatoryBits);
    for (const bool flag : {flags.structure, true, flags.uses, flags.references, flags.chains})
        writer.bit(flag ? 1 : 0);
    BitReader structure{extension};
    structure.bits(kMandatoryBits);
    if (flags.structure) {
        structure.bits(kFlagBits);
        while (structure.position() < structure_end) writer.bit(structure.bit());
    }
    writer.bits(active.mask, active.count);
    while (reader.position() < extension.size() * 8) writer.bit(reader.bit());
    return writer.failed() || writer.size() > kMaxDependencyDescriptor ? 0 : writer.size();
}

}  // namespace confidente::media
