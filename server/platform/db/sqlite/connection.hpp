// One SQLite connection with its prepared statements. Used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "platform/base/metrics.hpp"
#include "platform/db/group.hpp"

namespace confidente::db::sqlite {

enum class Mode : std::uint8_t { write, read };
enum class Sync : std::uint8_t { full, off };

inline constexpr std::size_t kMaxStatements = 512;  ///< prepared per connection; far above what the slices have

class Connection final : public WritingSession {
public:
    static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Mode mode, Sync sync);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Result<Rows> query(const Query& query, const Params& params) override;
    Result<std::int64_t> execute(const Query& query, const Params& params) override;
    Status script(std::string_view sql) override;
    Asked ask(const Query& query, const Params& params) override;
    void send(const Query& query, const Params& params, std::optional<Expected> expected) override;
    Status settle() override;

    Status begin() override;
    Status mark() override;
    Status undo() override;
    Status release() override;
    Status commit() override;
    void rollback() override;
    /// True while a transaction is open; SQLite closes it by itself after some errors (full disk, lost file).
    bool in_transaction() const override;
    bool lost() const override { return false; }
    /// A transaction that sees one moment and writes nothing; rollback() ends it.
    Status begin_reading();

private:
    struct Statement {
        sqlite3_stmt* handle = nullptr;
        std::shared_ptr<const std::vector<std::string>> names;
        metrics::Counter* runs = nullptr;
        metrics::Counter* failures = nullptr;
    };

    explicit Connection(sqlite3* handle) : handle_(handle) {}
    Result<Statement*> prepare(const Query& query);
    Status bind(const Query& query, sqlite3_stmt* statement, const Params& params);
    Result<std::int64_t> run(const Query& query, const Params& params, Rows* rows);
    Result<std::int64_t> run_statement(const Query& query, const Params& params, Rows* rows);
    Status begin_with(const char* sql);
    Error error(int code, std::string_view where) const;
    void forget_statements();

    sqlite3* handle_;
    void begin_work();

    bool failed_ = false;                                    ///< a statement of the running work has failed
    std::optional<Error> sent_failure_;                      ///< and nobody has waited for it yet
    std::unordered_map<std::string, Statement> statements_;  ///< by SQL text
};

}  // namespace confidente::db::sqlite
