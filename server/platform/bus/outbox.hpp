// The outbox: events written inside the transaction that causes them, and the relay that publishes them afterwards.
//
// Invariants: an event leaves only after its commit; events come in the order of the outbox, which is the order of
// commits, since all nodes of a database write one after the other (platform/db). Each event that was committed after a
// relay was opened reaches it exactly once, whichever node committed it. A relay serves the sockets of its own process,
// and none outlives it: what was committed while nobody was connected is read, not pushed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::bus {

inline constexpr std::size_t kBatch = 500;  ///< events read at a time
/// How often a relay looks though nobody woke it: a net for what a lost connection did not tell.
inline constexpr std::chrono::milliseconds kPoll{2000};

/// Writes one event. `topic` says what happened, `key` to which object; `payload` is JSON text.
Status append(db::Transaction& tx, std::string_view topic, std::string_view key, std::string_view payload, UtcTime now);

/// An event on its way into the outbox.
struct Event {
    std::string key;
    std::string payload;
};
/// The same for many of one topic, in their order, by Transaction::send().
void append_all(db::Transaction& tx, std::string_view topic, const std::vector<Event>& events, UtcTime now);

/// Called on the relay's thread; may block for as long as publishing takes.
using Subscriber = std::function<void(const std::string& topic, const std::string& key, const std::string& payload)>;

/// A thread that follows the outbox from where it ends now. Destroying it ends the thread after the event in hand; `db`
/// outlives it.
class Relay {
public:
    /// Errors: those of a read.
    static Result<std::unique_ptr<Relay>> open(db::Database& db, Subscriber subscriber,
                                               std::chrono::milliseconds poll = kPoll);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

private:
    struct State;
    Relay(db::Database& db, std::shared_ptr<State> state, Subscriber subscriber, std::chrono::milliseconds poll);
    std::shared_ptr<State> state_;
};

}  // namespace confidente::bus
