// Who sits in which room, and what each room has said since the last round. Not thread-safe; the hub guards it.
//
// Invariants: a listener gets what a room said between its coming and its going, each event once; all events have one
// order, across rooms too, so that the last one that a client saw says which ones it has not (connection state
// recovery). Who sits in a room is laid out once for all rounds between two changes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/base/time.hpp"
#include "platform/socketio/burst.hpp"

namespace confidente::socketio {

struct Seat {
    std::shared_ptr<Listener> listener;
    std::uint64_t since = 0;           ///< number of the last event before it came
    std::uint64_t until = UINT64_MAX;  ///< number of the last event before it went
};

/// Parts of a listeners' crowd that take turns in a long round (fan_out.hpp).
inline constexpr std::size_t kShifts = 10;

/// Seats whose listeners hear on one thread and in one shift; a listener's are always the same.
struct Row {
    Executor* home;
    std::size_t shift;
    std::vector<Seat> seats;
};
using Audience = std::vector<Row>;
/// The shift of a listener: by its address, so that it never changes.
std::size_t shift_of(const Listener& listener);

/// What is carried out in one round.
struct Round {
    struct Part {
        std::shared_ptr<const Burst> burst;
        std::shared_ptr<const Audience> audience;
        double rate = 0;  ///< what this room says in a second, lately
    };
    struct Farewell {
        std::shared_ptr<Listener> listener;
        std::string_view reason;  ///< a literal
    };
    std::vector<Part> parts;
    std::vector<Farewell> farewells;  ///< after the parts
};

class Rooms {
public:
    void enter(std::string_view room, std::shared_ptr<Listener> listener);
    void exit(std::string_view room, const Listener& listener);
    std::size_t size(std::string_view room) const;
    std::vector<std::shared_ptr<Listener>> members(std::string_view room) const;

    /// Kept for the next round, if anybody is there.
    void say(std::string_view room, Frame frame, bool passing, std::string_view except);
    void dismiss(std::shared_ptr<Listener> listener, std::string_view reason);
    Round take(Instant now);

private:
    struct Talk {
        std::vector<Said> said;
        std::vector<Seat> gone;  ///< those who went after some of it was said
    };
    struct Room {
        std::vector<Seat> seats;                   ///< by address, so that one is found without a second table
        std::shared_ptr<const Audience> audience;  ///< null: seats have changed since it was laid out
        std::unique_ptr<Talk> talk;                ///< null: silent since the last round
        double rate = 0;                           ///< events a second when it last spoke
        Instant rated_at{};
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
    };
    static std::vector<Seat>::iterator seat_of(Room& room, const Listener& listener);

    std::unordered_map<std::string, Room, Hash, std::equal_to<>> rooms_;
    std::vector<std::string> talking_;
    std::vector<Round::Farewell> farewells_;
    std::uint64_t number_ = 0;
};

}  // namespace confidente::socketio
