#include <array>

#include "media/protocol/rtcp/transport_feedback.hpp"
#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
std::vector<RtcpPacket> read(Bytes compound) {
    RtcpReader reader{compound};
    std::vector<RtcpPacket> packets;
    while (auto packet = reader.next()) packets.push_back(*packet);
    CHECK_FALSE(reader.malformed());
    return packets;
}
std::vector<std::uint16_t> numbers(const Nack& nack) {
    std::vector<std::uint16_t> lost;
    nack.for_each([&](SeqNo seq) { lost.push_back(seq.value); });
    return lost;
}
}  // namespace

TEST("a compound of everything is read back as it was written") {
    std::array<std::uint8_t, kMaxRtcpBytes> buffer;
    RtcpWriter writer{buffer};
    const ReportBlock block{{7}, 25, -3, 0x10005, 90, 0xAABBCCDD, 65536};
    const Ssrc gone[] = {{1}, {2}};
    const SeqNo lost[] = {{65534}, {65535}, {3}, {14}, {40}};
    CHECK(writer.sender_report({1}, {0x0123456789ABCDEF}, {90'000}, 10, 1000, std::span{&block, 1}));
    CHECK(writer.cname({1}, "somebody"));
    CHECK(writer.receiver_report({2}, std::span{&block, 1}));
    CHECK(writer.nack({1}, {2}, lost));
    CHECK(writer.picture_loss({1}, {2}));
    CHECK(writer.full_intra_request({1}, {2}, 9));
    CHECK(writer.receiver_estimate({1}, 2'500'000, gone));
    CHECK(writer.goodbye(gone));
    const auto packets = read(writer.bytes());
    REQUIRE(packets.size() == 8);
    const auto& sr = std::get<SenderReport>(packets[0]);
    CHECK(sr.ntp.middle() == 0x456789AB);
    CHECK(sr.rtp.value == 90'000);
    CHECK(sr.octets == 1000);
    REQUIRE(sr.blocks.size() == 1);
    CHECK(sr.blocks[0].cumulative_lost == -3);
    CHECK(sr.blocks[0].extended_highest == 0x10005);
    CHECK(sr.blocks[0].delay_since_sr == 65536);
    CHECK(std::get<SourceDescription>(packets[1]).cname == "somebody");
    CHECK(std::get<ReceiverReport>(packets[2]).blocks[0].fraction_lost == 25);
    CHECK(numbers(std::get<Nack>(packets[3])) == std::vector<std::uint16_t>{65534, 65535, 3, 14, 40});
    CHECK(std::get<Nack>(packets[3]).items.size() == 8);  // 65534..14 share one
    CHECK(std::get<PictureLoss>(packets[4]).media.value == 2);
    CHECK(std::get<FullIntraRequest>(packets[5]).sequence(0) == 9);
    CHECK(std::get<ReceiverEstimate>(packets[6]).bitrate_bps == 2'500'000 / 16 * 16);
    CHECK(std::get<Goodbye>(packets[7])[1].value == 2);
}

TEST("what does not fit leaves nothing behind") {
    std::array<std::uint8_t, 20> buffer;
    RtcpWriter writer{buffer};
    CHECK(writer.picture_loss({1}, {2}));
    CHECK_FALSE(writer.picture_loss({1}, {2}));
    CHECK_FALSE(writer.cname({1}, "x"));
    CHECK(read(writer.bytes()).size() == 1);
}

TEST("SDES is padded to whole words for every length of name") {
    for (std::size_t size = 0; size <= 255; ++size) {
        std::array<std::uint8_t, 400> buffer;
        RtcpWriter writer{buffer};
        REQUIRE(writer.cname({5}, std::string(size, 'n')));
        const auto packets = read(writer.bytes());
        REQUIRE(packets.size() == 1);
        CHECK(std::get<SourceDescription>(packets[0]).cname.size() == size);
    }
}

TEST("arrivals are told and read back, with losses, reordering and pauses") {
    TransportArrivals arrivals;
    SeededRandom random{15};
    std::vector<Instant> at(3000, Instant{-1});
    Instant now{5'000'000'000};
    std::vector<std::pair<bool, std::int64_t>> told(3000);
    std::int64_t offset = 0;
    bool first = true;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < 3000; ++i) {
        now = now + Duration{static_cast<std::int64_t>(random.below(3'000'000))};
        if (i == 1500) now = now + 20s;  // more than one feedback's deltas can span
        if (random.below(10) != 0) {
            at[i] = now;
            arrivals.received(SeqNo{65000} + static_cast<std::int64_t>(i), now);
            ++seen;
        }
        if (i % 97 != 96 && i != 2999) continue;
        std::array<std::uint8_t, kMaxRtcpBytes> buffer;
        RtcpWriter writer{buffer};
        REQUIRE(arrivals.write({1}, {2}, writer));
        CHECK(arrivals.empty());
        for (const auto& packet : read(writer.bytes())) {
            std::array<TransportArrival, 512> out;
            const auto count = decode_transport_feedback(std::get<TransportFeedback>(packet), out);
            REQUIRE(count);
            for (std::size_t k = 0; k < *count; ++k) {
                const auto place = static_cast<std::size_t>(out[k].sequence.since({65000}));
                REQUIRE(place < 3000);
                if (!out[k].received) continue;
                CHECK(at[place].ns >= 0);
                told[place] = {true, out[k].at_us};
                if (first) offset = at[place].ns / 1000 - out[k].at_us, first = false;
                const std::int64_t error = at[place].ns / 1000 - out[k].at_us - offset;
                CHECK(std::abs(error) <= 250);
            }
        }
    }
    std::size_t count = 0;
    for (const auto& [received, time] : told) count += received ? 1 : 0;
    CHECK(count == seen);
}

TEST("a jump of the transport-wide numbers starts over instead of telling thousands of losses") {
    TransportArrivals arrivals;
    arrivals.received({10}, {1'000'000'000});
    arrivals.received({20'000}, {1'001'000'000});
    std::array<std::uint8_t, kMaxRtcpBytes> buffer;
    RtcpWriter writer{buffer};
    REQUIRE(arrivals.write({1}, {2}, writer));
    CHECK(writer.bytes().size() < 100);
    CHECK(std::get<TransportFeedback>(read(writer.bytes()).back()).base.value == 20'000);
}

TEST("run length and one-bit chunks are understood too") {
    // base 5, count 24: a run of 10 received with small deltas, then 14 one-bit symbols 1010…
    Buffer packet = {0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 24, 0, 0, 1, 0, 0x20, 10, 0xAA, 0xAA};
    for (int i = 0; i < 17; ++i) packet.push_back(4);
    while (packet.size() % 4) packet.push_back(0);
    store_be16(packet.data() + 2, static_cast<std::uint16_t>(packet.size() / 4 - 1));
    const auto packets = read(packet);
    std::array<TransportArrival, 24> out;
    REQUIRE(decode_transport_feedback(std::get<TransportFeedback>(packets.at(0)), out) == 24u);
    CHECK(out[9].received);
    CHECK(out[9].at_us == 64'000 + 10'000);
    CHECK(out[10].received);
    CHECK_FALSE(out[11].received);
    std::array<TransportArrival, 23> narrow;
    CHECK_FALSE(decode_transport_feedback(std::get<TransportFeedback>(packets.at(0)), narrow));
}

TEST("noise ends the walk and nothing else") {
    SeededRandom random{4585};
    std::size_t read_packets = 0;
    std::array<TransportArrival, 4096> out;
    for (int i = 0; i < 200'000; ++i) {
        Buffer noise(random.below(120));
        random.fill(std::as_writable_bytes(std::span{noise}));
        if (noise.size() >= 4) {
            noise[0] = static_cast<std::uint8_t>(0x80 | (noise[0] & 0x3F));
            noise[1] = static_cast<std::uint8_t>(199 + noise[1] % 10);
            store_be16(noise.data() + 2, static_cast<std::uint16_t>(noise.size() / 4 - 1));
        }
        RtcpReader reader{noise};
        std::uint64_t sum = 0;
        while (auto packet = reader.next()) {
            ++read_packets;
            if (const auto* sr = std::get_if<SenderReport>(&*packet))
                for (std::size_t k = 0; k < sr->blocks.size(); ++k) sum += sr->blocks[k].jitter;
            if (const auto* nack = std::get_if<Nack>(&*packet)) sum += numbers(*nack).size();
            if (const auto* fir = std::get_if<FullIntraRequest>(&*packet))
                for (std::size_t k = 0; k < fir->size(); ++k) sum += fir->sequence(k);
            if (const auto* feedback = std::get_if<TransportFeedback>(&*packet))
                sum += decode_transport_feedback(*feedback, out).value_or(0);
            if (const auto* bye = std::get_if<Goodbye>(&*packet))
                for (std::size_t k = 0; k < bye->size(); ++k) sum += (*bye)[k].value;
        }
        CHECK(sum < UINT64_MAX);
    }
    CHECK(read_packets > 10'000);
}
