// Mail that waits in the database, and the job that sends it: with retries, never inside a request.
//
// Invariants: a row is written in the transaction that causes the mail; it holds no words and no secrets, only what to
// write and to whom: the writer makes the message when it is sent, in a transaction of its own. A message is sent at
// least once (twice when the process dies between the hand-over and its note); two processes do not send the same row
// at the same time. A row that cannot be sent in its time is dropped, and told in the log without its recipient.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"
#include "platform/mail/mailer.hpp"

namespace confidente::mail {

inline constexpr std::int64_t kBatch = 20;       ///< rows looked at in one round
inline constexpr Duration kClaim = 2min;         ///< a sender that died gives its row back after this
inline constexpr Duration kFirstRetry = 2s;      ///< doubled each time …
inline constexpr Duration kLongestRetry = 5min;  ///< … up to this

struct Order {
    std::string kind;       ///< which words, for the writer
    std::string recipient;  ///< an address or a user's id, as the kind has it
    std::string language;   ///< pt-BR, en or es
    Duration good_for;      ///< not sent by then: of no use any more
    std::string id = {};    ///< the row's, the same at every attempt; given to the writer
};

Status enqueue(db::Transaction& tx, const Order& order, UtcTime now, Random& random);

/// Makes the message of a row; nothing when there is none to send (an address that nobody has). May write.
using Writer = std::function<Result<std::optional<Message>>(db::Transaction& tx, const Order& order)>;

/// One round; the number of rows that it dealt with. Blocks. For the job and for tests.
Result<std::int64_t> send_due(db::Database& db, Mailer& mailer, const Writer& writer, UtcTime now);

/// A thread that looks once a second, and at once when woken. `db` and `mailer` outlive it.
class Job {
public:
    Job(db::Database& db, Mailer& mailer, Writer writer, const Clock& clock);
    ~Job();
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    /// Thread-safe: there is something new.
    void wake();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace confidente::mail
