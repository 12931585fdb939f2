// Randomness, handed down: the operating system's in production, seeded in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace confidente {

/// Thread-safe in SystemRandom; one owner for SeededRandom.
class Random {
public:
    virtual ~Random() = default;
    /// Fills `out`; SystemRandom's bytes are fit for keys.
    virtual void fill(std::span<std::byte> out) = 0;

    std::uint64_t u64() {
        std::uint64_t value = 0;
        fill(std::as_writable_bytes(std::span{&value, 1}));
        return value;
    }
    std::uint32_t u32() { return static_cast<std::uint32_t>(u64()); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(u64()); }
    /// Uniform in [0, bound), bound > 0; the bias of the modulo is below 2^-32 for bounds up to 2^32.
    std::uint64_t below(std::uint64_t bound) { return u64() % bound; }
    /// `length` characters of [A-Za-z0-9_-], six bits each.
    std::string token(std::size_t length);
};

/// getrandom(2). Aborts if the kernel cannot give randomness: nothing safe could follow.
class SystemRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override;
};

/// SplitMix64: the same seed gives the same bytes. Never for secrets outside tests.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::byte> out) override;

private:
    std::uint64_t state_;
};

}  // namespace confidente
