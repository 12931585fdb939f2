#include "platform/db/sqlite/sqlite.hpp"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>

#include "platform/db/sqlite/connection.hpp"
#include "platform/db/sqlite/work_queue.hpp"

namespace confidente::db {

namespace {

using sqlite::Connection;
using sqlite::Mode;
using sqlite::Sync;

/// A folder that is removed with everything in it; nothing when `path` is empty.
struct TemporaryFolder {
    std::filesystem::path path;
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path.empty()) std::filesystem::remove_all(path, ignored);
    }
};

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(std::unique_ptr<Connection> writer, std::vector<std::unique_ptr<Connection>> readers,
                   std::unique_ptr<TemporaryFolder> folder)
        : folder_(std::move(folder)), writer_(std::move(writer)), readers_(std::move(readers)) {
        threads_.emplace_back([this] { write_until_closed(); });
        for (auto& reader : readers_) {
            threads_.emplace_back([this, connection = reader.get()] { read_until_closed(*connection); });
        }
    }
    ~SqliteDatabase() override {
        writes_.close();
        reads_.close();
        for (auto& thread : threads_) thread.join();
    }

    Engine engine() const override { return Engine::sqlite; }

    void on_commit(std::function<void()> listener) override {
        const std::scoped_lock lock{listeners_mutex_};
        listeners_.push_back(std::move(listener));
    }

    Status run_script(std::string_view sql) override {
        const std::string text{sql};
        auto work = [text](Transaction& tx) -> Status { return static_cast<Connection&>(tx).script(text); };
        return write_blocking(work);
    }

protected:
    void submit_write(Work work, Done done) override { submit(writes_, std::move(work), std::move(done)); }
    void submit_read(Work work, Done done) override { submit(reads_, std::move(work), std::move(done)); }

private:
    struct Item {
        Work work;
        Done done;
    };
    using Queue = sqlite::WorkQueue<Item>;

    static void submit(Queue& queue, Work work, Done done) {
        Item item{std::move(work), std::move(done)};
        if (queue.push(item)) return;
        item.done(Error{ErrorKind::unavailable, "busy", "The server is busy; try again.", "database queue", {}, 1});
    }

    void write_until_closed() {
        for (;;) {
            auto group = writes_.take(kGroup);
            if (group.empty()) return;
            std::vector<Status> outcomes(group.size());
            // SQLite drops the whole transaction after some errors. The work that met one fails; the others begin
            // again without it, so this ends after at most as many rounds as there are works.
            while (!commit_group(group, outcomes)) {
            }
            bool changed = false;
            for (const auto& outcome : outcomes) changed = changed || outcome.has_value();
            // Before the answers: whoever has one knows that the listeners were told.
            if (changed) tell_listeners();
            for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(outcomes[i]));
        }
    }

    /// False when the transaction was lost under way; the culprit's outcome then is an error and stays one.
    bool commit_group(std::vector<Item>& group, std::vector<Status>& outcomes) {
        if (auto begun = writer_->script("BEGIN IMMEDIATE"); !begun) {
            for (auto& outcome : outcomes) {
                if (outcome) outcome = begun.error();
            }
            return true;
        }
        bool any = false;
        for (std::size_t i = 0; i < group.size(); ++i) {
            if (!outcomes[i]) continue;
            outcomes[i] = run_in_savepoint(group[i].work);
            if (!writer_->in_transaction()) {
                if (outcomes[i]) outcomes[i] = internal_error("a work ended the transaction it shares");
                return false;
            }
            any = any || outcomes[i].has_value();
        }
        const Status ended = writer_->script(any ? "COMMIT" : "ROLLBACK");
        if (!ended) {
            for (auto& outcome : outcomes) {
                if (outcome) outcome = ended.error();
            }
            if (writer_->in_transaction()) (void)writer_->script("ROLLBACK");
        }
        return true;
    }

    Status run_in_savepoint(const Work& work) {
        TRY_VOID(writer_->script("SAVEPOINT work"));
        Status outcome = work(*writer_);
        if (!writer_->in_transaction()) return outcome;
        if (!outcome) {
            if (auto undone = writer_->script("ROLLBACK TO work"); !undone) {
                // Half a work must not be committed with its neighbours.
                (void)writer_->script("ROLLBACK");
                return outcome;
            }
        }
        if (auto released = writer_->script("RELEASE work"); !released && outcome) return released;
        return outcome;
    }

    void read_until_closed(Connection& connection) {
        for (;;) {
            auto items = reads_.take(1);
            if (items.empty()) return;
            Status outcome = connection.script("BEGIN");
            if (outcome) {
                outcome = items[0].work(connection);
                if (connection.in_transaction()) (void)connection.script("ROLLBACK");
            }
            items[0].done(std::move(outcome));
        }
    }

    void tell_listeners() {
        const std::scoped_lock lock{listeners_mutex_};
        for (auto& listener : listeners_) listener();
    }

    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<Connection> writer_;
    std::vector<std::unique_ptr<Connection>> readers_;
    Queue writes_{kQueue};
    Queue reads_{kQueue};
    std::mutex listeners_mutex_;  ///< guards listeners_
    std::vector<std::function<void()>> listeners_;
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& file) {
    auto folder = std::make_unique<TemporaryFolder>();
    std::filesystem::path path = file;
    if (path.empty()) {
        std::error_code failed;
        std::string pattern = (std::filesystem::temp_directory_path(failed) / "confidente-XXXXXX").string();
        if (failed || !mkdtemp(pattern.data())) return internal_error("no temporary folder: " + pattern);
        folder->path = pattern;
        path = folder->path / "test.db";
    }
    const Sync sync = file.empty() ? Sync::off : Sync::full;
    TRY(auto writer, Connection::open(path, Mode::write, sync));
    std::error_code ignored;  // a file system without permissions is the owner's choice
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_read | perms::owner_write, ignored);
    std::vector<std::unique_ptr<Connection>> readers;
    for (int i = 0; i < kReaders; ++i) {
        TRY(auto reader, Connection::open(path, Mode::read, sync));
        readers.push_back(std::move(reader));
    }
    return std::unique_ptr<Database>{
        std::make_unique<SqliteDatabase>(std::move(writer), std::move(readers), std::move(folder))};
}

}  // namespace confidente::db
