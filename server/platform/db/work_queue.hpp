// Works on their way to a database thread: bounded, many writers, many takers, drained before it closes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace confidente::db {

template <class Item>
class WorkQueue {
public:
    explicit WorkQueue(std::size_t capacity) : capacity_(capacity) {}

    /// False when full or closed; `item` is then untouched.
    bool push(Item& item) {
        bool wake = false;
        {
            const std::scoped_lock lock{mutex_};
            if (closed_ || items_.size() >= capacity_) return false;
            items_.push_back(std::move(item));
            wake = items_.size() >= wanted_;
        }
        if (wake) ready_.notify_one();
        return true;
    }
    /// Waits for work and takes items of at most `most` weights, but at least one; empty only when the queue is closed
    /// and drained. Once something is there it waits for `wanted` works, but no longer than `patience`: those who were
    /// just answered come again.
    std::vector<Item> take(std::size_t most, std::size_t wanted = 1, std::chrono::microseconds patience = {}) {
        std::unique_lock lock{mutex_};
        ready_.wait(lock, [&] { return closed_ || !items_.empty(); });
        if (!closed_ && items_.size() < wanted) {
            wanted_ = wanted;
            ready_.wait_for(lock, patience, [&] { return closed_ || items_.size() >= wanted; });
            wanted_ = 1;
        }
        std::vector<Item> taken;
        for (std::size_t weight = 0; !items_.empty() && (taken.empty() || weight < most);) {
            weight += items_.front().weight();
            taken.push_back(std::move(items_.front()));
            items_.pop_front();
        }
        return taken;
    }
    void close() {
        {
            const std::scoped_lock lock{mutex_};
            closed_ = true;
        }
        ready_.notify_all();
    }

private:
    const std::size_t capacity_;
    std::mutex mutex_;  ///< guards items_, wanted_ and closed_
    std::condition_variable ready_;
    std::deque<Item> items_;
    std::size_t wanted_ = 1;  ///< a taker sleeps until so many are there; queues with several takers leave it at 1
    bool closed_ = false;
};

}  // namespace confidente::db
