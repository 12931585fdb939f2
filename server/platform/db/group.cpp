#include "platform/db/group.hpp"

#include <algorithm>

namespace confidente::db {

namespace {

Error busy(std::string cause) {
    return {ErrorKind::unavailable, "busy", "The server is busy; try again.", std::move(cause), {}, 1};
}

/// A busy writer waits this long for those whom the last commit has just answered.
constexpr std::chrono::microseconds kGather{1000};

/// Works that are run together: one, or the commands of one batch.
using Unit = std::vector<std::size_t>;

std::vector<Unit> units_of(const std::vector<WorkItem>& group) {
    std::vector<Unit> units;
    std::vector<std::pair<const BatchRunner*, std::size_t>> batches;  // and which unit is theirs
    for (std::size_t i = 0; i < group.size(); ++i) {
        const auto* batch = group[i].batch;
        const auto same = [batch](const auto& known) { return known.first == batch; };
        const auto found = std::find_if(batches.begin(), batches.end(), same);
        if (batch && found != batches.end()) {
            units[found->second].push_back(i);
            continue;
        }
        if (batch) batches.emplace_back(batch, units.size());
        units.push_back({i});
    }
    return units;
}

class Group {
public:
    Group(WritingSession& session, std::vector<WorkItem>& items)
        : session_(session), items_(items), units_(units_of(items)), outcomes_(items.size()) {}

    std::vector<Status> commit() {
        // An engine drops the whole transaction after some errors. The work that met one fails, and the others begin
        // again without it, so this ends after at most as many rounds as there are works.
        while (!attempt()) {
        }
        return std::move(outcomes_);
    }

private:
    /// False when the transaction was lost under way.
    bool attempt() {
        if (auto begun = session_.begin(); !begun) {
            fail_all(begun.error());
            return true;
        }
        const auto begun_at = std::chrono::steady_clock::now();
        for (std::size_t u = 0; u < units_.size(); ++u) {
            // Copied: a batch that fails as a whole is split, which moves the units.
            const Unit unit = living(units_[u]);
            if (unit.empty()) continue;
            if (u > 0 && std::chrono::steady_clock::now() - begun_at > kGroupTime) {
                // Each of them might wait as long as those before, and all of them for the last.
                for (const std::size_t i : unit) outcomes_[i] = busy("the group took too long");
                continue;
            }
            if (run(unit)) continue;
            if (!session_.in_transaction()) return started_over(unit);
            for (const std::size_t i : unit) units_.push_back({i});
            units_[u].clear();
        }
        const bool any = std::any_of(outcomes_.begin(), outcomes_.end(), [](const auto& o) { return o.has_value(); });
        if (!any) {
            session_.rollback();
            return true;
        }
        if (auto ended = session_.commit(); !ended) {
            fail_all(ended.error());
            if (session_.in_transaction()) session_.rollback();
        }
        return true;
    }

    /// Always false, for attempt(): what is run again, and what has failed for good.
    bool started_over(const Unit& unit) {
        if (session_.lost() && !retried_) {
            retried_ = true;
            for (const std::size_t i : unit) outcomes_[i] = Status{};
            return false;
        }
        for (const std::size_t i : unit) {
            if (outcomes_[i]) outcomes_[i] = internal_error("a work ended the transaction it shares");
        }
        return false;
    }

    Unit living(const Unit& unit) const {
        Unit left;
        for (const std::size_t i : unit) {
            if (outcomes_[i]) left.push_back(i);
        }
        return left;
    }

    /// False when a batch failed as a whole and is to be split, or when the transaction is gone.
    bool run(const Unit& unit) {
        if (auto marked = session_.mark(); !marked) return refuse(unit, marked.error());
        const Status whole = unit.size() == 1 ? alone(unit[0]) : together(unit);
        if (!session_.in_transaction()) return refuse(unit, whole ? internal_error("lost") : whole.error());
        if (!whole) {
            if (auto undone = session_.undo(); !undone) {
                // Half a work must not be committed with its neighbours.
                session_.rollback();
                return refuse(unit, undone.error());
            }
            if (unit.size() > 1) return false;
            outcomes_[unit[0]] = whole;
            return true;
        }
        if (auto released = session_.release(); !released) return refuse(unit, released.error());
        return true;
    }

    Status alone(std::size_t i) {
        TRY_VOID(items_[i].work(session_));
        return session_.settle();
    }

    Status together(const Unit& unit) {
        std::vector<void*> commands;
        for (const std::size_t i : unit) commands.push_back(items_[i].command.get());
        std::vector<Status> answers(unit.size());
        TRY_VOID(items_[unit[0]].batch->run_all(session_, commands, answers));
        TRY_VOID(session_.settle());
        for (std::size_t k = 0; k < unit.size(); ++k) outcomes_[unit[k]] = answers[k];
        return {};
    }

    /// True when the others may go on.
    bool refuse(const Unit& unit, const Error& error) {
        for (const std::size_t i : unit) outcomes_[i] = error;
        return session_.in_transaction();
    }

    void fail_all(const Error& error) {
        for (auto& outcome : outcomes_) {
            if (outcome) outcome = error;
        }
    }

    WritingSession& session_;
    std::vector<WorkItem>& items_;
    std::vector<Unit> units_;
    std::vector<Status> outcomes_;
    bool retried_ = false;
};

}  // namespace

std::vector<Status> commit_together(WritingSession& session, std::vector<WorkItem>& group) {
    return Group{session, group}.commit();
}

void submit(ItemQueue& queue, WorkItem item) {
    item.since = std::chrono::steady_clock::now();
    if (queue.push(item)) return;
    item.done(busy("the queue of the database is full"));
}

std::vector<WorkItem> take_in_time(ItemQueue& queue, std::size_t most, std::size_t wanted,
                                   std::chrono::microseconds patience) {
    for (;;) {
        auto taken = queue.take(most, wanted, patience);
        if (taken.empty()) return taken;
        const auto oldest = std::chrono::steady_clock::now() - kLongestWait;
        std::erase_if(taken, [oldest](WorkItem& item) {
            if (item.since >= oldest) return false;
            item.done(busy("it waited too long for the database"));
            return true;
        });
        if (!taken.empty()) return taken;
    }
}

void CommitListeners::add(std::function<void()> listener) {
    const std::scoped_lock lock{mutex_};
    listeners_.push_back(std::move(listener));
}

void CommitListeners::tell() {
    const std::scoped_lock lock{mutex_};
    for (const auto& listener : listeners_) listener();
}

void write_groups(WritingSession& session, ItemQueue& queue, std::size_t most, CommitListeners& listeners) {
    std::size_t last = 1;
    for (;;) {
        auto group = take_in_time(queue, most, last, kGather);
        if (group.empty()) return;
        // Not all of them come again at once; whoever comes alone is not kept waiting.
        last = group.size() - group.size() / 4;
        auto outcomes = commit_together(session, group);
        const bool changed = std::any_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.has_value(); });
        // Before the answers: whoever has one knows that the listeners were told.
        if (changed) listeners.tell();
        for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(outcomes[i]));
    }
}

}  // namespace confidente::db
