// RTCP compounds, read; everything understood in them is written again and read back the same.
#include <algorithm>
#include <array>
#include <vector>

#include "media/protocol/rtcp/rtcp.hpp"
#include "media/protocol/rtcp/transport_feedback.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

bool same(const ReportBlocks& a, const ReportBlocks& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i].ssrc != b[i].ssrc || a[i].fraction_lost != b[i].fraction_lost ||
            a[i].cumulative_lost != b[i].cumulative_lost || a[i].extended_highest != b[i].extended_highest ||
            a[i].jitter != b[i].jitter || a[i].last_sr != b[i].last_sr || a[i].delay_since_sr != b[i].delay_since_sr)
            return false;
    return true;
}
std::vector<ReportBlock> listed(const ReportBlocks& blocks) {
    std::vector<ReportBlock> list;
    for (std::size_t i = 0; i < blocks.size(); ++i) list.push_back(blocks[i]);
    return list;
}
std::vector<std::uint16_t> asked_for(const Nack& nack) {
    std::vector<std::uint16_t> numbers;
    nack.for_each([&](SeqNo lost) { numbers.push_back(lost.value); });
    return numbers;
}

/// Writes a packet once more and gives it to `see` as it is read then.
template <class P, class Write, class See>
void again(Write write, See see) {
    std::array<std::uint8_t, kMaxRtcpBytes> out{};
    RtcpWriter writer{out};
    if (!write(writer)) return;
    check(writer.bytes().size() % 4 == 0);
    RtcpReader reader{writer.bytes()};
    const auto read = reader.next();
    check(read && std::holds_alternative<P>(*read));
    see(std::get<P>(*read));
    check(!reader.next() && !reader.malformed());
}

struct Rewrite {
    void operator()(const OtherRtcp&) const {}
    void operator()(const SenderReport& in) const {
        const auto blocks = listed(in.blocks);
        again<SenderReport>(
            [&](RtcpWriter& to) { return to.sender_report(in.sender, in.ntp, in.rtp, in.packets, in.octets, blocks); },
            [&](const SenderReport& out) {
                check(out.sender == in.sender && out.ntp == in.ntp && out.rtp == in.rtp);
                check(out.packets == in.packets && out.octets == in.octets && same(out.blocks, in.blocks));
            });
    }
    void operator()(const ReceiverReport& in) const {
        const auto blocks = listed(in.blocks);
        again<ReceiverReport>(
            [&](RtcpWriter& to) { return to.receiver_report(in.sender, blocks); },
            [&](const ReceiverReport& out) { check(out.sender == in.sender && same(out.blocks, in.blocks)); });
    }
    void operator()(const SourceDescription& in) const {
        again<SourceDescription>(
            [&](RtcpWriter& to) { return to.cname(in.ssrc, in.cname); },
            [&](const SourceDescription& out) { check(out.ssrc == in.ssrc && out.cname == in.cname); });
    }
    void operator()(const Goodbye& in) const {
        std::vector<Ssrc> sources;
        for (std::size_t i = 0; i < in.size(); ++i) sources.push_back(in[i]);
        again<Goodbye>([&](RtcpWriter& to) { return to.goodbye(sources); },
                       [&](const Goodbye& out) { check(as_text(out.sources) == as_text(in.sources)); });
    }
    void operator()(const Nack& in) const {
        auto numbers = asked_for(in);
        // The writer wants them in order; a window as wide as half the numbers has one.
        if (numbers.empty()) return;
        const SeqNo first{numbers.front()};
        std::erase_if(numbers, [&](std::uint16_t number) { return SeqNo{number}.since(first) < 0; });
        std::ranges::sort(numbers, {}, [&](std::uint16_t number) { return SeqNo{number}.since(first); });
        const auto end = std::ranges::unique(numbers).begin();
        numbers.erase(end, numbers.end());
        std::vector<SeqNo> lost;
        for (const auto number : numbers) lost.push_back({number});
        again<Nack>([&](RtcpWriter& to) { return to.nack(in.sender, in.media, lost); },
                    [&](const Nack& out) {
                        check(out.sender == in.sender && out.media == in.media && asked_for(out) == numbers);
                    });
    }
    void operator()(const PictureLoss& in) const {
        again<PictureLoss>([&](RtcpWriter& to) { return to.picture_loss(in.sender, in.media); },
                           [&](const PictureLoss& out) { check(out.sender == in.sender && out.media == in.media); });
    }
    void operator()(const FullIntraRequest& in) const {
        for (std::size_t i = 0; i < in.size(); ++i)
            again<FullIntraRequest>(
                [&](RtcpWriter& to) { return to.full_intra_request(in.sender, in.media(i), in.sequence(i)); },
                [&](const FullIntraRequest& out) {
                    check(out.sender == in.sender && out.size() == 1 && out.media(0) == in.media(i));
                    check(out.sequence(0) == in.sequence(i));
                });
    }
    void operator()(const TransportFeedback& in) const {
        std::array<TransportArrival, 600> arrivals;
        const auto count = decode_transport_feedback(in, arrivals);
        check(!count || *count == in.count);
    }
    void operator()(const ReceiverEstimate& in) const {
        again<ReceiverEstimate>([&](RtcpWriter& to) { return to.receiver_estimate(in.sender, in.bitrate_bps, {}); },
                                [&](const ReceiverEstimate& out) {
                                    // 18 bits of mantissa: exact for what came in with as many.
                                    check(out.sender == in.sender && out.bitrate_bps == in.bitrate_bps);
                                });
    }
};

/// A packet of somebody else's making goes into a compound as it is, or not at all.
void check_raw(Bytes packet) {
    std::array<std::uint8_t, 256> out{};
    RtcpWriter writer{out};
    const bool fits = packet.size() % 4 == 0 && packet.size() <= out.size();
    check(writer.raw(packet) == fits);
    check(as_text(writer.bytes()) == (fits ? as_text(packet) : std::string_view{}));
}

}  // namespace

FUZZ(input) {
    check_raw(input);
    RtcpReader reader{input};
    std::size_t count = 0;
    while (const auto packet = reader.next()) {
        std::visit(Rewrite{}, *packet);
        ++count;
    }
    check(count <= kMaxRtcpPacketsPerCompound);
    check(!reader.next());
}
