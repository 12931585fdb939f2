// The recent events of all rooms, kept once each, for clients whose line broke. Bounded in bytes and in time.
// Not thread-safe; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/time.hpp"
#include "platform/socketio/engine_payload.hpp"

namespace confidente::socketio {

class EventLog {
public:
    explicit EventLog(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// The number that the next event will have; numbers start at 1 and never repeat.
    std::uint64_t next() const { return last_ + 1; }
    std::uint64_t last() const { return last_; }
    void append(std::string_view room, Frame frame, std::string_view except, Instant now);
    void trim(Instant older_than);

    /// Room → number of the last event before the client was in it.
    using Rooms = std::map<std::string, std::uint64_t, std::less<>>;
    /// What a client in these rooms has not seen after `offset`; nothing when the log no longer knows, or when it is
    /// more than `max_bytes`.
    std::optional<std::vector<Frame>> missed(std::uint64_t offset, const Rooms& rooms, std::string_view socket_id,
                                             std::size_t max_bytes) const;

private:
    struct Entry {
        std::uint64_t number;
        Instant at;
        std::string room, except;
        Frame frame;
        std::size_t cost() const { return frame.data->size() + room.size() + except.size() + sizeof(Entry); }
    };
    void drop_front();
    const std::size_t max_bytes_;
    std::deque<Entry> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t forgotten_ = 0;  ///< number of the last event that is no longer kept
};

}  // namespace confidente::socketio
