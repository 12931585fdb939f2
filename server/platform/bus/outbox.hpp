// The outbox: events written inside the transaction that causes them, and the relay that publishes them afterwards.
//
// Invariants: an event leaves only after its commit; events come in the order of the outbox; each reaches every
// consumer at least once (a consumer that stops between publishing and remembering sees the last batch again, so
// subscribers must bear repetition).
#pragma once

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

inline constexpr std::int64_t kBatch = 500;  ///< events published between two cursor writes

/// Writes one event. `topic` says what happened, `key` to which object; `payload` is JSON text.
Status append(db::Transaction& tx, std::string_view topic, std::string_view key, std::string_view payload, UtcTime now);

/// An event on its way into the outbox.
struct Event {
    std::string key;
    std::string payload;
};
/// The same for many of one topic, in their order.
Status append_all(db::Transaction& tx, std::string_view topic, const std::vector<Event>& events, UtcTime now);

/// Called on the relay's thread; may block for as long as publishing takes.
using Subscriber = std::function<void(const std::string& topic, const std::string& key, const std::string& payload)>;

/// A thread that follows the outbox for one consumer, from where it stopped last time (from the first event for a new
/// one). Destroying it ends the thread after the event in hand; `db` outlives it.
class Relay {
public:
    Relay(db::Database& db, std::string consumer, Subscriber subscriber);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace confidente::bus
