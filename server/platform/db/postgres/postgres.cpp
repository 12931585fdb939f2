#include "platform/db/postgres/postgres.hpp"

#include <mutex>
#include <thread>

#include "platform/db/postgres/connection.hpp"
#include "platform/db/postgres/listener.hpp"

namespace confidente::db {

namespace {

using postgres::Connection;
using postgres::Listener;
using postgres::Purpose;

class PostgresDatabase final : public Database {
public:
    PostgresDatabase(PostgresConfig config, std::unique_ptr<Connection> writer)
        : config_(std::move(config)), writer_(std::move(writer)) {
        threads_.emplace_back([this] { write_groups(*writer_, writes_, kPostgresGroup, listeners_); });
        for (std::size_t i = 0; i < config_.readers; ++i) threads_.emplace_back([this] { read_until_closed(); });
    }
    ~PostgresDatabase() override {
        others_.reset();
        writes_.close();
        reads_.close();
        for (auto& thread : threads_) thread.join();
    }

    Engine engine() const override { return Engine::postgres; }
    void on_commit(std::function<void()> listener) override {
        listeners_.add(std::move(listener));
        std::call_once(listening_, [this] {
            others_ = std::make_unique<Listener>(config_.url, writer_->backend(), [this] { listeners_.tell(); });
        });
    }

    Status run_alone(Work work) override {
        auto patient = config_;
        patient.statement_timeout = patient.lock_timeout = std::chrono::milliseconds{0};
        Connection connection{patient, Purpose::write};
        std::vector<WorkItem> group;
        group.push_back({std::move(work), {}});
        auto outcome = std::move(commit_together(connection, group)[0]);
        if (outcome) listeners_.tell();
        return outcome;
    }

protected:
    void submit_write(WorkItem item) override { submit(writes_, std::move(item)); }
    void submit_read(WorkItem item) override { submit(reads_, std::move(item)); }

private:
    void read_until_closed() {
        Connection connection{config_, Purpose::read};
        for (;;) {
            auto items = take_in_time(reads_, 1);
            if (items.empty()) return;
            Status outcome = read(connection, items[0].work);
            // A connection that was lost while nobody looked is no reason to refuse anyone.
            if (!outcome && connection.lost() && outcome.error().code == "database_unavailable")
                outcome = read(connection, items[0].work);
            items[0].done(std::move(outcome));
            connection.rollback();
        }
    }

    static Status read(Connection& connection, const Work& work) {
        TRY_VOID(connection.begin_reading());
        return work(connection);
    }

    PostgresConfig config_;
    std::unique_ptr<Connection> writer_;
    ItemQueue writes_{kQueue};
    ItemQueue reads_{kQueue};
    CommitListeners listeners_;
    std::once_flag listening_;
    std::unique_ptr<Listener> others_;
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const PostgresConfig& config) {
    auto writer = std::make_unique<Connection>(config, Purpose::write);
    TRY_VOID(writer->ensure_open());
    return std::unique_ptr<Database>{std::make_unique<PostgresDatabase>(config, std::move(writer))};
}

Status postgres_command(const std::string& url, const std::string& sql) {
    Connection connection{{.url = url, .statement_timeout = {}, .lock_timeout = {}}, Purpose::read};
    TRY_VOID(connection.ensure_open());
    return connection.script(sql);
}

}  // namespace confidente::db
