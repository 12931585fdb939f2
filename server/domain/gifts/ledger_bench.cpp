// Durable gifts and messages a second on one hot model, 64 at a time, through the service layer of the running server,
// beside what the same disk does in the same run: fdatasync, and one commit after the other on each engine.
//
//   domain_gifts_ledger_bench FOLDER POSTGRES_URL SECONDS [sqlite|postgres]       (./dev bench ledger)
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "domain/chat/service.hpp"
#include "domain/gifts/service.hpp"
#include "domain/wallet/verify.hpp"
#include "migrations/migrate.hpp"
#include "platform/db/postgres/postgres.hpp"
#include "platform/db/sqlite/sqlite.hpp"
#include "platform/json/rows.hpp"

namespace confidente {
namespace {

constexpr int kConcurrent = 64;
constexpr int kClients = 1000;
constexpr int kWarm = 100'000'000;  ///< numbers from here on were not used while warming up
constexpr const char* kScene =
    "INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES "
    "('luna', 'model', 'l@x', 'h', 'Luna', '1990-01-01', 1, 1);"
    "INSERT INTO chats (id, kind, status, created_at, updated_at) VALUES ('room', 'live', 'active', 1, 1);"
    "INSERT INTO lives (id, model_id, chat_id, title, description, price, status, created_at, updated_at) VALUES "
    "('on', 'luna', 'room', 't', 'd', 0, 'live', 1, 1);"
    "CREATE TABLE bench (id BIGINT PRIMARY KEY)";
constexpr db::Query kClient{
    "bench_client",
    "INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES "
    "(:id, 'client', :id, 'h', :id, '1990-01-01', 1, 1)"};
constexpr db::Query kEnter{"bench_enter",
                           "INSERT INTO live_entries (live_id, user_id, paid, created_at) VALUES ('on', :id, 0, 1)"};
constexpr db::Query kBackend{"bench_backend", "SELECT pg_backend_pid() AS pid"};
constexpr db::Query kRow{"bench_row", "INSERT INTO bench (id) VALUES (:id)"};

SystemClock clock_;
SystemRandom random_;

void must(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "error: %s\n", what);
    std::exit(1);
}

struct Figures {
    double per_second = 0, p50_ms = 0, p99_ms = 0;
    double cpu_us = 0, engine_cpu_us = 0;  ///< of this process and of the database's writing backend, for each
};

/// CPU time so far. On a busy machine it says more than the clock.
double own_cpu_us() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto us = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

int backend = 0;  ///< PostgreSQL's process that writes for us

double backend_cpu_us() {
    if (backend == 0) return 0;
    std::ifstream file{"/proc/" + std::to_string(backend) + "/stat"};
    std::string field;
    double ticks = 0;
    for (int i = 1; i <= 15 && file >> field; ++i) {
        if (i >= 14) ticks += std::atof(field.c_str());
    }
    return ticks * 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Figures figures(std::vector<Duration> latencies, Duration took) {
    if (latencies.empty()) return {};
    std::sort(latencies.begin(), latencies.end());
    const auto ms = [](Duration d) { return static_cast<double>(d.count()) / 1e6; };
    return {static_cast<double>(latencies.size()) * 1e9 / static_cast<double>(took.count()),
            ms(latencies[latencies.size() / 2]), ms(latencies[latencies.size() * 99 / 100])};
}

void print(const char* what, const Figures& f) {
    std::printf("  %-48s %8.0f /s   p50 %6.2f ms   p99 %6.2f ms", what, f.per_second, f.p50_ms, f.p99_ms);
    if (f.cpu_us > 0) std::printf("   CPU of each: here %.0f us, backend %.0f us", f.cpu_us, f.engine_cpu_us);
    std::printf("\n");
    std::fflush(stdout);
}

/// `step` again and again, one after the other.
Figures alone(Duration limit, const std::function<void(int)>& step) {
    std::vector<Duration> latencies;
    const Instant begun = clock_.now();
    for (int i = 0; clock_.now() - begun < limit; ++i) {
        const Instant at = clock_.now();
        step(i);
        latencies.push_back(clock_.now() - at);
    }
    return figures(std::move(latencies), clock_.now() - begun);
}

/// `begin(n, done)` kConcurrent at a time: whoever is answered asks again.
Figures together(Duration limit, const std::function<void(int, std::function<void(bool)>)>& begin) {
    std::mutex mutex;  // guards all below
    std::condition_variable ready;
    std::vector<Duration> latencies;
    int running = kConcurrent;
    std::atomic<int> next{0};
    const double cpu = own_cpu_us(), engine_cpu = backend_cpu_us();
    const Instant begun = clock_.now();
    std::function<void()> ask = [&] {
        const Instant at = clock_.now();
        if (at - begun >= limit) {
            const std::scoped_lock lock{mutex};
            if (--running == 0) ready.notify_all();
            return;
        }
        begin(next.fetch_add(1), [&, at](bool ok) {
            must(ok, "a write was refused");
            {
                const std::scoped_lock lock{mutex};
                latencies.push_back(clock_.now() - at);
            }
            ask();
        });
    };
    for (int i = 0; i < kConcurrent; ++i) ask();
    std::unique_lock lock{mutex};
    ready.wait(lock, [&] { return running == 0; });
    auto all = figures(latencies, clock_.now() - begun);
    all.cpu_us = (own_cpu_us() - cpu) / static_cast<double>(latencies.size());
    all.engine_cpu_us = (backend_cpu_us() - engine_cpu) / static_cast<double>(latencies.size());
    return all;
}

std::string client(int n) { return "client-" + std::to_string(n % kClients); }

void people(db::Database& db, wallet::Service& wallet) {
    must(migrations::migrate(db, clock_.utc_now()).has_value(), "migrations");
    must(db.run_script(kScene).has_value(), "scene");
    auto work = [&](db::Transaction& tx) -> Status {
        for (int i = 0; i < kClients; ++i) {
            TRY_VOID(tx.execute(kClient, {{"id", client(i)}}));
            TRY_VOID(tx.execute(kEnter, {{"id", client(i)}}));
            TRY_VOID(wallet.settle_purchase(tx, {client(i), client(i), 100'000'000, "sandbox", 990, "BRL"}));
        }
        return {};
    };
    must(db.run_alone(work).has_value(), "people");
}

void measure(const char* name, db::Database& db, Duration limit) {
    wallet::Service wallet{clock_, random_, wallet::Config{}};
    gifts::Service gifts{clock_, random_, wallet};
    chat::Service chats{clock_, random_};
    people(db, wallet);
    std::printf("%s\n", name);
    if (db.engine() == db::Engine::postgres) {
        auto ask = [](db::Transaction& tx) { return tx.query(kBackend); };
        backend = static_cast<int>(db.write_blocking(ask).value().at(0).integer("pid"));
    }
    print("one row, one commit, one after the other", alone(limit / 4, [&](int i) {
              auto row = [i](db::Transaction& tx) { return tx.execute(kRow, {{"id", i}}); };
              must(db.write_blocking(row).has_value(), "a row");
          }));
    const auto gift = [](int n) { return gifts::SendGift{{"on"}, {client(n)}, "rosa", 1, "key-" + std::to_string(n)}; };
    const auto send_gifts = [&](int n, std::function<void(bool)> done) {
        start(db.write_batched(gifts.batch(), gift(n)),
              std::function<void(Result<gifts::SentGift>)>([done](auto sent) { done(sent.has_value()); }));
    };
    // A database that has been running knows how its tables are filled; a fresh one must be told.
    (void)together(limit / 8, send_gifts);
    must(db.run_script("ANALYZE").has_value(), "ANALYZE");
    print("gifts to one model, 64 at a time", together(limit, [&](int n, auto done) { send_gifts(n + kWarm, done); }));
    const auto message = [](int n) {
        return chat::SendMessage{"room", client(n), "Boa noite!", "text", "m" + std::to_string(n)};
    };
    const auto send_messages = [&](int n, std::function<void(bool)> done) {
        start(db.write_batched(chats.batch(), message(n)),
              std::function<void(Result<chat::Message>)>([done](auto sent) { done(sent.has_value()); }));
    };
    (void)together(limit / 8, send_messages);
    must(db.run_script("ANALYZE").has_value(), "ANALYZE");
    print("messages to one live, 64 at a time",
          together(limit, [&](int n, auto done) { send_messages(n + kWarm, done); }));
    auto look = [](db::Transaction& tx) -> Result<bool> {
        TRY(const auto report, wallet::verify(tx));
        TRY(const auto unmatched, gifts::first_unmatched(tx));
        return report.clean() && !unmatched;
    };
    const auto whole = db.read_blocking(look);
    must(whole.has_value() && *whole, "the ledger does not verify");
    std::printf("  the ledger verifies\n");
}

void bare_disk(const std::string& folder, Duration limit) {
    const int file = open((folder + "/bare").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    must(file >= 0, "a file in the folder");
    const std::string page(4096, 'x');
    std::printf("disk\n");
    print("4 KiB written and fdatasync, one after another", alone(limit / 4, [&](int i) {
              const auto at = static_cast<off_t>(i) * 4096;
              must(pwrite(file, page.data(), page.size(), at) == 4096 && fdatasync(file) == 0, "fdatasync");
          }));
    close(file);
}

}  // namespace
}  // namespace confidente

int main(int argc, char** argv) {
    using namespace confidente;
    must(argc == 4 || argc == 5, "usage: FOLDER POSTGRES_URL SECONDS [sqlite|postgres]");
    const std::string only = argc == 5 ? argv[4] : "";
    const Duration limit = std::chrono::seconds{std::atoi(argv[3])};
    bare_disk(argv[1], limit);
    if (only != "postgres") {
        const auto sqlite = db::open_sqlite(std::string{argv[1]} + "/ledger.db");
        must(sqlite.has_value(), "SQLite");
        measure("SQLite (WAL, synchronous=FULL)", **sqlite, limit);
    }
    if (only != "sqlite") {
        const auto postgres = db::open_postgres({.url = argv[2], .statement_timeout = std::chrono::seconds{60}});
        must(postgres.has_value(), "PostgreSQL");
        measure("PostgreSQL (synchronous_commit=on, Unix socket)", **postgres, limit);
    }
    return 0;
}
