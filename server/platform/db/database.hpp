// The database as the slices see it: one SQL text for every engine, named parameters, transactions that compose.
//
//   constexpr db::Query kFindUser{"find_user", "SELECT id, name FROM users WHERE email = :email"};
//   TRY(auto rows, tx.query(kFindUser, {{"email", email}}));
//   if (rows.empty()) ...;  rows[0].text("name")
//
// A service verb is plain and synchronous and takes Transaction& first; the edge opens the transaction:
//   auto work = [&](db::Transaction& tx) { return gifts.send(tx, command); };
//   auto gift = co_await db.write(work);          // name the lambda first (GCC 12)
//
// Invariants: what write() returns successfully is durable; a failed work leaves nothing behind and harms no other
// that shares its commit (each has its own savepoint). Works must be repeatable: they may be run again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/base/result.hpp"
#include "platform/base/task.hpp"

namespace confidente::db {

/// A statement: its name is its metric's label and its cache key, so it is unique in the program.
struct Query {
    const char* name;
    const char* sql;
};

using Value = std::variant<std::nullptr_t, std::int64_t, std::string>;

struct Param {
    const char* name;
    Value value;

    Param(const char* n, std::nullptr_t) : name(n), value(nullptr) {}
    Param(const char* n, std::string v) : name(n), value(std::move(v)) {}
    Param(const char* n, std::string_view v) : name(n), value(std::string{v}) {}
    Param(const char* n, const char* v) : name(n), value(std::string{v}) {}
    template <std::integral T>
    Param(const char* n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
    template <class T>
    Param(const char* n, const std::optional<T>& v) : Param(v ? Param(n, *v) : Param(n, nullptr)) {}
};
using Params = std::vector<Param>;

/// One row; columns by the name the statement gives them. Asking for a column that is not there, or of another type,
/// is a bug of ours and aborts.
class Row {
public:
    Row(std::shared_ptr<const std::vector<std::string>> names, std::vector<Value> values);
    std::int64_t integer(std::string_view column) const;
    const std::string& text(std::string_view column) const;
    std::optional<std::int64_t> optional_integer(std::string_view column) const;
    std::optional<std::string> optional_text(std::string_view column) const;
    bool is_null(std::string_view column) const;

private:
    const Value& at(std::string_view column) const;
    std::shared_ptr<const std::vector<std::string>> names_;
    std::vector<Value> values_;
};
using Rows = std::vector<Row>;

class Transaction;

/// The rows of a statement that was begun by ask(). Lives no longer than its transaction.
class Asked {
public:
    using Slot = std::shared_ptr<std::optional<Result<Rows>>>;
    Asked(Transaction& tx, Slot slot) : tx_(tx), slot_(std::move(slot)) {}
    /// Waits for them; once. The errors of query().
    Result<Rows> rows();

private:
    Transaction& tx_;
    Slot slot_;
};

/// How many rows a statement must change, and what it means if it does not.
struct Expected {
    std::int64_t rows;
    Error otherwise;
};

/// One open transaction. Not thread-safe; lives only during the work it was given to.
///
/// Statements run in the order in which they are given. ask() and send() do not wait for them, so that the engine works
/// while the caller prepares the next; where the engine is this process, they are query() and execute().
class Transaction {
public:
    virtual ~Transaction() = default;
    /// Runs a statement and returns its rows (none for a plain write). Errors: `conflict` kind with code
    /// `unique_violation` (cause names the constraint), `check_violation`, `foreign_key_violation`; `storage_full`
    /// and `database_unavailable` (unavailable); anything else internal.
    virtual Result<Rows> query(const Query& query, const Params& params = {}) = 0;
    /// The same, for statements whose rows do not matter: how many rows were changed.
    virtual Result<std::int64_t> execute(const Query& query, const Params& params = {}) = 0;
    /// query(), whose rows are taken later.
    virtual Asked ask(const Query& query, const Params& params = {}) = 0;
    /// execute(), whose failure comes with whatever is waited for next and makes the whole work fail in any case.
    virtual void send(const Query& query, const Params& params = {}, std::optional<Expected> expected = {}) = 0;
    /// Waits for all that was begun; its first failure.
    virtual Status settle() = 0;
    /// Several statements without parameters or rows, for migrations.
    virtual Status script(std::string_view sql) = 0;
};

using Work = std::function<Status(Transaction&)>;
using Done = std::function<void(Status)>;

/// What runs many commands of one kind in one go; engines see it without its types.
class BatchRunner {
public:
    virtual ~BatchRunner() = default;
    /// One outcome for each command. An error of the whole means that nothing may stay of it.
    virtual Status run_all(Transaction& tx, std::span<void* const> commands, std::span<Status> outcomes) const = 0;
};

/// A verb that takes all commands that wait at once, to write them with few statements; a command that fails gives its
/// own error and writes nothing. It outlives the database.
template <class Command, class Answer>
class Batch final : public BatchRunner {
public:
    using Run = std::function<Result<std::vector<Result<Answer>>>(Transaction&, std::span<const Command* const>)>;
    explicit Batch(Run run) : run_(std::move(run)) {}
    Status run_all(Transaction& tx, std::span<void* const> commands, std::span<Status> outcomes) const override;

private:
    Run run_;
};

/// A work on its way to the database.
struct WorkItem {
    Work work;  ///< returns true to commit; may be called again if the group it shared had to be rolled back
    Done done;  ///< called after the commit, with an error if it failed, from a database thread
    const BatchRunner* batch = nullptr;                ///< may be run together with others of the same one
    std::shared_ptr<void> command = {};                ///< what `batch` takes
    std::chrono::steady_clock::time_point since = {};  ///< when it was put into its queue

