#include "platform/socketio/rooms.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace confidente::socketio {
namespace {

constexpr double kRateMemory = 0.3;  // seconds

std::shared_ptr<const Audience> lay_out(const std::vector<Seat>& seats) {
    auto audience = std::make_shared<Audience>();
    for (const auto& seat : seats) {
        Executor* home = seat.listener->home();
        const std::size_t shift = shift_of(*seat.listener);
        const auto same = [&](const Row& row) { return row.home == home && row.shift == shift; };
        auto row = std::find_if(audience->begin(), audience->end(), same);
        if (row == audience->end()) row = audience->insert(row, {home, shift, {}});
        row->seats.push_back(seat);
    }
    return audience;
}

}  // namespace

std::size_t shift_of(const Listener& listener) {
    // Fibonacci hashing: the upper bits of the product depend on all of the address.
    const auto mixed = reinterpret_cast<std::uintptr_t>(&listener) * 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(mixed >> 32U) % kShifts;
}

std::vector<Seat>::iterator Rooms::seat_of(Room& room, const Listener& listener) {
    return std::lower_bound(room.seats.begin(), room.seats.end(), &listener, [](const Seat& seat, const Listener* who) {
        return std::less<const Listener*>{}(seat.listener.get(), who);
    });
}

void Rooms::enter(std::string_view name, std::shared_ptr<Listener> listener) {
    auto found = rooms_.find(name);
    if (found == rooms_.end()) found = rooms_.emplace(std::string(name), Room{}).first;
    auto& room = found->second;
    const auto at = seat_of(room, *listener);
    if (at != room.seats.end() && at->listener == listener) return;
    room.seats.insert(at, Seat{std::move(listener), number_});
    room.audience.reset();
}

void Rooms::exit(std::string_view name, const Listener& listener) {
    const auto found = rooms_.find(name);
    if (found == rooms_.end()) return;
    auto& room = found->second;
    const auto at = seat_of(room, listener);
    if (at == room.seats.end() || at->listener.get() != &listener) return;
    if (room.talk && at->since < number_) {
        at->until = number_;
        room.talk->gone.push_back(std::move(*at));
    }
    room.seats.erase(at);
    room.audience.reset();
    if (room.seats.empty() && !room.talk) rooms_.erase(found);
}

std::size_t Rooms::size(std::string_view name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? 0 : found->second.seats.size();
}

std::vector<std::shared_ptr<Listener>> Rooms::members(std::string_view name) const {
    std::vector<std::shared_ptr<Listener>> all;
    if (const auto found = rooms_.find(name); found != rooms_.end())
        for (const auto& seat : found->second.seats) all.push_back(seat.listener);
    return all;
}

void Rooms::say(std::string_view name, Frame frame, bool passing, std::string_view except) {
    ++number_;
    const auto found = rooms_.find(name);
    if (found == rooms_.end() || found->second.seats.empty()) return;
    auto& talk = found->second.talk;
    if (!talk) {
        talk = std::make_unique<Talk>();
        talking_.push_back(found->first);
    }
    talk->said.push_back({std::move(frame), number_, passing, std::string(except)});
}

void Rooms::dismiss(std::shared_ptr<Listener> listener, std::string_view reason) {
    farewells_.push_back({std::move(listener), reason});
}

Round Rooms::take(Instant now) {
    Round round;
    round.farewells.swap(farewells_);
    for (const auto& name : talking_) {
        const auto found = rooms_.find(name);
        auto& room = found->second;
        const auto talk = std::exchange(room.talk, nullptr);
        const double silence = static_cast<double>((now - room.rated_at).count()) / 1e9;
        room.rate = room.rate * std::exp(-silence / kRateMemory) + static_cast<double>(talk->said.size()) / kRateMemory;
        room.rated_at = now;
        const auto burst = std::make_shared<const Burst>(std::move(talk->said));
        if (!talk->gone.empty()) round.parts.push_back({burst, lay_out(talk->gone), room.rate});
        if (room.seats.empty()) {
            rooms_.erase(found);
            continue;
        }
        if (!room.audience) room.audience = lay_out(room.seats);
        round.parts.push_back({burst, room.audience, room.rate});
    }
    talking_.clear();
    return round;
}

}  // namespace confidente::socketio
