#include "media/engine/segments.hpp"

namespace confidente::media {

std::size_t segment_run(const Outbox& out, std::size_t first) {
    const auto& head = out.head(first);
    std::size_t bytes = head.size, count = 1;
    if (head.size == 0) return 1;
    for (; first + count < out.size() && count < kMaxSegments; ++count) {
        const auto& next = out.head(first + count);
        if (next.size == 0 || next.size > head.size || next.to != head.to) break;
        if (bytes + next.size > kMaxSegmentedBytes) break;
        bytes += next.size;
        // A shorter one ends the run: the kernel would cut what follows at the wrong place.
        if (next.size < head.size) return count + 1;
    }
    return count;
}

}  // namespace confidente::media
