// The packaging thread of the engine: decodes keyframes and writes them as JPEG, away from the media worker.
//
// Invariants: at most kMaxWaitingThumbnails wait, a newer one of the same stream replaces the one that waits; nothing
// is delivered after the destructor has begun.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxWaitingThumbnails = 32;

class Thumbnailer {
public:
    using Deliver = std::function<void(std::string_view stream, Buffer jpeg)>;
    explicit Thumbnailer(Deliver deliver);
    ~Thumbnailer();

    /// Never blocks for longer than another such call.
    void add(const std::string& stream, Buffer annexb);
    std::uint64_t made() const { return made_.load(std::memory_order_relaxed); }
    std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

private:
    struct Job {
        std::string stream;
        Buffer annexb;
    };
    void run();

    Deliver deliver_;
    std::mutex mutex_;  ///< guards jobs_ and stopping_
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> made_{0}, failed_{0};
    std::thread thread_;
};

}  // namespace confidente::media
