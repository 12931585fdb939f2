// Task<T>: a lazily started coroutine with one awaiter, and the Executor on which it goes on after waiting.
//
// Coroutines stand only at the edges (http, socketio, outbound). Invariants: a Task is awaited at most once; the value
// is moved out; after an await that left the thread (database, media engine) the coroutine is resumed through the
// Executor that was current when it was suspended, so a handler never runs on another room's thread.
//
// Trap of GCC 12: never `co_await f({.a = x})` or with a capturing lambda as a temporary. Name the argument first.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace confidente {

/// Where a suspended coroutine goes on. One per event loop thread; outlives every task started on it.
class Executor {
public:
    virtual ~Executor() = default;
    /// Thread-safe; runs `work` later on the executor's thread.
    virtual void post(std::function<void()> work) = 0;

    /// The executor of the running thread, or null outside of one.
    static Executor* current();
    /// Names the executor of the running thread (set once by each event loop thread).
    static void set_current(Executor* executor);
};

template <class T>
class [[nodiscard]] Task {
public:
    struct promise_type {
        std::optional<T> value;
        std::coroutine_handle<> continuation;

        Task get_return_object() { return Task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct Final {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
                    auto next = self.promise().continuation;
                    return next ? next : std::noop_coroutine();
                }
                void await_resume() noexcept {}
            };
            return Final{};
        }
        template <class U>
        void return_value(U&& result) {
            value.emplace(std::forward<U>(result));
        }
        [[noreturn]] void unhandled_exception() { std::terminate(); }
    };

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle_.promise().continuation = awaiting;
        return handle_;
    }
    T await_resume() { return std::move(*handle_.promise().value); }

private:
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

namespace detail {
struct Detached {
    struct promise_type {
        Detached get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() { std::terminate(); }
    };
};
template <class T, class Done>
Detached run_detached(Task<T> task, Done done) {
    T value = co_await task;
    done(std::move(value));
}
}  // namespace detail

/// Starts `task` now, on this thread; `done` gets the value wherever the task ends.
template <class T, class Done>
void start(Task<T> task, Done done) {
    detail::run_detached<T, Done>(std::move(task), std::move(done));
}

/// Turns a callback interface into something to await:
///   auto begin = [&](std::function<void(Answer)> done) { engine.publish(..., std::move(done)); };
///   Answer answer = co_await Callback<Answer>(begin);
/// `done` may be called from any thread, once; the coroutine goes on through its own Executor.
template <class T>
class Callback {
public:
    explicit Callback(std::function<void(std::function<void(T)>)> begin) : begin_(std::move(begin)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
        Executor* executor = Executor::current();
        auto begin = std::move(begin_);
        begin([this, executor, awaiting](T value) {
            value_.emplace(std::move(value));
            if (executor)
                executor->post([awaiting] { awaiting.resume(); });
            else
                awaiting.resume();
        });
    }
    T await_resume() { return std::move(*value_); }

private:
    std::function<void(std::function<void(T)>)> begin_;
    std::optional<T> value_;
};

}  // namespace confidente
