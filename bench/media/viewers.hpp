// All viewers of the load, on one thread: joined by a few threads that speak HTTP, read by epoll in batches with the
// kernel's time stamps. One owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "viewer.hpp"

namespace bench {

/// A bound UDP socket that stamps what it receives; dies when it cannot be had.
int open_viewer_socket(const std::string& ip, confidente::media::SocketAddress& local);
/// Reads one batch from the socket and calls take(bytes, arrived) for each datagram; how many came.
class BatchReader {
public:
    BatchReader();
    ~BatchReader();
    template <class Take>
    std::size_t read(int socket, Take take) {
        const auto count = fill(socket);
        for (std::size_t i = 0; i < count; ++i) take(datagram(i), arrived(i));
        return count;
    }

private:
    struct Slots;
    std::size_t fill(int socket);
    confidente::MutableBytes datagram(std::size_t at);
    std::int64_t arrived(std::size_t at) const;
    std::unique_ptr<Slots> slots_;
};

class Viewers {
public:
    Viewers(SignallingConfig signalling, Identity identity);
    ~Viewers();

    /// Asks for `count` more, spread over `streams`, by so many threads at once; they come while run_for() runs.
    void join(int count, int streams, int threads);
    void run_for(confidente::Duration time);
    /// Until all that were asked for are connected or failed, or the time is over.
    void run_until_joined(confidente::Duration at_most);
    void close_all();

    std::size_t connected() const { return connected_; }
    std::size_t failed() const { return failed_; }
    std::string first_failure();
    Seen& seen() { return seen_; }
    /// First packets after their offers, of the viewers from this place on.
    Histogram first_packets(std::size_t from) const;
    std::size_t size() const { return viewers_.size(); }

private:
    struct Due {
        confidente::Instant at;
        std::size_t viewer = 0;
        bool operator>(const Due& other) const { return at > other.at; }
    };
    struct Arrived {
        int socket = -1;
        Joined joined;
    };
    void join_some(int streams);
    void take_joined();
    void work(confidente::Instant until);
    void schedule(std::size_t viewer);

    SignallingConfig signalling_;
    Identity identity_;
    int poll_, bell_;
    BatchReader reader_;
    std::vector<std::unique_ptr<Viewer>> viewers_;
    std::vector<bool> counted_;
    std::vector<confidente::Instant> scheduled_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::size_t connected_ = 0, failed_ = 0;
    Seen seen_;

    std::vector<std::thread> joiners_;
    std::atomic<int> wanted_{0}, next_{0};
    std::mutex mutex_;  ///< guards arrived_, refused_, first_failure_
    std::vector<Arrived> arrived_;
    std::size_t refused_ = 0;
    std::string first_failure_;
};

}  // namespace bench
