// What one room says in one round of the fan-out: built once, shared by all who hear it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/task.hpp"
#include "platform/socketio/engine_payload.hpp"

namespace confidente::socketio {

/// One event of a room.
struct Said {
    Frame frame;
    std::uint64_t number = 0;  ///< counts the events of all rooms: the order in which every client gets them
    bool passing = false;      ///< of the moment (typing, presence): the first to go when a client falls behind
    std::string except = {};   ///< socket id of who is not told
};

class Burst {
public:
    /// `said` in order, not empty.
    explicit Burst(std::vector<Said> said);
    const std::vector<Said>& said() const { return said_; }
    std::uint64_t first() const { return said_.front().number; }
    std::uint64_t last() const { return said_.back().number; }
    /// All of it as websocket frames, one behind the other.
    const http::SharedBytes& wire() const { return wire_; }
    bool has_passing() const { return has_passing_; }
    bool excepts(std::string_view socket_id) const;

private:
    std::vector<Said> said_;
    http::SharedBytes wire_;
    bool has_passing_ = false, has_excepted_ = false;
};

/// A burst for one listener: what was said after it came (`since`) and before it went (`until`).
struct Heard {
    std::shared_ptr<const Burst> burst;
    std::uint64_t since = 0;
    std::uint64_t until = UINT64_MAX;

    /// Whether `wire()` is exactly what this listener is to get.
    bool is_whole(std::string_view socket_id, bool drop_passing) const;
};

/// What a listener is to get of several bursts, in the order in which it was said.
std::vector<Frame> frames_of(std::span<const Heard> heard, std::string_view socket_id, bool drop_passing);

/// A client that sits in rooms. Thread-safe; heard from on its own thread.
class Listener {
public:
    virtual ~Listener() = default;
    virtual void hear(std::span<const Heard> heard) = 0;
    /// Sends it away for good, behind what it has heard. `reason` is a literal.
    virtual void dismiss(std::string_view reason) = 0;
    /// The thread on which it hears; null in tests.
    virtual Executor* home() const = 0;
};

}  // namespace confidente::socketio
