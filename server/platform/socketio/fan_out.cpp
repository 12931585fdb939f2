#include "platform/socketio/fan_out.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "platform/base/metrics.hpp"

namespace confidente::socketio {
namespace {

/// From here on a round lasts as long as it may: about a fifth of a core would go into writes of one event each.
constexpr double kBusyDeliveries = 40'000;  // a second
constexpr double kOneRound = 0.1;    // seconds that a single large round counts for at once, before more are seen
constexpr double kRateMemory = 0.5;  // seconds of talk until a lower rate counts for most
constexpr double kLoadMemory = 0.5;  // seconds until a change of load counts for most of the estimate

metrics::Counter& deliveries() {
    static metrics::Counter& counter =
        metrics::registry().counter("confidente_socket_deliveries_total", "Events of rooms carried to a client.");
    return counter;
}

}  // namespace

/// What one event loop has still to carry out.
class FanOut::Inbox : public std::enable_shared_from_this<Inbox> {
public:
    struct Parcel {
        std::shared_ptr<const Burst> burst;
        std::shared_ptr<const Audience> audience;  ///< keeps the seats
        const std::vector<Seat>* seats;
    };
    void put(Parcel parcel) { incoming_.push_back(std::move(parcel)); }
    void put(Round::Farewell farewell) { incoming_farewells_.push_back(std::move(farewell)); }
    bool is_holding() const { return !incoming_.empty() || !incoming_farewells_.empty(); }

    /// Hands over what was put since the last time; carried out on `home`, or here without one.
    void send(Executor* home) {
        if (!is_holding()) return;
        {
            const std::lock_guard lock(mutex_);
            move_all(incoming_, parcels_);
            move_all(incoming_farewells_, farewells_);
            if (posted_) return;
            posted_ = home != nullptr;
        }
        if (home == nullptr) return carry_out();
        home->post([self = shared_from_this()] { self->carry_out(); });
    }

private:
    template <class T>
    static void move_all(std::vector<T>& from, std::vector<T>& to) {
        std::move(from.begin(), from.end(), std::back_inserter(to));
        from.clear();
    }

    void carry_out() {
        std::vector<Parcel> parcels;
        std::vector<Round::Farewell> farewells;
        {
            const std::lock_guard lock(mutex_);
            parcels.swap(parcels_);
            farewells.swap(farewells_);
            posted_ = false;
        }
        std::size_t count = 0;
        for (const auto& parcel : parcels) count += parcel.seats->size() * parcel.burst->said().size();
        const bool one_room = std::all_of(parcels.begin(), parcels.end(),
                                          [&](const auto& parcel) { return parcel.seats == parcels[0].seats; });
        if (one_room)
            tell_room(parcels);
        else
            tell_rooms(parcels);
        deliveries().add(count);
        for (const auto& farewell : farewells) farewell.listener->dismiss(farewell.reason);
    }

    /// One room with the same seats in every round: nobody has to be looked up.
    static void tell_room(const std::vector<Parcel>& parcels) {
        if (parcels.empty()) return;
        std::vector<Heard> heard;
        for (const auto& parcel : parcels) heard.push_back({parcel.burst});
        const auto& seats = *parcels[0].seats;
        for (std::size_t i = 0; i < seats.size(); ++i) {
            // The sockets of a large room are not in the cache: the next one is fetched while this one is written to.
            if (i + 1 < seats.size()) __builtin_prefetch(seats[i + 1].listener.get());
            const Seat& seat = seats[i];
            for (auto& one : heard) {
                one.since = seat.since;
                one.until = seat.until;
            }
            seat.listener->hear(heard);
        }
    }

    static void tell_rooms(const std::vector<Parcel>& parcels) {
        std::unordered_map<Listener*, std::vector<Heard>> all;
        for (const auto& parcel : parcels)
            for (const auto& seat : *parcel.seats)
                all[seat.listener.get()].push_back({parcel.burst, seat.since, seat.until});
        for (auto& [listener, heard] : all) {
            std::sort(heard.begin(), heard.end(),
                      [](const Heard& a, const Heard& b) { return a.burst->first() < b.burst->first(); });
            listener->hear(heard);
        }
    }

