// Who is in the room of each live: distinct users, whatever the number of their sockets, without the model.
// Thread-safe, in memory, of this process only.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace confidente::lives {

class Audience {
public:
    struct Change {
        std::string live_id, status;
        std::int64_t viewers = 0;
    };
    struct Visitor {
        std::string live_id, user_id, socket_id;
        bool is_model = false;
    };

    void join(const Visitor& visitor, std::string_view status);
    void leave(std::string_view live_id, std::string_view socket_id);
    /// The socket is gone, from every room.
    void drop(std::string_view socket_id);
    void set_status(std::string_view live_id, std::string_view status);
    std::int64_t viewers(std::string_view live_id) const;
    /// The lives whose number changed since the last call: called once a second, it keeps each live to one
    /// `live:status` a second.
    std::vector<Change> take_changes();

private:
    struct Room {
        std::string status;
        std::map<std::string, std::string, std::less<>> sockets;  ///< socket → user; empty for the model
        bool changed = false;
        std::int64_t count() const;
    };
    mutable std::mutex mutex_;  ///< guards rooms_
    std::map<std::string, Room, std::less<>> rooms_;
};

}  // namespace confidente::lives
