// One thread with one socket and one switchboard: waits for datagrams, commands or the earliest deadline, works in
// batches, reads the clock once per batch.
//
// Invariants: every command runs exactly once, on the worker's thread; those that come too late run with a null
// switchboard. Nothing runs after the destructor.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "media/engine/switchboard.hpp"
#include "media/engine/udp_socket.hpp"

namespace confidente::media {

class Worker {
public:
    /// Null: the engine closes.
    using Command = std::function<void(Switchboard*, Instant)>;

    /// `clock` outlives it. `ports.flush` is the worker's own.
    static Result<std::unique_ptr<Worker>> start(UdpSocket socket, SwitchboardConfig config, SwitchboardPorts ports,
                                                 const Clock& clock);
    ~Worker();

    std::uint16_t port() const { return socket_.local().port; }
    enum class Admission : std::uint8_t { limited, always };
    /// False when the worker stops, or when kMaxPendingCommands wait and the command is not one that must not be lost;
    /// it is then not run.
    bool post(Command command, Admission admission = Admission::limited);

    EngineStats stats() const;
    std::vector<StreamStats> streams() const;

private:
    Worker(UdpSocket socket, int poll, int bell, const Clock& clock);
    void run();
    void wait();
    void run_commands();
    void receive_batches();
    void publish_stats(Instant now);

    UdpSocket socket_;
    int poll_ = -1;  ///< epoll
    int bell_ = -1;  ///< eventfd: a command waits
    const Clock& clock_;
    std::unique_ptr<Switchboard> switchboard_;
    std::uint64_t refused_ = 0;

    std::mutex commands_mutex_;  ///< guards commands_ and stopping_
    std::vector<Command> commands_;
    bool stopping_ = false;

    mutable std::mutex stats_mutex_;  ///< guards stats_ and streams_, copies for readers of other threads
    EngineStats stats_;
    std::vector<StreamStats> streams_;
    Instant stats_at_{INT64_MIN / 2};
    Instant streams_at_{INT64_MIN / 2};

    std::thread thread_;
};

}  // namespace confidente::media
