// What arrives when, told in feedback packets, and read as the sender reads them: beside a list kept by hand.
#include <array>
#include <map>

#include "media/protocol/rtcp/transport_feedback.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

FUZZ(input) {
    FuzzInput steps{input};
    TransportArrivals arrivals;
    std::map<std::uint16_t, Instant> told_to;  // not reported yet
    SeqNo sequence{steps.u16()};
    Instant now{std::int64_t{steps.u32()} * 1'000'000};
    while (!steps.empty()) {
        const std::uint8_t step = steps.u8();
        // Mostly the next packet a little later, as in life; sometimes a leap.
        if (step < 0xC0) sequence = sequence + (step & 7);
        if (step >= 0xC0 && step < 0xD0) sequence = SeqNo{steps.u16()};
        if (step >= 0xD0 && step < 0xE0) now = now + Duration{std::int64_t{steps.u32()} * 1000};
        now = now + Duration{(step >> 3) * 100'000};
        if (step < 0xE0) {
            arrivals.received(sequence, now);
            told_to.try_emplace(sequence.value, now);
            continue;
        }
        std::array<std::uint8_t, kMaxRtcpBytes> out{};
        RtcpWriter writer{MutableBytes{out}.first(step & 1 ? out.size() : 64)};
        const bool all = arrivals.write({1}, {2}, writer);
        check(all == arrivals.empty());
        RtcpReader reader{writer.bytes()};
        while (const auto packet = reader.next()) {
            const auto* feedback = std::get_if<TransportFeedback>(&*packet);
            check(feedback != nullptr);
            std::array<TransportArrival, kMaxFeedbackPackets> read;
            const auto count = decode_transport_feedback(*feedback, read);
            check(count && *count > 0);
            for (std::size_t i = 0; i < *count; ++i)
                if (read[i].received) check(told_to.contains(read[i].sequence.value));
        }
        check(!reader.malformed());
    }
}
