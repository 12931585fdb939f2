#include "platform/db/sqlite/connection.hpp"

#include <utility>

namespace confidente::db::sqlite {

namespace {

/// How long a statement waits for another process (a backup, a command) that holds the file.
constexpr int kBusyTimeoutMs = 5000;

std::string pragmas(Mode mode, Sync sync) {
    std::string sql = "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";
    sql += sync == Sync::full ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=OFF;";
    if (mode == Mode::write) return "PRAGMA journal_mode=WAL;" + sql;
    return sql + "PRAGMA query_only=ON;";
}

std::shared_ptr<const std::vector<std::string>> column_names(sqlite3_stmt* statement) {
    auto names = std::make_shared<std::vector<std::string>>();
    const int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; ++i) names->emplace_back(sqlite3_column_name(statement, i));
    return names;
}

Value column(sqlite3_stmt* statement, int index) {
    switch (sqlite3_column_type(statement, index)) {
        case SQLITE_NULL:
            return nullptr;
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(statement, index)};
        default: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
            return text ? std::string{text, size} : std::string{};
        }
    }
}

int compare_bytes(void*, int left_size, const void* left, int right_size, const void* right) {
    const std::string_view a{static_cast<const char*>(left), static_cast<std::size_t>(left_size)};
    return a.compare({static_cast<const char*>(right), static_cast<std::size_t>(right_size)});
}

/// A statement left unreset keeps its locks; resetting also forgets the borrowed parameters.
struct Reset {
    sqlite3_stmt* statement;
    ~Reset() {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
};

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Mode mode, Sync sync) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Connection> connection{new Connection{handle}};
    if (code != SQLITE_OK) return connection->error(code, file.string());
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    // PostgreSQL's name for comparing bytes, so that one statement can ask for it on both.
    sqlite3_create_collation(handle, "C", SQLITE_UTF8, nullptr, compare_bytes);
    TRY_VOID(connection->script(pragmas(mode, sync)));
    return connection;
}

Connection::~Connection() {
    forget_statements();
    sqlite3_close_v2(handle_);
}

void Connection::forget_statements() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement.handle);
    statements_.clear();
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Error Connection::error(int code, std::string_view where) const {
    std::string cause{where};
    cause += ": ";
    cause += handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    const auto conflict = [&](const char* name) {
        return Error{ErrorKind::conflict, name, "The change contradicts what is stored.", cause};
    };
    switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return conflict("unique_violation");
        case SQLITE_CONSTRAINT_CHECK:
        case SQLITE_CONSTRAINT_NOTNULL:
            return conflict("check_violation");
        case SQLITE_CONSTRAINT_FOREIGNKEY:
            return conflict("foreign_key_violation");
        default:
            break;
    }
    switch (code & 0xff) {
        case SQLITE_FULL:
            return Error{ErrorKind::unavailable, "storage_full", "The storage is full.", cause, {}, 60};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_NOMEM:
            return Error{
                ErrorKind::unavailable, "database_unavailable", "The database is not available.", cause, {}, 5};
        default:
            return internal_error(cause);
    }
}

Status Connection::script(std::string_view sql) {
    const std::string text{sql};
    const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return error(sqlite3_extended_errcode(handle_), text.substr(0, 60));
    return {};
}

Status Connection::begin() { return begin_with("BEGIN IMMEDIATE"); }

Status Connection::begin_reading() { return begin_with("BEGIN"); }

void Connection::begin_work() {
    failed_ = false;
    sent_failure_.reset();
}

Status Connection::begin_with(const char* sql) {
    begin_work();
    return script(sql);
}

Status Connection::mark() {
    begin_work();
    return script("SAVEPOINT work");
}

Status Connection::undo() {
    begin_work();
    return script("ROLLBACK TO work; RELEASE work");
}

Status Connection::release() {
    if (!failed_) return script("RELEASE work");
    TRY_VOID(undo());
    return internal_error("a work went on after a failed statement");
}

Status Connection::commit() { return script("COMMIT"); }

