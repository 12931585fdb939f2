// Group commit, the same for every engine: many works, each in a savepoint of its own, one commit for all of them.
//
// Invariants: an outcome without error is durable when commit_together() returns; a work that fails leaves nothing and
// harms no neighbour; commands of one batch that wait together are one run, and only if that run fails as a whole they
// are run one by one. A work may be run again, but never after a commit whose outcome is unknown: those works fail
// (`database_unavailable`), and whoever sent them finds out with the same idempotency key.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/db/work_queue.hpp"

namespace confidente::db {

inline constexpr std::size_t kQueue = 20'000;  ///< waiting works, for writes and for reads each
/// A work that has waited this long in a queue is refused: whoever sent it has given up soon, and asks again.
inline constexpr std::chrono::milliseconds kLongestWait{3000};
/// When the works of a group have taken this long, those whose turn has not come are refused: behind a lock or a slow
/// disk every one of them may take as long as a statement may.
inline constexpr std::chrono::milliseconds kGroupTime{1000};

/// The one connection of an engine that writes.
class WritingSession : public Transaction {
public:
    virtual Status begin() = 0;
    virtual Status mark() = 0;     ///< sets the savepoint of the next work
    virtual Status undo() = 0;     ///< back to it, and forgets it
    virtual Status release() = 0;  ///< keeps what was done since; an error if a statement had failed meanwhile
    virtual Status commit() = 0;
    virtual void rollback() = 0;
    /// False when the engine has dropped the transaction by itself (full disk, lost connection).
    virtual bool in_transaction() const = 0;
    /// The connection went away before the commit, through no fault of a work.
    virtual bool lost() const = 0;
};

/// Runs and commits `group`; one outcome for each.
std::vector<Status> commit_together(WritingSession& session, std::vector<WorkItem>& group);

using ItemQueue = WorkQueue<WorkItem>;
/// Puts the work into the queue, or answers it with `busy` at once.
void submit(ItemQueue& queue, WorkItem item);
/// WorkQueue::take, but those that have waited longer than kLongestWait are answered with `busy` instead of taken.
std::vector<WorkItem> take_in_time(ItemQueue& queue, std::size_t most, std::size_t wanted = 1,
                                   std::chrono::microseconds patience = {});

/// Who wants to know that something was committed.
class CommitListeners {
public:
    void add(std::function<void()> listener);
    void tell();

private:
    std::mutex mutex_;  ///< guards listeners_
    std::vector<std::function<void()>> listeners_;
};

/// Takes groups from `queue` and commits them until it is closed and drained; the listeners are told of every commit
/// before its works are answered.
void write_groups(WritingSession& session, ItemQueue& queue, std::size_t most, CommitListeners& listeners);

}  // namespace confidente::db
