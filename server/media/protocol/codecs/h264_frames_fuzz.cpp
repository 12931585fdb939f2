// H.264 payloads put together to access units, as strangers send them and as our own packetizer makes them.
#include "media/protocol/codecs/h264.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

std::vector<Buffer> units_of(Bytes annexb) {
    std::vector<Buffer> units;
    for (const Bytes nal : split_annexb(annexb)) units.emplace_back(nal.begin(), nal.end());
    return units;
}

/// Packets of an access unit that is well formed are put together to the same units.
void check_round_trip(FuzzInput input) {
    const std::size_t limit = 64 + input.u16() % 1200U;
    Buffer annexb;
    bool plain = true;
    std::size_t count = 0;
    while (!input.empty() && count < 16) {
        const Bytes nal = input.take(1 + input.u16() % 3000U);
        if (nal.empty()) break;
        const int type = nal[0] & 0x1F;
        // What could not stand alone in a stream, or is packet framing itself, is another test's.
        plain = plain && type >= 1 && type <= 23 && nal.back() != 0;
        for (std::size_t i = 2; i < nal.size(); ++i)
            plain = plain && !(nal[i - 2] == 0 && nal[i - 1] == 0 && nal[i] <= 3);
        annexb.insert(annexb.end(), {0, 0, 0, 1});
        annexb.insert(annexb.end(), nal.begin(), nal.end());
        ++count;
    }
    const auto payloads = packetize_h264(annexb, limit);
    H264Depacketizer depacketizer;
    // One packet before, so that the unit is known to begin where it does.
    const std::array<std::uint8_t, 2> before = {0x67, 1};
    depacketizer.push(0, {1}, true, before);
    std::optional<H264AccessUnit> unit;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        check(payloads[i].size() <= limit);
        unit = depacketizer.push(static_cast<std::int64_t>(i) + 1, {2}, i + 1 == payloads.size(), payloads[i]);
    }
    if (!plain || payloads.empty()) return;
    check(unit && units_of(unit->annexb) == units_of(annexb));
}

}  // namespace

FUZZ(input) {
    FuzzInput packets{input};
    H264Depacketizer depacketizer;
    std::int64_t index = 0;
    std::uint32_t timestamp = 0;
    while (!packets.empty()) {
        const std::uint8_t head = packets.u8();
        index += head & 3;
        timestamp += head >> 2 & 1;
        if (head & 0x10) depacketizer.reset();
        const Bytes payload = head & 0x20 ? packets.chunk() : packets.take(packets.u8());
        const auto unit = depacketizer.push(index, {timestamp}, head & 8, payload);
        if (!unit) continue;
        check(!unit->annexb.empty() && unit->annexb.size() <= kMaxAccessUnitBytes);
        check(split_annexb(unit->annexb).size() <= kMaxNalsPerAccessUnit);
    }
    check_round_trip(FuzzInput{input});
}
