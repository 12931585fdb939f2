// A path with a bottleneck, and flows over it that send what their estimator allows: for the tests of this room. Time
// is moved by hand in steps of a millisecond, chance comes from a seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "media/congestion/bandwidth_estimator.hpp"
#include "platform/base/random.hpp"

namespace confidente::media::testing {

struct PathConfig {
    std::uint64_t rate_bps = 2'000'000;
    Duration delay = 20ms;   ///< each way
    Duration jitter = 0ms;   ///< uniform, after the bottleneck
    bool reorders = false;   ///< whether jitter may change the order
    double loss = 0;         ///< share of packets, by chance
    Duration queue = 300ms;  ///< what the bottleneck holds; more is dropped
    std::size_t bucket = 0;  ///< bytes; not 0: a policer that lets so much pass at once, and holds nothing back
};

class Path {
public:
    Path(PathConfig config, std::uint64_t seed) : config_(config), random_(seed) {}
    PathConfig& config() { return config_; }
    /// When the packet arrives; nothing when it is lost.
    std::optional<Instant> pass(std::size_t bytes, Instant now) {
        const double chance = static_cast<double>(random_.below(1'000'000)) / 1e6;
        if (chance < config_.loss) return {};
        if (config_.bucket > 0) return police(bytes, now);
        const Instant begins = std::max(now, free_);
        if (begins - now > config_.queue || config_.rate_bps == 0) return {};
        const auto takes =
            static_cast<std::int64_t>(bytes) * 8'000'000'000 / static_cast<std::int64_t>(config_.rate_bps);
        free_ = begins + Duration{takes};
        Instant at = free_ + config_.delay;
        if (config_.jitter.count() > 0)
            at = at +
                 Duration{static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(config_.jitter.count())))};
        if (!config_.reorders) at = std::max(at, last_);
        last_ = at;
        return at;
    }
    Duration waiting(Instant now) const { return std::max(Duration{0}, free_ - now); }

private:
    std::optional<Instant> police(std::size_t bytes, Instant now) {
        const double earned =
            static_cast<double>((now - refilled_).count()) * static_cast<double>(config_.rate_bps) / 8e9;
        tokens_ = std::min(static_cast<double>(config_.bucket), tokens_ + earned);
        refilled_ = now;
        if (tokens_ < static_cast<double>(bytes)) return {};
        tokens_ -= static_cast<double>(bytes);
        return now + config_.delay;
    }
    PathConfig config_;
    SeededRandom random_;
    Instant free_, last_, refilled_;
    double tokens_ = 0;
};

/// One sender and its receiver. Audio goes always; video as much as `video_bps` says, in frames.
class Flow {
public:
    Flow(Path& path, Instant now, BandwidthEstimator::Probing probing = BandwidthEstimator::Probing::allowed)
        : estimator(probing, now), path_(path), next_feedback_(now) {}

    BandwidthEstimator estimator;
    /// Bits a second for the video now; by default all that the estimate leaves beside the audio.
    std::function<std::uint64_t(const Flow&, Instant)> video_bps = [](const Flow& flow, Instant) {
        return flow.estimator.bps() - std::min<std::uint64_t>(flow.estimator.bps(), kAudioBps);
    };
    static constexpr std::uint64_t kAudioBps = (120 + 28) * 8 * 50;

    std::uint64_t audio_sent = 0, audio_arrived = 0;
    Duration worst_audio_delay{0};
    std::uint64_t bytes_sent = 0, probe_bytes = 0;

    void step(Instant now) {
        deliver(now);
        if (estimator.deadline() <= now) estimator.tick(now);
        while (const std::size_t probe = estimator.probe_due(now)) {
            send(probe, now, false);
            probe_bytes += probe;
        }
        if (now >= next_audio_) {
            next_audio_ = now + 20ms;
            ++audio_sent;
            send(120, now, true);
        }
        if (now >= next_frame_) {
            next_frame_ = now + 33ms;
            credit_ += static_cast<std::int64_t>(video_bps(*this, now) * 33 / 8000);
        }
        // As a browser's pacer does, a frame leaves within some milliseconds.
        for (int i = 0; i < 3 && credit_ > 0; ++i) {
            const std::size_t size = static_cast<std::size_t>(std::min<std::int64_t>(credit_, 1200));
            credit_ -= static_cast<std::int64_t>(size + kWireOverhead);
            send(size, now, false);
        }
    }

private:
    struct Packet {
        SeqNo number;
        bool audio = false;
        Instant sent;
    };
    void send(std::size_t bytes, Instant now, bool audio) {
        estimator.sent(number_, bytes, now);
        bytes_sent += bytes + kWireOverhead;
        if (const auto at = path_.pass(bytes + kWireOverhead, now)) flying_.insert({*at, {number_, audio, now}});
        number_ = number_ + 1;
    }
    void deliver(Instant now) {
        while (!flying_.empty() && flying_.begin()->first <= now) {
            const auto [at, packet] = *flying_.begin();
            flying_.erase(flying_.begin());
            // The receiver's clock is its own.
            arrivals_.received(packet.number, at + Duration{7'777'777'777});
            if (!packet.audio) continue;
            ++audio_arrived;
            worst_audio_delay = std::max(worst_audio_delay, at - packet.sent);
        }
        if (now >= next_feedback_ && !arrivals_.empty()) {
            next_feedback_ = now + kTransportFeedbackInterval;
            std::vector<std::uint8_t> buffer(kMaxRtcpBytes);
            RtcpWriter writer{buffer};
            arrivals_.write({1}, {2}, writer);
            buffer.resize(writer.bytes().size());
            const double chance = static_cast<double>(random_.below(1'000'000)) / 1e6;
            if (chance >= path_.config().loss && path_.config().rate_bps > 0)
                told_.insert({now + path_.config().delay, std::move(buffer)});
        }
        while (!told_.empty() && told_.begin()->first <= now) {
            RtcpReader reader{told_.begin()->second};
            while (const auto packet = reader.next())
                if (const auto* feedback = std::get_if<TransportFeedback>(&*packet)) estimator.receive(*feedback, now);
            told_.erase(told_.begin());
        }
    }

    Path& path_;
    SeededRandom random_{4711};
    SeqNo number_{65'000};
    std::multimap<Instant, Packet> flying_;
    std::multimap<Instant, std::vector<std::uint8_t>> told_;
    TransportArrivals arrivals_;
    Instant next_feedback_, next_audio_, next_frame_;
    std::int64_t credit_ = 0;
};

/// Time, and everything that moves in it.
struct World {
    Instant now{5'000'000'000};
    std::vector<Flow*> flows;
    /// Runs; `each` is asked every 100 ms.
    void run(
        Duration length, const std::function<void()>& each = [] {}) {
        const Instant end = now + length;
        for (int ms = 0; now < end; ++ms, now = now + 1ms) {
            for (Flow* flow : flows) flow->step(now);
            if (ms % 100 == 0) each();
        }
    }
    /// Until it is so, at most so long; how long it took.
    Duration until(const std::function<bool()>& so, Duration at_most) {
        const Instant began = now;
        while (!so() && now - began < at_most) {
            for (Flow* flow : flows) flow->step(now);
            now = now + 1ms;
        }
        return now - began;
    }
};

}  // namespace confidente::media::testing
