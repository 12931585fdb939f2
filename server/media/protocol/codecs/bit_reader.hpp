// Reads a string of bits, most significant first. Private to this room.
#pragma once

#include <cstdint>

#include "platform/base/bytes.hpp"

namespace confidente::media {

/// Reading past the end gives zeros and sets failed().
class BitReader {
public:
    explicit BitReader(Bytes bytes) : bytes_(bytes) {}

    std::uint32_t bits(unsigned count) {
        std::uint32_t value = 0;
        for (; count > 0; --count) value = value << 1 | bit();
        return value;
    }
    std::uint32_t bit() {
        if (at_ >= bytes_.size() * 8) {
            failed_ = true;
            return 0;
        }
        const std::uint32_t value = bytes_[at_ / 8] >> (7 - at_ % 8) & 1;
        ++at_;
        return value;
    }
    std::uint32_t ue() {  // H.264 section 9.1
        unsigned zeros = 0;
        while (!failed_ && bit() == 0)
            if (++zeros > 31) failed_ = true;
        return failed_ ? 0 : static_cast<std::uint32_t>((std::uint64_t{1} << zeros) - 1 + bits(zeros));
    }
    std::int64_t se() {
        const std::uint32_t code = ue();
        return code % 2 ? (std::int64_t{code} + 1) / 2 : -(std::int64_t{code} / 2);
    }
    /// A number below `count` (AV1 section 4.10.7).
    std::uint32_t ns(std::uint32_t count) {
        unsigned width = 0;
        while (count >> width != 0) ++width;
        const std::uint32_t short_ones = (1u << width) - count, value = bits(width - 1);
        return value < short_ones ? value : (value << 1) - short_ones + bit();
    }
    std::size_t position() const { return at_; }  ///< bits read
    bool failed() const { return failed_; }

private:
    Bytes bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

/// Writes one. What has no room is dropped and sets failed().
class BitWriter {
public:
    explicit BitWriter(MutableBytes bytes) : bytes_(bytes) {}

    void bits(std::uint32_t value, unsigned count) {
        while (count > 0) bit(value >> --count & 1);
    }
    void bit(std::uint32_t value) {
        if (at_ >= bytes_.size() * 8) {
            failed_ = true;
            return;
        }
        const auto mask = static_cast<std::uint8_t>(0x80 >> at_ % 8);
        std::uint8_t& byte = bytes_[at_ / 8];
        if (at_ % 8 == 0) byte = 0;
        if (value) byte = static_cast<std::uint8_t>(byte | mask);
        ++at_;
    }
    std::size_t size() const { return (at_ + 7) / 8; }  ///< bytes begun
    bool failed() const { return failed_; }

private:
    MutableBytes bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

}  // namespace confidente::media
