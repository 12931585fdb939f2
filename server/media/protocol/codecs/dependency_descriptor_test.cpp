#include "media/protocol/codecs/dependency_descriptor.hpp"

#include "media/protocol/codecs/bit_reader.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

/// A descriptor written field by field, as the specification lists them.
class Written {
public:
    Written(std::uint32_t template_id, std::uint16_t frame, bool starts = true, bool ends = true) {
        writer_.bit(starts);
        writer_.bit(ends);
        writer_.bits(template_id, 6);
        writer_.bits(frame, 16);
    }
    Written& flags(bool structure, bool active, bool uses, bool references, bool chains) {
        for (const bool flag : {structure, active, uses, references, chains}) writer_.bit(flag);
        return *this;
    }
    Written& bits(std::uint32_t value, unsigned count) {
        writer_.bits(value, count);
        return *this;
    }
    /// Two spatial layers, one decode target each (libwebrtc's L2T1), template ids from 5 on.
    Written& two_layers(bool sizes = true) {
        bits(5, 6).bits(1, 5);                                   // offset; two targets
        bits(0, 2).bits(2, 2).bits(0, 2).bits(3, 2);             // S0, S0, S1, S1
        bits(0b1011, 4).bits(0b1010, 4);                         // "SR", "SS"
        bits(0b0010, 4).bits(0b0010, 4);                         // "-S", "-S"
        bits(1, 1).bits(1, 4).bits(0, 1);                        // 2 before
        bits(0, 1);                                              // a keyframe
        bits(1, 1).bits(1, 4).bits(1, 1).bits(0, 4).bits(0, 1);  // 2 and 1 before
        bits(1, 1).bits(0, 4).bits(0, 1);                        // 1 before
        bits(3, 2);                                              // two chains: ns(3) of 2 is `11`
        bits(0, 1).bits(1, 1);                                   // protected by its own
        for (const unsigned distance : {2u, 1u, 0u, 0u, 1u, 1u, 1u, 1u}) bits(distance, 4);
        bits(sizes, 1);
        if (sizes) bits(639, 16).bits(359, 16).bits(1279, 16).bits(719, 16);
        return *this;
    }
    Bytes bytes() const { return Bytes{buffer_}.first(writer_.size()); }

private:
    std::array<std::uint8_t, 255> buffer_ = {};
    BitWriter writer_{buffer_};
};

DependencyStructure two_layers() {
    DependencyStructure structure;
    REQUIRE(read_dependency_descriptor(Written{6, 1}.flags(1, 0, 0, 0, 0).two_layers().bytes(), nullptr, structure));
    return structure;
}

}  // namespace

TEST("a keyframe's descriptor brings the structure, and the frames behind it are read by that") {
    DependencyStructure structure, unused;
    const Written key = Written{6, 0xFFFF}.flags(1, 0, 0, 0, 0).two_layers();
    const auto first = read_dependency_descriptor(key.bytes(), nullptr, structure);
    REQUIRE(first);
    CHECK(first->has_structure);
    CHECK(first->frame_number == 0xFFFF);
    CHECK(first->spatial == 0);
    CHECK(first->references == 0);
    CHECK(first->active_targets == 0b11);
    CHECK(structure.targets == 2);
    CHECK(structure.templates == 4);
    CHECK(structure.spatial_layers == 2);
    CHECK(structure.sizes[1] == PictureSize{1280, 720});
    CHECK(structure.target_spatial[0] == 0);
    CHECK(structure.target_spatial[1] == 1);
    CHECK(structure.served_by(0) == 0b01);
    CHECK(structure.served_by(1) == 0b11);

    const auto delta = read_dependency_descriptor(Written{7, 2, true, false}.bytes(), &structure, unused);
    REQUIRE(delta);
    CHECK(delta->spatial == 1);
    CHECK(delta->references == 0b11);
    CHECK(frame_use(delta->uses, 0) == FrameUse::absent);
    CHECK(frame_use(delta->uses, 1) == FrameUse::switching);
    CHECK_FALSE(delta->ends_frame);
    CHECK_FALSE(delta->active_targets);
}

