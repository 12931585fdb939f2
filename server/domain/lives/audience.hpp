// Who is watching, now: people, not sockets, and the model herself does not count. In memory; sockets come back by
// themselves after a restart.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

namespace confidente::lives {

/// Thread-safe.
class Audience {
public:
    void enter(const std::string& live_id, const std::string& user_id, const std::string& socket_id) {
        const std::scoped_lock lock{mutex_};
        lives_[live_id][user_id].insert(socket_id);
    }
    /// False when this socket was not there.
    bool leave(const std::string& live_id, const std::string& user_id, const std::string& socket_id) {
        const std::scoped_lock lock{mutex_};
        const auto live = lives_.find(live_id);
        if (live == lives_.end()) return false;
        const auto user = live->second.find(user_id);
        if (user == live->second.end() || user->second.erase(socket_id) == 0) return false;
        if (user->second.empty()) live->second.erase(user);
        if (live->second.empty()) lives_.erase(live);
        return true;
    }
    std::int64_t count(const std::string& live_id, const std::string& model_id) const {
        const std::scoped_lock lock{mutex_};
        const auto live = lives_.find(live_id);
        if (live == lives_.end()) return 0;
        return static_cast<std::int64_t>(live->second.size() - live->second.count(model_id));
    }

private:
    using Sockets = std::set<std::string>;
    mutable std::mutex mutex_;  ///< guards lives_
    std::map<std::string, std::map<std::string, Sockets>> lives_;
};

}  // namespace confidente::lives
