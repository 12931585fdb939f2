#include "platform/db/sqlite/sqlite.hpp"

#include <cstdlib>
#include <system_error>
#include <thread>

#include "platform/db/sqlite/connection.hpp"

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
        threads_.emplace_back([this] { write_groups(*writer_, writes_, kSqliteGroup, listeners_); });
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

    void on_commit(std::function<void()> listener) override { listeners_.add(std::move(listener)); }

    Status run_alone(Work work) override { return write_blocking(std::move(work)); }

protected:
    void submit_write(WorkItem item) override { submit(writes_, std::move(item)); }
    void submit_read(WorkItem item) override { submit(reads_, std::move(item)); }

private:
    void read_until_closed(Connection& connection) {
        for (;;) {
            auto items = take_in_time(reads_, 1);
            if (items.empty()) return;
            Status outcome = connection.begin_reading();
            if (outcome) {
                outcome = items[0].work(connection);
                connection.rollback();
            }
            items[0].done(std::move(outcome));
        }
    }

    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<Connection> writer_;
    std::vector<std::unique_ptr<Connection>> readers_;
    ItemQueue writes_{kQueue};
    ItemQueue reads_{kQueue};
    CommitListeners listeners_;
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
    for (int i = 0; i < kSqliteReaders; ++i) {
        TRY(auto reader, Connection::open(path, Mode::read, sync));
        readers.push_back(std::move(reader));
    }
    return std::unique_ptr<Database>{
        std::make_unique<SqliteDatabase>(std::move(writer), std::move(readers), std::move(folder))};
}

}  // namespace confidente::db