TEST("what a frame says for itself overrides its template") {
    const auto structure = two_layers();
    DependencyStructure unused;
    const Written own = Written{5, 9}
                            .flags(0, 1, 1, 1, 1)
                            .bits(0b01, 2)    // only the first target is active
                            .bits(0b0100, 4)  // discardable, absent
                            .bits(1, 2)
                            .bits(4, 4)  // 5 before
                            .bits(3, 2)
                            .bits(99, 12)  // 100 before
                            .bits(0, 2)
                            .bits(7, 8)
                            .bits(8, 8);
    const auto read = read_dependency_descriptor(own.bytes(), &structure, unused);
    REQUIRE(read);
    CHECK(read->active_targets == 0b01);
    CHECK(frame_use(read->uses, 0) == FrameUse::discardable);
    CHECK(frame_use(read->uses, 1) == FrameUse::absent);
    CHECK(read->references == 1 << 4);
    CHECK(read->far_references);
}

TEST("a descriptor that is cut off, or whose structure is not known, is none") {
    const auto structure = two_layers();
    DependencyStructure fresh;
    CHECK_FALSE(read_dependency_descriptor(Written{6, 1}.bytes(), nullptr, fresh));
    CHECK_FALSE(read_dependency_descriptor(Written{4, 1}.bytes(), &structure, fresh));  // no such template
    CHECK_FALSE(read_dependency_descriptor(Written{9, 1}.bytes(), &structure, fresh));
    CHECK_FALSE(read_dependency_descriptor(Bytes{}, &structure, fresh));
    const Written key = Written{6, 1}.flags(1, 0, 0, 0, 0).two_layers();
    for (std::size_t size = 0; size < key.bytes().size(); ++size)
        CHECK_FALSE(read_dependency_descriptor(key.bytes().first(size), nullptr, fresh));
    const Buffer long_one(256, 0);
    CHECK_FALSE(read_dependency_descriptor(long_one, &structure, fresh));
    // A structure whose layers never end, and one with more spatial layers than there are.
    Written endless{0, 1};
    endless.flags(1, 0, 0, 0, 0).bits(0, 6).bits(0, 5);
    for (int i = 0; i < 70; ++i) endless.bits(0, 2);
    CHECK_FALSE(read_dependency_descriptor(endless.bytes(), nullptr, fresh));
    Written tall{0, 1};
    tall.flags(1, 0, 0, 0, 0).bits(0, 6).bits(0, 5);
    for (int i = 0; i < 8; ++i) tall.bits(2, 2);
    CHECK_FALSE(read_dependency_descriptor(tall.bytes(), nullptr, fresh));
}

TEST("written again for a viewer, only the number and the active targets are others") {
    const auto structure = two_layers();
    std::array<std::uint8_t, kMaxDependencyDescriptor> out;
    for (const Written& written :
         {Written{6, 1}.flags(1, 0, 0, 0, 0).two_layers(), Written{6, 1}.flags(1, 1, 0, 0, 0).two_layers().bits(1, 2),
          Written{7, 2}, Written{7, 2}.flags(0, 1, 1, 0, 1).bits(3, 2).bits(0b0110, 4).bits(3, 8).bits(4, 8)}) {
        DependencyStructure fresh = structure, again;
        const auto before = read_dependency_descriptor(written.bytes(), &structure, fresh);
        REQUIRE(before);
        const std::size_t size = rewrite_dependency_descriptor(written.bytes(), 777, {0b01, 2}, out);
        REQUIRE(size > 0);
        CHECK(size <= written.bytes().size() + 2);
        const auto after = read_dependency_descriptor(Bytes{out}.first(size), &structure, again);
        REQUIRE(after);
        CHECK(after->frame_number == 777);
        CHECK(after->active_targets == 0b01);
        CHECK(after->has_structure == before->has_structure);
        CHECK(after->uses == before->uses);
        CHECK(after->references == before->references);
        if (after->has_structure) CHECK(again.sizes == fresh.sizes);

        const std::size_t plain = rewrite_dependency_descriptor(written.bytes(), 778, {}, out);
        CHECK(plain == written.bytes().size());
        CHECK(load_be16(out.data() + 1) == 778);
    }
    CHECK(rewrite_dependency_descriptor(Written{7, 2}.bytes(), 1, {1, 2}, MutableBytes{out}.first(2)) == 0);
    CHECK(rewrite_dependency_descriptor(Written{6, 1}.flags(1, 0, 0, 0, 0).two_layers().bytes(), 1, {1, 5}, out) == 0);
}
