#include "platform/mail/outbox.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/base/metrics.hpp"

namespace confidente::mail {
namespace {

constexpr db::Query kEnqueue{
    "mail_enqueue",
    "INSERT INTO mail_outbox (id, kind, recipient, language, created_at, expires_at, next_at, attempts) "
    "VALUES (:id, :kind, :recipient, :language, :now, :expires_at, :now, 0)"};
constexpr db::Query kDue{"mail_due",
                         "SELECT id, kind, recipient, language, expires_at, next_at, attempts FROM mail_outbox "
                         "WHERE next_at <= :now ORDER BY next_at LIMIT :limit"};
// Whoever moves next_at first has the row; it comes back by itself when nobody finishes it.
constexpr db::Query kClaimRow{"mail_claim",
                              "UPDATE mail_outbox SET next_at = :claimed_until, attempts = attempts + 1 "
                              "WHERE id = :id AND next_at = :seen"};
constexpr db::Query kDone{"mail_done", "DELETE FROM mail_outbox WHERE id = :id"};
constexpr db::Query kLater{"mail_later", "UPDATE mail_outbox SET next_at = :next_at WHERE id = :id"};

struct Counters {
    metrics::Counter& sent;
    metrics::Counter& retried;
    metrics::Counter& dropped;
    static Counters& get() {
        static Counters counters{metrics::registry().counter("confidente_mail_sent_total", "Mails handed over."),
                                 metrics::registry().counter("confidente_mail_retried_total", "Attempts that failed."),
                                 metrics::registry().counter("confidente_mail_dropped_total", "Mails given up.")};
        return counters;
    }
};

struct Claimed {
    bool mine = false;
    std::optional<Message> message;
};

Result<Claimed> claim(db::Transaction& tx, const db::Row& row, const Writer& writer, UtcTime now) {
    TRY(const auto taken,
        tx.execute(kClaimRow,
                   {{"id", row.text("id")}, {"seen", row.integer("next_at")}, {"claimed_until", (now + kClaim).ms}}));
    if (taken == 0) return Claimed{};
    const Order order{row.text("kind"), row.text("recipient"), row.text("language"), {}, row.text("id")};
    TRY(auto message, writer(tx, order));
    return Claimed{true, std::move(message)};
}

/// Whatever kept the writer from writing, the next rows shall not wait for it.
Error postponed(Error error) {
    error.kind = ErrorKind::unavailable;
    return error;
}

Duration wait_after(std::int64_t attempts) {
    Duration wait = kFirstRetry;
    for (std::int64_t i = 0; i < attempts && wait < kLongestRetry; ++i) wait *= 2;
    return std::min(wait, kLongestRetry);
}

Status settle(db::Database& db, const db::Row& row, const Status& sent, UtcTime now) {
    const auto& id = row.text("id");
    const bool later = !sent && sent.error().kind == ErrorKind::unavailable;
    const auto next = now + wait_after(row.integer("attempts"));
    const bool again = later && next.ms < row.integer("expires_at");
    if (!sent)
        log::warning(again ? "mail.retry" : "mail.dropped", {{"mail.id", id},
                                                             {"mail.kind", row.text("kind")},
                                                             {"mail.attempt", row.integer("attempts") + 1},
                                                             {"error.code", sent.error().code},
                                                             {"error.message", sent.error().cause}});
    auto& counters = Counters::get();
    (sent ? counters.sent : again ? counters.retried : counters.dropped).add();
    auto work = [&](db::Transaction& tx) {
        return again ? tx.execute(kLater, {{"id", id}, {"next_at", next.ms}}) : tx.execute(kDone, {{"id", id}});
    };
    TRY_VOID(db.write_blocking(work));
    return {};
}

}  // namespace

Status enqueue(db::Transaction& tx, const Order& order, UtcTime now, Random& random) {
    TRY_VOID(tx.execute(kEnqueue, {{"id", make_uuid_v7(now, random)},
                                   {"kind", order.kind},
                                   {"recipient", order.recipient},
                                   {"language", order.language},
                                   {"now", now.ms},
                                   {"expires_at", (now + order.good_for).ms}}));
    return {};
}

Result<std::int64_t> send_due(db::Database& db, Mailer& mailer, const Writer& writer, UtcTime now) {
    auto read = [&](db::Transaction& tx) { return tx.query(kDue, {{"now", now.ms}, {"limit", kBatch}}); };
    TRY(const auto rows, db.read_blocking(read));
    for (const auto& row : rows) {
        auto work = [&](db::Transaction& tx) { return claim(tx, row, writer, now); };
        const auto claimed = db.write_blocking(work);
        if (claimed && !claimed->mine) continue;
        Status sent;
        if (!claimed)
            sent = postponed(claimed.error());
        else if (claimed->message)
            sent = mailer.send(*claimed->message);
        TRY_VOID(settle(db, row, sent, now));
    }
    return static_cast<std::int64_t>(rows.size());
}

struct Job::State {
    db::Database& db;
    Mailer& mailer;
    Writer writer;
    const Clock& clock;
    std::mutex mutex;  ///< guards woken and stopping
    std::condition_variable ready;
    bool woken = true;
    bool stopping = false;
    std::thread thread;

    bool wait() {
        std::unique_lock lock{mutex};
        ready.wait_for(lock, std::chrono::seconds{1}, [&] { return woken || stopping; });
        woken = false;
        return !stopping;
    }
    void run() {
        while (wait()) {
            const auto sent = send_due(db, mailer, writer, clock.utc_now());
            if (!sent) log::warning("mail.job_failed", {{"error.message", sent.error().cause}});
        }
    }
};

Job::Job(db::Database& db, Mailer& mailer, Writer writer, const Clock& clock)
    : state_(new State{db, mailer, std::move(writer), clock, {}, {}, true, false, {}}) {
    state_->thread = std::thread{[state = state_.get()] { state->run(); }};
}

Job::~Job() {
    {
        const std::scoped_lock lock{state_->mutex};
        state_->stopping = true;
    }
    state_->ready.notify_all();
    state_->mailer.stop();
    state_->thread.join();
}

void Job::wake() {
    {
        const std::scoped_lock lock{state_->mutex};
        state_->woken = true;
    }
    state_->ready.notify_one();
}

}  // namespace confidente::mail
