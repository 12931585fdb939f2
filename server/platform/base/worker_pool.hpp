// A few threads for work that would hold up an event loop: hashing, pictures. Bounded: what does not fit is refused at
// once, so that a flood costs its senders and nobody else.
//
// Invariants: at most `workers` jobs run, at most `waiting` wait; what was taken is finished before the pool ends.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/task.hpp"

namespace confidente {

/// Thread-safe.
class WorkerPool {
public:
    WorkerPool(std::size_t workers, std::size_t waiting);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when too much waits already; `job` is then never called.
    bool submit(std::function<void()> job);

    /// Runs `job` on the pool's threads; 429 `busy` when it is full.
    template <class T>
    Task<Result<T>> run(std::function<Result<T>()> job) {
        std::function<void(std::function<void(Result<T>)>)> begin = [this, job](std::function<void(Result<T>)> done) {
            if (!submit([job, done] { done(job()); })) done(Result<T>{busy()});
        };
        Callback<Result<T>> waiting{std::move(begin)};
        co_return co_await waiting;
    }

private:
    static Error busy();
    void work();

    const std::size_t waiting_;
    std::mutex mutex_;  ///< guards jobs_ and stopping_
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace confidente
