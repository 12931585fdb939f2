#include "platform/bus/outbox.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/json/rows.hpp"

namespace confidente::bus {

namespace {

constexpr db::Query kAppend{"outbox_append",
                            "INSERT INTO outbox (topic, key, payload, created_at) "
                            "VALUES (:topic, :key, :payload, :created_at)"};
constexpr db::Query kAppendAll{"outbox_append_all",
                               "INSERT INTO outbox (topic, key, payload, created_at) "
                               "SELECT CAST(:topic AS TEXT), r.value ->> 0, r.value ->> 1, CAST(:created_at AS BIGINT) "
                               "FROM json_each(:rows) r ORDER BY r.key"};
constexpr db::Query kNewest{"outbox_newest", "SELECT COALESCE(MAX(seq), 0) AS seq FROM outbox"};
constexpr db::Query kAfter{"outbox_after",
                           "SELECT seq, topic, key, payload FROM outbox WHERE seq > :after ORDER BY seq LIMIT :limit"};
/// How long the relay waits before it asks a database that failed again.
constexpr auto kRetry = std::chrono::milliseconds{500};

}  // namespace

Status append(db::Transaction& tx, std::string_view topic, std::string_view key, std::string_view payload,
              UtcTime now) {
    TRY_VOID(tx.execute(kAppend, {{"topic", topic}, {"key", key}, {"payload", payload}, {"created_at", now.ms}}));
    return {};
}

void append_all(db::Transaction& tx, std::string_view topic, const std::vector<Event>& events, UtcTime now) {
    if (events.empty()) return;
    json::Rows rows;
    for (const auto& event : events) rows.add(event.key, event.payload);
    tx.send(kAppendAll, {{"topic", topic}, {"rows", rows.text()}, {"created_at", now.ms}});
}

/// Shared with the database's commit listener, which may outlive the relay.
struct Relay::State {
    std::mutex mutex;  ///< guards woken and stopping
    std::condition_variable ready;
    bool woken = true;
    bool stopping = false;
    std::int64_t last = 0;  ///< the newest event that was published; the thread's own
    std::thread thread;

    void wake() {
        {
            const std::scoped_lock lock{mutex};
            woken = true;
        }
        ready.notify_one();
    }
    bool stopped() {
        const std::scoped_lock lock{mutex};
        return stopping;
    }
    /// Waits for a commit or for `poll`; false when it is time to stop.
    bool wait(std::chrono::milliseconds poll) {
        std::unique_lock lock{mutex};
        ready.wait_for(lock, poll, [&] { return woken || stopping; });
        woken = false;
        return !stopping;
    }
    bool wait_to_retry() {
        std::unique_lock lock{mutex};
        return !ready.wait_for(lock, kRetry, [&] { return stopping; });
    }

    /// Publishes one batch; how many events it had.
    Result<std::size_t> publish(db::Database& db, const Subscriber& subscriber) {
        auto read = [this](db::Transaction& tx) { return tx.query(kAfter, {{"after", last}, {"limit", kBatch}}); };
        TRY(const auto rows, db.read_blocking(read));
        for (const auto& row : rows) {
            if (stopped()) break;
            subscriber(row.text("topic"), row.text("key"), row.text("payload"));
            last = row.integer("seq");
        }
        return rows.size();
    }

    void run(db::Database& db, const Subscriber& subscriber, std::chrono::milliseconds poll) {
        while (wait(poll)) {
            for (;;) {
                const auto published = publish(db, subscriber);
                if (stopped()) return;
                if (!published) {
                    if (!wait_to_retry()) return;
                } else if (*published < kBatch) {
                    break;
                }
            }
        }
    }
};

Result<std::unique_ptr<Relay>> Relay::open(db::Database& db, Subscriber subscriber, std::chrono::milliseconds poll) {
    auto state = std::make_shared<State>();
    // Before the newest event is looked for, so that none falls between.
    db.on_commit([weak = std::weak_ptr{state}] {
        if (auto living = weak.lock()) living->wake();
    });
    auto newest = [](db::Transaction& tx) { return tx.query(kNewest); };
    TRY(const auto rows, db.read_blocking(newest));
    state->last = rows.at(0).integer("seq");
    return std::unique_ptr<Relay>{new Relay{db, std::move(state), std::move(subscriber), poll}};
}

Relay::Relay(db::Database& db, std::shared_ptr<State> state, Subscriber subscriber, std::chrono::milliseconds poll)
    : state_(std::move(state)) {
    // The thread borrows the state: the destructor below joins it first.
    state_->thread = std::thread{[borrowed = state_.get(), &db, subscriber = std::move(subscriber), poll] {
        borrowed->run(db, subscriber, poll);
    }};
}

Relay::~Relay() {
    {
        const std::scoped_lock lock{state_->mutex};
        state_->stopping = true;
    }
    state_->ready.notify_all();
    state_->thread.join();
}

}  // namespace confidente::bus
