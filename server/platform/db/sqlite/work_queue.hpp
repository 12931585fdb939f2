// Works on their way to a database thread: bounded, many writers, many takers, drained before it closes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace confidente::db::sqlite {

template <class Item>
class WorkQueue {
public:
    explicit WorkQueue(std::size_t capacity) : capacity_(capacity) {}

    /// False when full or closed; `item` is then untouched.
    bool push(Item& item) {
        {
            const std::scoped_lock lock{mutex_};
            if (closed_ || items_.size() >= capacity_) return false;
            items_.push_back(std::move(item));
        }
        ready_.notify_one();
        return true;
    }
    /// Waits for work and takes at most `most`; empty only when the queue is closed and drained.
    std::vector<Item> take(std::size_t most) {
        std::unique_lock lock{mutex_};
        ready_.wait(lock, [&] { return closed_ || !items_.empty(); });
        std::vector<Item> taken;
        while (!items_.empty() && taken.size() < most) {
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
    std::mutex mutex_;  ///< guards items_ and closed_
    std::condition_variable ready_;
    std::deque<Item> items_;
    bool closed_ = false;
};

}  // namespace confidente::db::sqlite
