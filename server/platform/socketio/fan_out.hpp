// Carries what rooms say to those who hear it, in rounds: everything said in one round reaches a client in one write,
// because writes are what a fan-out costs. A thread of its own waits for the end of each round and hands it to every
// event loop once; a loop that is behind finds several rounds and writes them together.
//
// A long round has shifts: its listeners take turns, a tenth of them after each tenth of the round. Each still hears
// once a round, but the last of ten thousand does not wait for the writes to all the others.
//
// docs/decisions/0005-fan-out-in-rounds.md
//
// Invariants: rounds reach a listener in order; no lock is held while one hears; a loop that hangs delays only its own
// listeners.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/base/time.hpp"
#include "platform/socketio/rooms.hpp"
#include "platform/socketio/server.hpp"

namespace confidente::socketio {

class FanOut {
public:
    using Collect = std::function<Round()>;
    /// `collect` is called on the thread of the rounds, without a lock.
    FanOut(Pace pace, const Clock& clock, Collect collect);
    ~FanOut();
    FanOut(const FanOut&) = delete;
    FanOut& operator=(const FanOut&) = delete;

    /// Something was said. Thread-safe.
    void wake();
    /// Carries out a last round; nothing leaves any more after it.
    void stop();

private:
    class Inbox;
    bool is_immediate() const { return pace_.busy == Duration{0}; }
    void run();
    enum class Who : bool { everybody, next_shift };
    void carry(Round round, Who hears);
    Inbox& inbox(Executor* home, std::size_t shift);
    Duration window(Instant now);

    const Pace pace_;
    const Clock& clock_;
    const Collect collect_;
    std::atomic<bool> waiting_{false};
    std::mutex mutex_;  ///< guards stopping_, and waiting_ against a wake-up that is missed
    std::condition_variable ready_;
    bool stopping_ = false;

    // Of the thread of the rounds:
    std::map<std::pair<Executor*, std::size_t>, std::shared_ptr<Inbox>> inboxes_;  ///< by thread and shift
    std::size_t turn_ = 0;                                                         ///< the shift that hears next
    bool held_ = false;  ///< something was said that a later shift has still to hear
    double load_ = 0;    ///< deliveries a second lately
    double rate_ = 40;   ///< what a room says in a second, mean over the deliveries; a guess at first
    Instant last_round_{};
    std::thread thread_;
};

}  // namespace confidente::socketio
