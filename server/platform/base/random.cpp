#include "platform/base/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "platform/base/check.hpp"

namespace confidente {

std::string Random::token(std::size_t length) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    std::vector<std::byte> bytes(length);
    fill(bytes);
    std::string text;
    text.reserve(length);
    for (const std::byte byte : bytes) text += kAlphabet[std::to_integer<unsigned>(byte) & 63U];
    return text;
}

void SystemRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        check(got > 0);
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

void SeededRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
        z ^= z >> 31U;
        const std::size_t count = out.size() < sizeof z ? out.size() : sizeof z;
        std::memcpy(out.data(), &z, count);
        out = out.subspan(count);
    }
}

}  // namespace confidente
