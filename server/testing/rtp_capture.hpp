// Recorded RTP for tests: reads the files of tests/corpus/rtp (their README.md tells the format).
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/base/time.hpp"

namespace confidente::testing {

struct CapturedPacket {
    Duration at{};  ///< since the first
    Buffer bytes;
};

inline Buffer read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// Every packet of a capture; empty when the file is missing or broken.
inline std::vector<CapturedPacket> read_rtp_capture(const std::string& path) {
    const Buffer file = read_file(path);
    std::vector<CapturedPacket> packets;
    for (std::size_t at = 0; at + 8 <= file.size();) {
        const std::size_t size = load_be16(file.data() + at + 4), kept = load_be16(file.data() + at + 6);
        if (kept > size || file.size() - at - 8 < kept) return {};
        const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at + 8);
        CapturedPacket packet{std::chrono::microseconds{load_be32(file.data() + at)},
                              Buffer(begin, begin + static_cast<std::ptrdiff_t>(kept))};
        packet.bytes.resize(size);
        if (kept < size) packet.bytes.back() = static_cast<std::uint8_t>(size - kept);
        packets.push_back(std::move(packet));
        at += 8 + kept;
    }
    return packets;
}

}  // namespace confidente::testing