    /// What it adds to its group: a work has a savepoint and statements of its own, a command shares its batch's.
    std::size_t weight() const { return batch ? 1 : kWorkWeight; }
    static constexpr std::size_t kWorkWeight = 4;
};

enum class Engine : std::uint8_t { sqlite, postgres };

/// A pool of connections to one database. Thread-safe.
class Database {
public:
    virtual ~Database() = default;
    virtual Engine engine() const = 0;

    /// Runs `work` in a read-write transaction on a database thread. Blocking callers (commands, tests) use the
    /// _blocking forms; never from an event loop.
    template <class F>
    auto write(F work) -> Task<std::invoke_result_t<F&, Transaction&>>;
    template <class F>
    auto read(F work) -> Task<std::invoke_result_t<F&, Transaction&>>;
    template <class F>
    auto write_blocking(F work) -> std::invoke_result_t<F&, Transaction&>;
    template <class F>
    auto read_blocking(F work) -> std::invoke_result_t<F&, Transaction&>;

    /// Called on a database thread after a commit of ours, and after another node has committed events into the outbox;
    /// must not block. For the outbox relay.
    virtual void on_commit(std::function<void()> listener) = 0;
    /// Runs `work` alone, after whoever writes now in any process and for as long as it takes: for migrations. Blocks.
    virtual Status run_alone(Work work) = 0;
    /// Runs a whole SQL script in one transaction, alone.
    Status run_script(std::string_view sql);

    /// Like write(), with all commands of `batch` that wait at the same time in one run.
    template <class Command, class Answer>
    Task<Result<Answer>> write_batched(const Batch<Command, Answer>& batch, Command command);
    template <class Command, class Answer>
    Result<Answer> write_batched_blocking(const Batch<Command, Answer>& batch, Command command);

protected:
    virtual void submit_write(WorkItem item) = 0;
    virtual void submit_read(WorkItem item) = 0;

private:
    template <class F>
    auto run(F work, bool writes) -> Task<std::invoke_result_t<F&, Transaction&>>;
    template <class F>
    auto run_blocking(F work, bool writes) -> std::invoke_result_t<F&, Transaction&>;
    Status wait_for(std::function<void(Done)> begin);
};

}  // namespace confidente::db

#include "platform/db/database_impl.hpp"