    // Of the thread of the rounds:
    std::vector<Parcel> incoming_;
    std::vector<Round::Farewell> incoming_farewells_;
    std::mutex mutex_;  ///< guards what follows
    std::vector<Parcel> parcels_;
    std::vector<Round::Farewell> farewells_;
    bool posted_ = false;
};

FanOut::FanOut(Pace pace, const Clock& clock, Collect collect)
    : pace_(pace), clock_(clock), collect_(std::move(collect)) {
    if (!is_immediate()) thread_ = std::thread([this] { run(); });
}

FanOut::~FanOut() { stop(); }

void FanOut::wake() {
    if (is_immediate()) return carry(collect_(), Who::everybody);
    if (waiting_.exchange(true, std::memory_order_acq_rel)) return;
    { const std::lock_guard lock(mutex_); }
    ready_.notify_one();
}

void FanOut::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopping_, true)) return;
    }
    ready_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void FanOut::run() {
    for (bool last = false; !last;) {
        Who hears = Who::everybody;
        {
            std::unique_lock lock(mutex_);
            ready_.wait(lock, [this] { return waiting_ || stopping_ || held_; });
            Duration time = window(clock_.now());
            if (time >= pace_.idle * kShifts) {
                time /= kShifts;
                hears = Who::next_shift;
            }
            ready_.wait_for(lock, time, [this] { return stopping_; });
            last = stopping_;
        }
        // Whoever says something from here on is heard in this round or wakes the next.
        waiting_ = false;
        carry(collect_(), last ? Who::everybody : hears);
    }
}

/// How long more is waited for: the busier, the longer, as gathering is what makes a busy fan-out cheap. Where a room
/// says nothing more in that time there is nothing to gather, and nobody waits.
Duration FanOut::window(Instant now) {
    const double quiet = static_cast<double>((now - last_round_).count()) / 1e9;
    const double load = load_ * std::exp(-std::max(0.0, quiet - 0.1) / kLoadMemory);
    const double gathered = rate_ * static_cast<double>(pace_.busy.count()) / 1e9;
    const double share = std::min(1.0, load / kBusyDeliveries) * std::clamp((gathered - 0.5) / 1.5, 0.0, 1.0);
    const auto wanted =
        std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(pace_.busy.count()) * share));
    return std::clamp<Duration>(wanted, pace_.idle, pace_.busy);
}

void FanOut::carry(Round round, Who hears) {
    double count = 0, rates = 0;
    for (auto& [burst, audience, rate] : round.parts)
        for (const auto& [home, shift, seats] : *audience) {
            const auto deliveries = static_cast<double>(seats.size() * burst->said().size());
            count += deliveries;
            rates += deliveries * rate;
            inbox(home, shift).put({burst, audience, &seats});
        }
    for (auto& farewell : round.farewells) {
        const auto& listener = *farewell.listener;
        inbox(listener.home(), shift_of(listener)).put(std::move(farewell));
    }
    held_ = false;
    for (auto& [place, inbox] : inboxes_) {
        if (hears == Who::everybody || place.second == turn_)
            inbox->send(place.first);
        else
            held_ = held_ || inbox->is_holding();
    }
    turn_ = (turn_ + 1) % kShifts;
    const Instant now = clock_.now();
    const double seconds = std::max(1e-3, static_cast<double>((now - last_round_).count()) / 1e9);
    const double keep = std::exp(-seconds / kLoadMemory);
    load_ = std::max(load_ * keep + count / seconds * (1 - keep), count / kOneRound);
    if (count > 0) {
        // Quick to see that there is much to gather, slow to believe that there is not.
        const double rate = rates / count, part = std::min(1.0, count / (load_ * kRateMemory));
        rate_ = rate > rate_ ? rate : rate_ + (rate - rate_) * part;
    }
    last_round_ = now;
}

FanOut::Inbox& FanOut::inbox(Executor* home, std::size_t shift) {
    // Without a thread there is nobody to wait for: told at once, by whoever said it.
    auto& inbox = inboxes_[is_immediate() ? std::pair<Executor*, std::size_t>{} : std::pair{home, shift}];
    if (!inbox) inbox = std::make_shared<Inbox>();
    return *inbox;
}

}  // namespace confidente::socketio
