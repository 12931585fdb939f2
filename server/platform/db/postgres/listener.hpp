// Hears of what other nodes commit: PostgreSQL's NOTIFY on one channel, on a connection of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "platform/base/result.hpp"

struct pg_conn;

namespace confidente::db::postgres {

/// The channel that the outbox's trigger notifies (server/migrations).
inline constexpr const char* kEventsChannel = "confidente_events";

/// Calls `heard` on its own thread for every notification that is not of our own writer, from when it is constructed
/// (which connects). Connects again by itself, and then calls once, since what came meanwhile was missed.
class Listener {
public:
    /// `writer` is the process id of the backend that writes for us, as it changes.
    Listener(std::string url, const std::atomic<int>& writer, std::function<void()> heard);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

private:
    struct Finish {
        void operator()(pg_conn* handle) const;
    };
    using Handle = std::unique_ptr<pg_conn, Finish>;
    static Handle connect(const std::string& url);
    void run(Handle handle);
    /// Listens until the connection is lost or it is time to stop.
    void listen(pg_conn* handle);
    /// Waits for `socket` (if any) or for the end; false when it is time to stop. `limit_ms` < 0: for ever.
    bool wait(int socket, int limit_ms) const;

    std::string url_;
    const std::atomic<int>& writer_;
    std::function<void()> heard_;
    int stop_;  ///< an eventfd, readable when it is time to stop
    std::thread thread_;
};

}  // namespace confidente::db::postgres
