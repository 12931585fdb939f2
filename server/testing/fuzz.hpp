// What every *_fuzz.cpp includes. A target takes bytes and must neither crash, leak nor break one of its own checks:
//
//   FUZZ(input) {
//       const auto packet = parse(input);
//       if (packet) check(parse(write(*packet)) == packet);
//   }
//
// An input that costs more than kMaxInputCost is a finding too: what one datagram may cost is bounded.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"
#include "platform/base/time.hpp"

namespace confidente::testing {

inline constexpr Duration kMaxInputCost = 100ms;  ///< of this thread's time, sanitizers included

/// The thread's own time: a busy machine makes no finding of a harmless input.
inline Duration thread_time() {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return std::chrono::seconds{spent.tv_sec} + std::chrono::nanoseconds{spent.tv_nsec};
}

/// Takes an input apart. Whatever is asked of an empty one is zero or empty.
class FuzzInput {
public:
    explicit FuzzInput(Bytes bytes) : rest_(bytes) {}
    bool empty() const { return rest_.empty(); }
    Bytes rest() const { return rest_; }
    std::uint8_t u8() {
        const Bytes one = take(1);
        return one.empty() ? std::uint8_t{0} : one[0];
    }
    std::uint16_t u16() { return static_cast<std::uint16_t>(u8() << 8 | u8()); }
    std::uint32_t u32() { return std::uint32_t{u16()} << 16 | u16(); }
    /// At most `size` bytes.
    Bytes take(std::size_t size) {
        const Bytes taken = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    /// As many bytes as the next two say, at most.
    Bytes chunk() { return take(u16()); }

private:
    Bytes rest_;
};

}  // namespace confidente::testing

#define FUZZ(input)                                                                             \
    static void fuzz_one(confidente::Bytes input);                                              \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);          \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {         \
        const auto began = confidente::testing::thread_time();                                  \
        fuzz_one({data, size});                                                                 \
        check(confidente::testing::thread_time() - began < confidente::testing::kMaxInputCost); \
        return 0;                                                                               \
    }                                                                                           \
    static void fuzz_one(confidente::Bytes input)
