// One libpq connection with its prepared statements, always in pipeline mode: what needs no answer of its own (BEGIN,
// SAVEPOINT, RELEASE) waits and travels with the next statement, and statements whose answer is not waited for (ask(),
// send()) run while we go on. Used by one thread at a time.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "platform/base/metrics.hpp"
#include "platform/db/group.hpp"
#include "platform/db/postgres/postgres.hpp"

namespace confidente::db::postgres {

struct ResultDeleter {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

inline constexpr std::size_t kMaxStatements = 512;  ///< prepared per connection; far above what the slices have

enum class Purpose : std::uint8_t { write, read };

class Connection final : public WritingSession {
public:
    Connection(PostgresConfig config, Purpose purpose) : config_(std::move(config)), purpose_(purpose) {}
    ~Connection() override { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Connects unless it is connected. After a failure it fails at once for a moment, so that nobody queues for it.
    Status ensure_open();

    Result<Rows> query(const Query& query, const Params& params) override;
    Result<std::int64_t> execute(const Query& query, const Params& params) override;
    Status script(std::string_view sql) override;
    Asked ask(const Query& query, const Params& params) override;
    void send(const Query& query, const Params& params, std::optional<Expected> expected) override;
    Status settle() override;

    /// Opens a transaction once no other node writes.
    Status begin() override;
    Status mark() override;
    Status undo() override;
    Status release() override;
    Status commit() override;
    void rollback() override;
    bool in_transaction() const override { return open_transaction_; }
    bool lost() const override { return handle_ == nullptr; }
    /// The process id of the server's side, also while another thread uses the connection.
    const std::atomic<int>& backend() const { return backend_; }
    /// A transaction that sees one moment and writes nothing; rollback() ends it.
    Status begin_reading();

private:
    struct Statement {
        std::string name;  ///< the server's
        std::string sql;
        std::vector<std::string> parameters;
        std::vector<Oid> types;
        std::shared_ptr<const std::vector<std::string>> columns;
        metrics::Counter* runs = nullptr;
        metrics::Counter* failures = nullptr;
        bool prepared = false;
    };
    struct Arguments;
    /// A statement that the server has and whose answer was not read yet.
    struct Flight {
        const char* name;
        Statement* statement = nullptr;  ///< null: a command of our own
        std::size_t commands = 0;        ///< those that travelled with it
        bool prepares = false;
        Asked::Slot rows = {};
        std::optional<Expected> expected = {};
    };
    /// What the last statement of a round trip came to.
    struct Landed {
        std::int64_t changed = 0;
        std::string status;
    };

    Status connect();
    void close();
    Statement& statement_for(const Query& query, const Arguments& arguments);
    /// Hands the statement to the server.
    Status dispatch(const Query& query, const Params& params, Flight flight);
    Status send_waiting(Flight& flight);
    /// Waits for every flight.
    Result<Landed> land();
    Result<Landed> land_all(std::vector<Flight>& flights);
    /// Reads one flight's answers; `failure` is the first one of this round trip.
    Result<Landed> land_one(Flight& flight, std::optional<Error>& failure);
    Result<Landed> outcome_of(Flight& flight, const PGresult* result);
    Result<Rows> rows_of(const PGresult* result, Statement& statement);
    /// Sends what waits and `sql`, one round trip; the command's status.
    Result<std::string> command(const char* sql);
    void begin_work();
    /// The next result; nothing more of the current command gives null. An error only when the connection is gone.
    Result<ResultPtr> next_result();
    Status flush();
    Status wait(short events);
    Error error_of(const PGresult* result, std::string_view where);
    Error lose(std::string_view where);

    PostgresConfig config_;
    Purpose purpose_;
    PGconn* handle_ = nullptr;
    std::atomic<int> backend_{0};
    std::vector<std::string> waiting_;                       ///< commands that travel with the next statement
    std::size_t works_ = 0;                                  ///< marked in this transaction
    std::unordered_map<std::string, Statement> statements_;  ///< by SQL text and parameter types
    std::vector<Flight> flights_;
    std::size_t named_ = 0;
    std::chrono::steady_clock::time_point not_before_{};  ///< no new attempt to connect earlier
    bool open_transaction_ = false;
    bool used_ = false;                  ///< it has answered since it was connected, so a loss may be an old one
    bool failed_ = false;                ///< a statement of the running work has failed
    std::optional<Error> sent_failure_;  ///< and nobody has waited for it yet
};

}  // namespace confidente::db::postgres
