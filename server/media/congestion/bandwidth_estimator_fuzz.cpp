// A receiver that reports what it likes of packets that were sent or not: the estimate stays in its bounds, probes stay
// few, and time asked for lies ahead.
#include "media/congestion/bandwidth_estimator.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

FUZZ(input) {
    FuzzInput steps{input};
    const auto probing =
        steps.u8() & 1 ? BandwidthEstimator::Probing::impossible : BandwidthEstimator::Probing::allowed;
    Instant now{std::int64_t{steps.u32()} * 1'000'000};
    BandwidthEstimator estimator(probing, now);
    SeqNo number{steps.u16()};
    while (!steps.empty()) {
        const std::uint8_t step = steps.u8();
        now = now + Duration{(step & 0x0F) * 1'000'000};
        switch (step >> 4) {
            case 0:
                now = now + Duration{std::int64_t{steps.u16()} * 1'000'000};
                break;
            case 1:
                number = SeqNo{steps.u16()};
                break;
            case 2:
                estimator.want(std::uint64_t{steps.u32()} * steps.u8());
                break;
            case 3:
            case 4:
            case 5: {
                TransportFeedback feedback;
                // Mostly about packets just sent.
                feedback.base = step >> 4 == 3 ? SeqNo{steps.u16()} : number + -std::int64_t{steps.u8()};
                feedback.count = step >> 4 == 3 ? steps.u16() : steps.u8();
                feedback.reference_time = static_cast<std::int32_t>(steps.u32() << 8) >> 8;
                feedback.chunks = steps.chunk();
                estimator.receive(feedback, now);
                break;
            }
            default:
                for (int i = 0; i < (step >> 4); ++i) {
                    number = number + 1;
                    estimator.sent(number, std::size_t{steps.u8()} * 8, now);
                }
        }
        if (estimator.deadline() <= now) estimator.tick(now);
        int probes = 0;
        while (const std::size_t due = estimator.probe_due(now)) {
            check(due <= 1200);
            number = number + 1;
            estimator.sent(number, due, now);
            check(++probes <= kMaxProbePackets);
        }
        check(probing == BandwidthEstimator::Probing::allowed || probes == 0);
        check(estimator.bps() >= kMinEstimateBps && estimator.bps() <= kMaxEstimateBps);
        check(estimator.round_trip() > 0s && estimator.round_trip() <= 2s);
        check(estimator.loss_share() >= 0 && estimator.loss_share() <= 1);
        // After a tick nothing is due in the same moment, but for a probe that could not be sent.
        if (estimator.deadline() <= now) estimator.tick(now);
        check(estimator.deadline() > now);
    }
}
