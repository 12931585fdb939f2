#include "domain/lives/audience.hpp"

namespace confidente::lives {

std::int64_t Audience::Room::count() const {
    std::set<std::string_view> users;
    for (const auto& [socket, user] : sockets)
        if (!user.empty()) users.insert(user);
    return static_cast<std::int64_t>(users.size());
}

void Audience::join(const Visitor& visitor, std::string_view status) {
    const std::scoped_lock lock{mutex_};
    auto& room = rooms_[visitor.live_id];
    room.status = status;
    room.sockets[visitor.socket_id] = visitor.is_model ? std::string{} : visitor.user_id;
    room.changed = true;
}

void Audience::leave(std::string_view live_id, std::string_view socket_id) {
    const std::scoped_lock lock{mutex_};
    const auto room = rooms_.find(live_id);
    if (room == rooms_.end()) return;
    const auto socket = room->second.sockets.find(socket_id);
    if (socket == room->second.sockets.end()) return;
    room->second.sockets.erase(socket);
    room->second.changed = true;
}

void Audience::drop(std::string_view socket_id) {
    const std::scoped_lock lock{mutex_};
    for (auto& [live, room] : rooms_) {
        const auto socket = room.sockets.find(socket_id);
        if (socket == room.sockets.end()) continue;
        room.sockets.erase(socket);
        room.changed = true;
    }
}

void Audience::set_status(std::string_view live_id, std::string_view status) {
    const std::scoped_lock lock{mutex_};
    if (const auto room = rooms_.find(live_id); room != rooms_.end()) room->second.status = status;
}

std::int64_t Audience::viewers(std::string_view live_id) const {
    const std::scoped_lock lock{mutex_};
    const auto room = rooms_.find(live_id);
    return room == rooms_.end() ? 0 : room->second.count();
}

std::vector<Audience::Change> Audience::take_changes() {
    const std::scoped_lock lock{mutex_};
    std::vector<Change> changes;
    for (auto at = rooms_.begin(); at != rooms_.end();) {
        auto& room = at->second;
        if (room.changed) changes.push_back({at->first, room.status, room.count()});
        room.changed = false;
        at = room.sockets.empty() ? rooms_.erase(at) : std::next(at);
    }
    return changes;
}

}  // namespace confidente::lives
