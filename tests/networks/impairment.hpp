// What a bad network does to the datagrams of one direction: loses, delays, reorders and doubles some, and lets no more
// through than its rate. Pure: time comes in, moments come out; the same seed and the same datagrams give the same
// fate.
//
// Units are in the names. Invariant: at most kMaxHeld datagrams wait in one direction; what comes then is dropped as by
// a full queue.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace networks {

inline constexpr std::size_t kMaxHeld = 16'384;
using Nanoseconds = std::int64_t;
inline constexpr Nanoseconds kMillisecond = 1'000'000, kSecond = 1'000'000'000;

/// All zero is a perfect network.
struct Profile {
    double loss_percent = 0;
    double burst_packets = 1;    ///< mean length of a run of losses (Gilbert's model); 1 = each for itself
    double delay_ms = 0;         ///< of every datagram
    double jitter_ms = 0;        ///< 0 to this more, evenly; the order is kept
    double reorder_percent = 0;  ///< held back by reorder_ms while later ones pass
    double reorder_ms = 30;
    double duplicate_percent = 0;
    double rate_kbps = 0;   ///< 0 = no limit
    double queue_ms = 300;  ///< what waits at that rate; beyond it datagrams are dropped
};

struct Counters {
    std::uint64_t taken = 0, given = 0, lost = 0, overflowed = 0, blacked_out = 0, reordered = 0, duplicated = 0;
    std::uint64_t bytes_taken = 0, bytes_given = 0;
    Nanoseconds longest_queue = 0;
};

/// xoshiro256**: small, fast, the same everywhere.
class Dice {
public:
    explicit Dice(std::uint64_t seed) {
        for (auto& word : state_) {  // splitmix64, as its authors seed it
            seed += 0x9E3779B97F4A7C15ULL;
            std::uint64_t mixed = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9ULL;
            mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBULL;
            word = mixed ^ mixed >> 31;
        }
    }
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    bool percent(double chance) { return unit() * 100 < chance; }

private:
    std::uint64_t next() {
        const auto rotate = [](std::uint64_t value, int by) { return value << by | value >> (64 - by); };
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9, shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotate(state_[3], 45);
        return result;
    }
    std::array<std::uint64_t, 4> state_{};
};

/// When a datagram comes out, if it does, and when its double does.
struct Fate {
    std::array<Nanoseconds, 2> at{};
    std::size_t copies = 0;
};

/// One direction of one client.
class Lane {
public:
    explicit Lane(std::uint64_t seed) : dice_(seed) {}

    Fate take(const Profile& profile, std::size_t bytes, Nanoseconds now, Counters& counters) {
        // Every datagram throws the same number of dice, so that one setting does not shift the chances of another.
        const double burst = dice_.unit(), jitter = dice_.unit(), again = dice_.unit();
        const bool held = dice_.percent(profile.reorder_percent), twice = dice_.percent(profile.duplicate_percent);
        if (lose(profile, burst)) {
            ++counters.lost;
            return {};
        }
        const auto queued = queue(profile, bytes, now);
        if (queued < 0) {
            ++counters.overflowed;
            return {};
        }
        counters.longest_queue = std::max(counters.longest_queue, queued - now);
        const auto delayed = [&](double part) {
            return queued + static_cast<Nanoseconds>((profile.delay_ms + profile.jitter_ms * part) * kMillisecond);
        };
        Fate fate{.at = {std::max(delayed(jitter), last_), 0}, .copies = 1};
        if (held) {
            ++counters.reordered;
            fate.at[0] += static_cast<Nanoseconds>(profile.reorder_ms * kMillisecond);
        } else {
            last_ = fate.at[0];
        }
        if (twice) {
            ++counters.duplicated;
            fate.at[fate.copies++] = std::max(delayed(again), fate.at[0]);
        }
        return fate;
    }

private:
    /// Gilbert: a good state that loses nothing and a bad one that loses all; the mean stay in the bad one is
    /// burst_packets, and the share of time there is loss_percent.
    bool lose(const Profile& profile, double die) {
        const double loss = std::min(profile.loss_percent, 100.0) / 100;
        if (loss <= 0) return bad_ = false;
        if (loss >= 1) return true;
        const double stay = std::max(profile.burst_packets, 1.0);
        if (stay == 1) return die < loss;
        const double leave = 1 / stay, enter = leave * loss / (1 - loss);
        bad_ = bad_ ? die >= leave : die < enter;
        return bad_;
    }
    /// When the last bit has gone through at the profile's rate; -1 when the queue is full.
    Nanoseconds queue(const Profile& profile, std::size_t bytes, Nanoseconds now) {
        if (profile.rate_kbps <= 0) return now;
        const auto begins = std::max(free_at_, now);
        if (begins - now > static_cast<Nanoseconds>(profile.queue_ms * kMillisecond)) return -1;
        free_at_ = begins + static_cast<Nanoseconds>(static_cast<double>(bytes) * 8 * kMillisecond / profile.rate_kbps);
        return free_at_;
    }

    Dice dice_;
    bool bad_ = false;
    Nanoseconds free_at_ = 0, last_ = 0;
};

/// Sets one value of a profile by its name (`loss`, `delay`, …); false when there is no such name.
inline bool set(Profile& profile, std::string_view name, double value) {
    struct Named {
        std::string_view name;
        double Profile::*member;
    };
    static constexpr Named kAll[] = {{"loss", &Profile::loss_percent},
                                     {"burst", &Profile::burst_packets},
                                     {"delay", &Profile::delay_ms},
                                     {"jitter", &Profile::jitter_ms},
                                     {"reorder", &Profile::reorder_percent},
                                     {"reorder_ms", &Profile::reorder_ms},
                                     {"duplicate", &Profile::duplicate_percent},
                                     {"rate", &Profile::rate_kbps},
                                     {"queue", &Profile::queue_ms}};
    for (const auto& one : kAll)
        if (one.name == name) return profile.*one.member = value, true;
    return false;
}

}  // namespace networks