void Connection::rollback() {
    if (in_transaction()) (void)script("ROLLBACK");
}

Result<Connection::Statement*> Connection::prepare(const Query& query) {
    if (const auto found = statements_.find(query.sql); found != statements_.end()) return &found->second;
    if (statements_.size() >= kMaxStatements) forget_statements();
    Statement statement;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(handle_, query.sql, -1, SQLITE_PREPARE_PERSISTENT, &statement.handle, &tail);
    if (code != SQLITE_OK) return error(code, query.name);
    if (!statement.handle) return internal_error(std::string{query.name} + ": empty statement");
    statement.names = column_names(statement.handle);
    const std::string label = "query=\"" + std::string{query.name} + "\"";
    statement.runs = &metrics::registry().counter("confidente_db_queries_total", "Statements run", label);
    statement.failures = &metrics::registry().counter("confidente_db_query_failures_total", "Statements failed", label);
    return &statements_.emplace(query.sql, std::move(statement)).first->second;
}

Status Connection::bind(const Query& query, sqlite3_stmt* statement, const Params& params) {
    int bound = 0;
    for (const auto& param : params) {
        const std::string name = std::string{":"} + param.name;
        const int index = sqlite3_bind_parameter_index(statement, name.c_str());
        if (index == 0) return internal_error(std::string{query.name} + ": no parameter " + name);
        int code = SQLITE_OK;
        if (const auto* integer = std::get_if<std::int64_t>(&param.value)) {
            code = sqlite3_bind_int64(statement, index, *integer);
        } else if (const auto* text = std::get_if<std::string>(&param.value)) {
            code = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        if (code != SQLITE_OK) return error(code, query.name);
        ++bound;
    }
    if (bound != sqlite3_bind_parameter_count(statement)) {
        return internal_error(std::string{query.name} + ": not every parameter was given");
    }
    return {};
}

Result<std::int64_t> Connection::run(const Query& query, const Params& params, Rows* rows) {
    TRY_VOID(settle());
    if (failed_) return internal_error(std::string{query.name} + ": after a failed statement");
    auto ran = run_statement(query, params, rows);
    failed_ = !ran && in_transaction();
    return ran;
}

Result<std::int64_t> Connection::run_statement(const Query& query, const Params& params, Rows* rows) {
    TRY(Statement * statement, prepare(query));
    const Reset reset{statement->handle};
    statement->runs->add();
    TRY_VOID(bind(query, statement->handle, params));
    for (;;) {
        const int code = sqlite3_step(statement->handle);
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_ROW) {
            statement->failures->add();
            return error(code, query.name);
        }
        if (!rows) continue;
        const int columns = sqlite3_column_count(statement->handle);
        // A migration may have changed what `*` means since the statement was prepared.
        if (statement->names->size() != static_cast<std::size_t>(columns)) {
            statement->names = column_names(statement->handle);
        }
        std::vector<Value> values;
        values.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) values.push_back(column(statement->handle, i));
        rows->emplace_back(statement->names, std::move(values));
    }
    return sqlite3_stmt_readonly(statement->handle) ? 0 : std::int64_t{sqlite3_changes64(handle_)};
}

Result<Rows> Connection::query(const Query& query, const Params& params) {
    Rows rows;
    TRY_VOID(run(query, params, &rows));
    return rows;
}

Result<std::int64_t> Connection::execute(const Query& query, const Params& params) {
    return run(query, params, nullptr);
}

Asked Connection::ask(const Query& query, const Params& params) {
    return {*this, std::make_shared<std::optional<Result<Rows>>>(this->query(query, params))};
}

void Connection::send(const Query& query, const Params& params, std::optional<Expected> expected) {
    const auto changed = run(query, params, nullptr);
    if (changed && (!expected || *changed == expected->rows)) return;
    failed_ = true;
    if (!sent_failure_) sent_failure_ = changed ? std::move(expected->otherwise) : changed.error();
}

Status Connection::settle() {
    if (sent_failure_) return *std::exchange(sent_failure_, {});
    return {};
}

}  // namespace confidente::db::sqlite
