// Dependency descriptors, one after the other as a stream brings them, and written again for a viewer.
#include "media/protocol/codecs/dependency_descriptor.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

void check_bounds(const DependencyDescriptor& descriptor, const DependencyStructure& structure) {
    check(structure.targets >= 1 && structure.targets <= kMaxDecodeTargets && structure.chains <= structure.targets);
    check(structure.templates >= 1 && structure.templates <= kMaxFrameTemplates);
    check(structure.spatial_layers <= kMaxDependencySpatial && descriptor.spatial < structure.spatial_layers);
    for (std::size_t target = 0; target < structure.targets; ++target) {
        check(structure.target_spatial[target] < structure.spatial_layers);
        check(structure.served_by(target) >> target & 1);
    }
    if (descriptor.active_targets && structure.targets < kMaxDecodeTargets)
        check(*descriptor.active_targets >> structure.targets == 0);
}

/// Everything but the number and the mask means the same after it was written again.
void check_rewritten(Bytes extension, const DependencyDescriptor& before, const DependencyStructure& structure) {
    std::array<std::uint8_t, kMaxDependencyDescriptor> out;
    const std::uint32_t mask = structure.targets == kMaxDecodeTargets ? ~0u : (1u << structure.targets) - 1;
    for (const ActiveTargets active : {ActiveTargets{}, ActiveTargets{0x5555'5555 & mask, structure.targets}}) {
        const auto number = static_cast<std::uint16_t>(before.frame_number + 12'345);
        const std::size_t size = rewrite_dependency_descriptor(extension, number, active, out);
        if (size == 0) {
            check(extension.size() + 6 > out.size());
            continue;
        }
        DependencyStructure fresh;
        const auto after = read_dependency_descriptor(Bytes{out}.first(size), &structure, fresh);
        check(after && after->frame_number == number && after->has_structure == before.has_structure);
        check(after->starts_frame == before.starts_frame && after->ends_frame == before.ends_frame);
        check(after->uses == before.uses && after->references == before.references);
        check(after->spatial == before.spatial && after->temporal == before.temporal);
        check(after->active_targets == (active.count ? std::optional{active.mask} : before.active_targets));
    }
}

}  // namespace

FUZZ(input) {
    FuzzInput stream{input};
    DependencyStructure structure, fresh;
    bool known = false;
    for (int i = 0; i < 64 && !stream.empty(); ++i) {
        const Bytes extension = stream.take(stream.u8());
        const auto descriptor = read_dependency_descriptor(extension, known ? &structure : nullptr, fresh);
        if (!descriptor) continue;
        check(known || descriptor->has_structure);
        if (descriptor->has_structure) {
            structure = fresh;
            known = true;
        }
        check_bounds(*descriptor, structure);
        check_rewritten(extension, *descriptor, structure);
    }
}
