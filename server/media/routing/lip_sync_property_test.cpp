// Sound and picture of one publisher over networks with delays of their own, to a viewer who changes layers, and who
// keeps watching when the publisher comes back: by the reports that the viewer gets, what was captured together stays
// together.
#include <algorithm>
#include <cmath>

#include "media/routing/testing.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {

constexpr Instant kStart{10'000'000'000};
constexpr double kMaxErrorMs = 3;

/// A stream of a publisher whose clocks begin anywhere.
struct Source {
    Encoder encoder;
    std::uint8_t track = kVideo;
    std::uint32_t clock_rate = 90'000, base = 0;
    Duration next = 0ms, next_report = 0ms;
    Instant last_arrival;

    RtpTimestamp at(Duration captured) const {
        return {base + static_cast<std::uint32_t>(captured.count() / 1000 * clock_rate / 1'000'000)};
    }
};

class Publisher {
public:
    Publisher(Random& random, Instant start) : start_(start), wall_(random.u64()) {
        std::uint32_t ssrc = 100;
        for (const char* rid : {"l", "m", "h", ""}) {
            Source source;
            source.encoder = {{ssrc++}, rid};
            const bool audio = rid[0] == 0;
            source.encoder.sequence = {random.u16()};
            source.base = random.u32();
            if (audio) {
                source.track = kAudio;
                source.clock_rate = 48'000;
                source.encoder.payload_type = 111;
                source.encoder.mid = "1";
            }
            source.next_report = std::chrono::milliseconds{random.below(audio ? 2'500 : 500)};
            sources_.push_back(source);
        }
    }

    Publication make() const { return {{video_media({"l", "m", "h"}), audio_media()}, {1}, "server", start_}; }

    /// Everything that is sent until `now`; `take(track, packet, captured)` for what the publication gives out.
    template <class Take>
    void run_until(Instant now, Publication& publication, Random& random, Take&& take) {
        for (Source& source : sources_) {
            const bool audio = source.track == kAudio;
            // Delays differ from stream to stream and from packet to packet, but not the order.
            while (start_ + source.next + 120ms <= now) {
                const Duration captured = source.next;
                source.next += audio ? 20ms : 33ms;
                source.encoder.timestamp = source.at(captured);
                const bool keyframe = audio || captured == 0ms || random.below(20) == 0;
                const Instant arrival = std::max(
                    source.last_arrival + 1ms, start_ + captured + 10ms + std::chrono::milliseconds{random.below(100)});
                source.last_arrival = arrival;
                const auto given =
                    give(publication, source.encoder.next(keyframe ? kKeyframeStart : kSlice).bytes(), arrival);
                if (given) take(*given, captured, arrival);
            }
            while (start_ + source.next_report + 120ms <= now) {
                SenderReport report;
                report.sender = source.encoder.ssrc;
                const auto ns = static_cast<std::uint64_t>(source.next_report.count());
                report.ntp = {wall_ + ((ns / 1'000'000'000) << 32) + ((ns % 1'000'000'000) << 32) / 1'000'000'000};
                report.rtp = source.at(source.next_report);
                publication.receive_report(
                    report, start_ + source.next_report + 10ms + std::chrono::milliseconds{random.below(100)});
                source.next_report += audio ? 5s : 1s;
            }
        }
    }

private:
    Instant start_;
    std::uint64_t wall_;
    std::vector<Source> sources_;
};

/// What a viewer knows of one of its streams: the last report, and how the newest packet relates to it.
struct Heard {
    bool reported = false, fresh = false;  ///< fresh: a report came since the stream's last break
    NtpTime ntp;
    RtpTimestamp rtp;
    std::optional<double> error_ms;  ///< wall time by the report, less capture time; anything, but the same for all

    void packet(RtpTimestamp timestamp, double clock_rate, Duration captured) {
        if (!reported) return;
        const double wall = static_cast<double>(ntp.value - ntp_of(kStart).value) / 4294967.296;
        error_ms = wall + timestamp.since(rtp) * 1000.0 / clock_rate - static_cast<double>(captured.count()) / 1e6;
    }
};

}  // namespace

TEST("lips stay in sync through every change of layer, and again when the publisher has come back") {
    std::uint64_t switches = 0, compared = 0;
    double jump_ms = 0;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        CAPTURE(seed);
        SeededRandom random{seed};
        Subscription viewers[] = {{for_viewer(video_media({}), 7000), kVideo, random, kStart},
                                  {for_viewer(audio_media(), 8000), kAudio, random, kStart}};
        Heard heard[2];
        std::optional<NtpTime> last_wall[2];
        Instant now = kStart;
        for (int visit = 0; visit < 2; ++visit) {
            Publisher publisher{random, now};
            Publication publication = publisher.make();
            for (auto& viewer : viewers) viewer.source_restarted(viewer.track());
            for (Heard& one : heard) one.fresh = false, one.error_ms.reset();
            const Instant begun = now, end = now + 20s;
            for (; now < end; now = now + 10ms) {
                if (random.below(150) == 0)
                    viewers[kVideo].set_highest_step(static_cast<std::uint8_t>(random.below(3)));
                feedback_of(publication, now);
                publisher.run_until(
                    now, publication, random, [&](const LayerPacket& packet, Duration captured, Instant arrival) {
                        auto& viewer = viewers[packet.track];
                        const auto out = viewer.forward(packet, publication, arrival);
                        if (!out) return;
                        Heard& one = heard[packet.track];
                        // Until every layer has reported, a switch goes by arrival alone.
                        if (arrival < begun + 800ms) one.fresh = false, one.error_ms.reset();
                        if (one.fresh)
                            one.packet(out->header.timestamp, packet.track == kVideo ? 90'000 : 48'000, captured);
                    });
                for (std::size_t i = 0; i < 2; ++i) {
                    if (viewers[i].deadline() > now) continue;
                    viewers[i].tick(publication, now);
                    std::array<std::uint8_t, kMaxRtcpBytes> buffer;
                    RtcpWriter writer{buffer};
                    if (!viewers[i].write_report(publication, now, writer)) continue;
                    RtcpReader reader{writer.bytes()};
                    const auto report = std::get<SenderReport>(*reader.next());
                    heard[i] = {true, true, report.ntp, report.rtp, {}};
                    // The viewer's wall clock goes on when another publisher comes, whatever that one's says.
                    if (last_wall[i])
                        jump_ms = std::max(jump_ms, std::abs(static_cast<double>(static_cast<std::int64_t>(
                                                        report.ntp.value - ntp_of(now).value))) /
                                                        4294967.296);
                    last_wall[i] = report.ntp;
                }
                if (!heard[0].error_ms || !heard[1].error_ms) continue;
                ++compared;
                CHECK(std::abs(*heard[0].error_ms - *heard[1].error_ms) < kMaxErrorMs);
            }
        }
        switches += viewers[kVideo].counters().switches;
    }
    CHECK(switches > 200);
    CHECK(compared > 20'000);
    CHECK(jump_ms < 150);  // the delay of the first report, which is in all that the publisher says
}
