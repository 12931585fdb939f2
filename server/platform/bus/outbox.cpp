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
constexpr db::Query kCursor{"outbox_cursor", "SELECT seq FROM relay_cursors WHERE consumer = :consumer"};
constexpr db::Query kAfter{"outbox_after",
                           "SELECT seq, topic, key, payload FROM outbox WHERE seq > :after ORDER BY seq LIMIT :limit"};
constexpr db::Query kRemember{"outbox_remember",
                              "INSERT INTO relay_cursors (consumer, seq) VALUES (:consumer, :seq) "
                              "ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq"};

/// How long the relay waits before it asks a database that failed again.
constexpr auto kRetry = std::chrono::milliseconds{500};

}  // namespace

Status append(db::Transaction& tx, std::string_view topic, std::string_view key, std::string_view payload,
              UtcTime now) {
    TRY_VOID(tx.execute(kAppend, {{"topic", topic}, {"key", key}, {"payload", payload}, {"created_at", now.ms}}));
    return {};
}

Status append_all(db::Transaction& tx, std::string_view topic, const std::vector<Event>& events, UtcTime now) {
    if (events.empty()) return {};
    json::Rows rows;
    for (const auto& event : events) rows.add(event.key, event.payload);
    TRY_VOID(tx.execute(kAppendAll, {{"topic", topic}, {"rows", rows.text()}, {"created_at", now.ms}}));
    return {};
}

/// Shared with the database's commit listener, which may outlive the relay.
struct Relay::State {
    std::mutex mutex;  ///< guards woken and stopping
    std::condition_variable ready;
    bool woken = true;
    bool stopping = false;
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
    /// Waits for a commit; false when it is time to stop.
    bool wait() {
        std::unique_lock lock{mutex};
        ready.wait(lock, [&] { return woken || stopping; });
        woken = false;
        return !stopping;
    }
    bool wait_to_retry() {
        std::unique_lock lock{mutex};
        return !ready.wait_for(lock, kRetry, [&] { return stopping; });
    }

    /// Publishes one batch; how many events it had.
    Result<std::size_t> publish(db::Database& db, const std::string& consumer, const Subscriber& subscriber) {
        auto read = [&consumer](db::Transaction& tx) -> Result<db::Rows> {
            TRY(auto cursor, tx.query(kCursor, {{"consumer", consumer}}));
            const std::int64_t after = cursor.empty() ? 0 : cursor[0].integer("seq");
            return tx.query(kAfter, {{"after", after}, {"limit", kBatch}});
        };
        TRY(auto rows, db.read_blocking(read));
        if (rows.empty()) return std::size_t{0};
        std::int64_t last = 0;
        for (const auto& row : rows) {
            if (stopped()) break;
            subscriber(row.text("topic"), row.text("key"), row.text("payload"));
            last = row.integer("seq");
        }
        if (last == 0) return std::size_t{0};
        auto remember = [&](db::Transaction& tx) {
            return tx.execute(kRemember, {{"consumer", consumer}, {"seq", last}});
        };
        TRY_VOID(db.write_blocking(remember));
        return rows.size();
    }

    void run(db::Database& db, const std::string& consumer, const Subscriber& subscriber) {
        while (wait()) {
            for (;;) {
                const auto published = publish(db, consumer, subscriber);
                if (stopped()) return;
                if (!published) {
                    if (!wait_to_retry()) return;
                } else if (*published == 0) {
                    break;
                }
            }
        }
    }
};

Relay::Relay(db::Database& db, std::string consumer, Subscriber subscriber) : state_(std::make_shared<State>()) {
    db.on_commit([weak = std::weak_ptr{state_}] {
        if (auto state = weak.lock()) state->wake();
    });
    // The thread borrows the state: the destructor below joins it first.
    state_->thread = std::thread{[state = state_.get(), &db, consumer = std::move(consumer),
                                  subscriber = std::move(subscriber)] { state->run(db, consumer, subscriber); }};
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
