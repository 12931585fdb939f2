// The latest picture of each live, in memory; it is made anew within seconds, so nothing is lost with the process.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "platform/base/bytes.hpp"

namespace confidente::lives {

/// Thread-safe.
class Thumbnails {
public:
    struct Picture {
        std::shared_ptr<const Buffer> jpeg;
        std::int64_t version = 0;  ///< grows with each picture of a live
    };
    void put(const std::string& live_id, Buffer jpeg) {
        const std::scoped_lock lock{mutex_};
        Picture& picture = pictures_[live_id];
        picture.jpeg = std::make_shared<const Buffer>(std::move(jpeg));
        ++picture.version;
    }
    /// An empty picture when there is none yet.
    Picture get(const std::string& live_id) const {
        const std::scoped_lock lock{mutex_};
        const auto found = pictures_.find(live_id);
        return found == pictures_.end() ? Picture{} : found->second;
    }
    void forget(const std::string& live_id) {
        const std::scoped_lock lock{mutex_};
        pictures_.erase(live_id);
    }

private:
    mutable std::mutex mutex_;  ///< guards pictures_
    std::unordered_map<std::string, Picture> pictures_;
};

}  // namespace confidente::lives
