// Which session must be ticked next: a heap of instants that forgets lazily. A session has one valid entry, the one
// that equals its `scheduled`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "platform/base/time.hpp"

namespace confidente::media {

using SessionNumber = std::uint64_t;  ///< of one engine, never used again

class Timers {
public:
    struct Entry {
        Instant at;
        SessionNumber session = 0;
    };
    Timers() { heap_.reserve(1024); }

    bool empty() const { return heap_.empty(); }
    const Entry& first() const { return heap_.front(); }
    void push(Entry entry) {
        heap_.push_back(entry);
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    Entry pop() {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        const auto entry = heap_.back();
        heap_.pop_back();
        return entry;
    }

private:
    static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }
    std::vector<Entry> heap_;
};

}  // namespace confidente::media
