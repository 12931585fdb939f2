#include "platform/base/worker_pool.hpp"

namespace confidente {

WorkerPool::WorkerPool(std::size_t workers, std::size_t waiting) : waiting_(waiting) {
    for (std::size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
}

bool WorkerPool::submit(std::function<void()> job) {
    {
        const std::scoped_lock lock{mutex_};
        if (stopping_ || jobs_.size() >= waiting_) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

Error WorkerPool::busy() {
    return {.kind = ErrorKind::too_many,
            .code = "busy",
            .detail = "Too much at the moment; try again shortly.",
            .retry_after_s = 2};
}

void WorkerPool::work() {
    std::unique_lock lock{mutex_};
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        // What waits is finished before the end: somebody awaits it.
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        lock.lock();
    }
}

}  // namespace confidente
