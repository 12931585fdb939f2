// Templates of database.hpp: how a typed work becomes the untyped one that the engines run.
#pragma once

#include <condition_variable>
#include <mutex>
#include <type_traits>

namespace confidente::db {

namespace detail {
/// Shared between the database thread that runs the work and the caller that waits for it.
template <class R, class F>
struct Pending {
    explicit Pending(F w) : work(std::move(w)) {}
    F work;
    std::optional<R> result;

    Status run(Transaction& tx) {
        result.emplace(work(tx));
        if (*result) return {};
        return result->error();
    }
    R take(const Status& committed) {
        // A work that failed says why itself; one that succeeded may still have lost its commit.
        if (!committed && (!result || result->has_value())) return committed.error();
        return std::move(*result);
    }
};
}  // namespace detail

template <class F>
auto Database::run(F work, bool writes) -> Task<std::invoke_result_t<F&, Transaction&>> {
    using R = std::invoke_result_t<F&, Transaction&>;
    auto pending = std::make_shared<detail::Pending<R, F>>(std::move(work));
    std::function<void(std::function<void(Status)>)> begin = [this, pending, writes](std::function<void(Status)> done) {
        auto body = [pending](Transaction& tx) { return pending->run(tx); };
        writes ? submit_write(std::move(body), std::move(done)) : submit_read(std::move(body), std::move(done));
    };
    Callback<Status> waiting{std::move(begin)};
    const Status committed = co_await waiting;
    co_return pending->take(committed);
}

template <class F>
auto Database::run_blocking(F work, bool writes) -> std::invoke_result_t<F&, Transaction&> {
    using R = std::invoke_result_t<F&, Transaction&>;
    auto pending = std::make_shared<detail::Pending<R, F>>(std::move(work));
    std::mutex mutex;  // guards committed
    std::condition_variable ready;
    std::optional<Status> committed;
    auto body = [pending](Transaction& tx) { return pending->run(tx); };
    auto done = [&](Status status) {
        const std::scoped_lock lock{mutex};
        committed = std::move(status);
        ready.notify_one();
    };
    writes ? submit_write(std::move(body), std::move(done)) : submit_read(std::move(body), std::move(done));
    std::unique_lock lock{mutex};
    ready.wait(lock, [&] { return committed.has_value(); });
    return pending->take(*committed);
}

template <class F>
auto Database::write(F work) -> Task<std::invoke_result_t<F&, Transaction&>> {
    return run(std::move(work), true);
}
template <class F>
auto Database::read(F work) -> Task<std::invoke_result_t<F&, Transaction&>> {
    return run(std::move(work), false);
}
template <class F>
auto Database::write_blocking(F work) -> std::invoke_result_t<F&, Transaction&> {
    return run_blocking(std::move(work), true);
}
template <class F>
auto Database::read_blocking(F work) -> std::invoke_result_t<F&, Transaction&> {
    return run_blocking(std::move(work), false);
}

}  // namespace confidente::db
