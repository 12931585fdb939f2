// The latest picture of each live: in memory for those on air, in files for those that were. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "platform/base/bytes.hpp"
#include "platform/base/time.hpp"

namespace confidente::lives {

inline constexpr std::size_t kMaxThumbnail = 512 * 1024;  ///< bytes of JPEG; larger ones are dropped
inline constexpr std::size_t kThumbnailsInMemory = 256;

class Thumbnails {
public:
    /// `folder` is made when it is needed.
    explicit Thumbnails(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Writes a small file: call it from a thread that may wait for the disk.
    void put(const std::string& live_id, const Buffer& jpeg, UtcTime now);
    /// Null when there is none.
    std::shared_ptr<const std::string> get(const std::string& live_id);
    /// Changes with every picture; 0 when there is none.
    std::int64_t version(const std::string& live_id) const;

private:
    struct Picture {
        std::shared_ptr<const std::string> jpeg;
        std::int64_t version = 0;
    };
    std::filesystem::path file_of(const std::string& live_id) const { return folder_ / (live_id + ".jpg"); }
    void keep(const std::string& live_id, Picture picture);

    std::filesystem::path folder_;
    mutable std::mutex mutex_;  ///< guards pictures_ and order_
    std::unordered_map<std::string, Picture> pictures_;
    std::deque<std::string> order_;  ///< oldest first
};

}  // namespace confidente::lives
