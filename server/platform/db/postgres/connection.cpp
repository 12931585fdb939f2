#include "platform/db/postgres/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "platform/db/postgres/errors.hpp"
#include "platform/db/postgres/translate.hpp"

namespace confidente::db::postgres {

namespace {

constexpr Oid kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kNumeric = 1700;
constexpr int kOldestServer = 150000;
/// How much later than the server's own limit we stop waiting for its answer.
constexpr std::chrono::milliseconds kAnswerMargin{1000};
/// After a failed attempt to connect, how long everyone else is refused at once.
constexpr std::chrono::milliseconds kPause{250};
/// One writer among all nodes of a database: the name of the lock ("confiden" in ASCII).
constexpr const char* kWriterLock = "SELECT pg_advisory_xact_lock(x'636f6e666964656e'::bigint)";

/// Writers look rows up by their keys. A plan made while a table was small, or before it was analysed, would read all
/// of it and stay that way: 64 gifts waited 90 ms for one look at 7 000 idempotency keys. Readers may walk tables and
/// join them as they like.
constexpr const char* kByKey =
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; ";

std::string session_settings(const PostgresConfig& config, Purpose purpose) {
    const auto ms = [](std::chrono::milliseconds limit) { return std::to_string(limit.count()); };
    return std::string{purpose == Purpose::write ? kByKey : ""} +
           "SET statement_timeout = " + ms(config.statement_timeout) +
           "; SET lock_timeout = " + ms(config.lock_timeout) +
           // A node that hangs must not keep the others from writing.
           "; SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning; "
           "SET jit = off; SET standard_conforming_strings = on; SET bytea_output = hex; "
           // What is answered is durable, whatever the server's default is.
           "SELECT set_config('synchronous_commit', 'on', false) "
           "WHERE current_setting('synchronous_commit') IN ('off', 'local')";
}

std::string trimmed(const char* message) {
    std::string text = message ? message : "";
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text ? text : "";
}

Result<std::int64_t> whole_number(std::string_view text, std::string_view where) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size())
        return internal_error(std::string{where} + ": a number that does not fit 64 bits");
    return number;
}

std::shared_ptr<const std::vector<std::string>> column_names(const PGresult* result) {
    auto names = std::make_shared<std::vector<std::string>>();
    for (int i = 0; i < PQnfields(result); ++i) names->emplace_back(PQfname(result, i));
    return names;
}

}  // namespace

/// Parameters as libpq takes them, in the order in which they were given; text_of() keeps what they point to.
struct Connection::Arguments {
    explicit Arguments(const Params& given) : params(given) {
        for (const auto& param : params) {
            if (const auto* integer = std::get_if<std::int64_t>(&param.value)) {
                numbers.push_back(std::to_string(*integer));
                types += 'i';
            } else {
                numbers.emplace_back();
                types += std::holds_alternative<std::string>(param.value) ? 't' : 'n';
            }
        }
    }
    const char* text_of(std::size_t i) const {
        if (types[i] == 'n') return nullptr;
        return types[i] == 'i' ? numbers[i].c_str() : std::get<std::string>(params[i].value).c_str();
    }
    /// Null's type is what the statement makes of it.
    Oid type_of(std::size_t i) const { return types[i] == 'n' ? 0 : types[i] == 'i' ? kInt8 : kText; }
    std::size_t find(std::string_view name) const {
        const auto same = [name](const Param& param) { return param.name == name; };
        return static_cast<std::size_t>(std::find_if(params.begin(), params.end(), same) - params.begin());
    }

    const Params& params;
    std::vector<std::string> numbers;
    std::string types;  ///< a letter each
};

Status Connection::ensure_open() {
    if (handle_) return {};
    const auto now = std::chrono::steady_clock::now();
    if (now < not_before_) return unavailable("connecting failed a moment ago");
    auto connected = connect();
    if (!connected) {
        close();
        not_before_ = std::chrono::steady_clock::now() + kPause;
    }
    return connected;
}

Status Connection::connect() {
    const char* keys[] = {"application_name", "connect_timeout", "tcp_user_timeout",
                          "dbname",           "client_encoding", nullptr};
    const char* values[] = {"confidente", "3", "5000", config_.url.c_str(), "UTF8", nullptr};
    handle_ = PQconnectdbParams(keys, values, 1);
    if (PQstatus(handle_) != CONNECTION_OK) return unavailable("connecting: " + trimmed(PQerrorMessage(handle_)));
    PQsetNoticeProcessor(
        handle_, [](void*, const char*) {}, nullptr);
    const char* encoding = PQparameterStatus(handle_, "server_encoding");
    if (PQserverVersion(handle_) < kOldestServer || !encoding || std::strcmp(encoding, "UTF8") != 0)
        return Error{ErrorKind::internal, "database_unsuitable",
                     "The database must be PostgreSQL 15 or newer, and its encoding UTF8.",
                     "server version " + std::to_string(PQserverVersion(handle_))};
    PQsetnonblocking(handle_, 1);
    used_ = failed_ = open_transaction_ = false;
    TRY_VOID(script(session_settings(config_, purpose_)));
    if (handle_ && PQenterPipelineMode(handle_) != 1) return unavailable("no pipeline mode");
    return {};
}

void Connection::close() {
    if (handle_) PQfinish(handle_);
    handle_ = nullptr;
    open_transaction_ = false;
    waiting_.clear();
    statements_.clear();
    last_ = nullptr;
}

Error Connection::lose(std::string_view where) {
    std::string cause{where};
    cause += ": ";
    cause += handle_ ? trimmed(PQerrorMessage(handle_)) : "the connection is lost";
    close();
    return unavailable(std::move(cause));
}

Error Connection::error_of(const PGresult* result, std::string_view where) {
    const std::string sqlstate = field(result, PG_DIAG_SQLSTATE);
    std::string cause = std::string{where} + ": " + field(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    if (!constraint.empty()) cause += " (" + field(result, PG_DIAG_TABLE_NAME) + "." + constraint + ")";
    failed_ = true;
    // libpq's own words: the line broke, and no server had said why. It may come as a result, too.
    if (sqlstate.empty() && PQstatus(handle_) == CONNECTION_BAD) return lose(where);
    // The statement was prepared for tables that have changed since: forget all of them with the connection.
    const bool outdated = sqlstate == "0A000" && cause.find("cached plan") != std::string::npos;
    Error error =
        sqlstate == "0A000" && !outdated ? internal_error(std::move(cause)) : error_for(sqlstate, std::move(cause));
    if (outdated || ends_connection(sqlstate)) close();
    return error;
}

Status Connection::wait(short events) {
    using std::chrono::milliseconds;
    const bool limited = config_.statement_timeout.count() > 0;
    const auto limit = std::chrono::steady_clock::now() + config_.statement_timeout + kAnswerMargin;
    for (;;) {
        int left = -1;
        if (limited) {
            const auto rest = std::chrono::duration_cast<milliseconds>(limit - std::chrono::steady_clock::now());
            left = static_cast<int>(std::max<std::int64_t>(0, rest.count()));
        }
        pollfd socket{PQsocket(handle_), events, 0};
        const int ready = poll(&socket, 1, left);
        if (ready > 0) return {};
        if (ready == 0) return unavailable("the server does not answer");
        if (errno != EINTR) return unavailable("poll failed");
    }
}

Status Connection::flush() {
    for (;;) {
        const int left = PQflush(handle_);
        if (left == 0) return {};
        if (left < 0) return lose("sending");
        if (auto ready = wait(POLLIN | POLLOUT); !ready) {
            close();
            return ready;
        }
        // The server may be waiting for us to read before it reads on.
        if (PQconsumeInput(handle_) != 1) return lose("sending");
    }
}

Result<ResultPtr> Connection::next_result() {
    while (PQisBusy(handle_)) {
        if (auto ready = wait(POLLIN); !ready) {
            close();
            return ready.error();
        }
        // A server that says goodbye sends the reason first: take it before the closed socket is an error.
        if (PQconsumeInput(handle_) != 1 && PQisBusy(handle_)) return lose("receiving");
    }
    return ResultPtr{PQgetResult(handle_)};
}

Result<ResultPtr> Connection::finish_pipeline(std::size_t results, Statement* preparing, std::string_view where) {
    if (PQpipelineSync(handle_) != 1) return lose(where);
    TRY_VOID(flush());
    const std::size_t prepare_at = preparing ? results - 2 : results;
    ResultPtr last;
    std::optional<Error> failure;
    for (std::size_t i = 0; i < results; ++i) {
        TRY(last, next_result());
        if (!last) return lose(where);
        const auto status = PQresultStatus(last.get());
        if (status == PGRES_FATAL_ERROR && !failure) {
            failure = error_of(last.get(), where);
            if (!handle_) return *failure;
        }
        if (i == prepare_at && status == PGRES_COMMAND_OK) preparing->prepared = true;
        TRY(const auto none, next_result());
    }
    TRY(const auto sync, next_result());
    if (!sync || PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) return lose(where);
    used_ = true;
    if (failure) return *failure;
    return last;
}

Result<ResultPtr> Connection::command(const char* sql) {
    waiting_.push_back(sql);
    for (const char* text : waiting_) {
        if (PQsendQueryParams(handle_, text, 0, nullptr, nullptr, nullptr, nullptr, 0) != 1) return lose(sql);
    }
    const std::size_t sent = std::exchange(waiting_, {}).size();
    return finish_pipeline(sent, nullptr, sql);
}

Connection::Statement& Connection::statement_for(const Query& query, const Arguments& arguments) {
    std::string key = query.sql;
    key += '\n';
    key += arguments.types;
    if (const auto found = statements_.find(key); found != statements_.end()) return found->second;
    Statement statement;
    auto translated = translate(query.sql);
    statement.sql = std::move(translated.sql);
    statement.parameters = std::move(translated.names);
    statement.name = "s" + std::to_string(named_++);
    const std::string label = "query=\"" + std::string{query.name} + "\"";
    statement.runs = &metrics::registry().counter("confidente_db_queries_total", "Statements run", label);
    statement.failures = &metrics::registry().counter("confidente_db_query_failures_total", "Statements failed", label);
    return statements_.emplace(std::move(key), std::move(statement)).first->second;
}

Result<ResultPtr> Connection::run(const Query& query, const Params& params) {
    if (!handle_) return unavailable(std::string{query.name} + ": the connection is lost");
    if (failed_) return internal_error(std::string{query.name} + ": after a failed statement");
    const Arguments arguments{params};
    for (const auto& param : params) {
        const auto* text = std::get_if<std::string>(&param.value);
        if (text && text->find('\0') != std::string::npos) {
            failed_ = true;
            return error_for("22021", std::string{query.name} + ": a zero byte in " + param.name);
        }
    }
    Statement& statement = statement_for(query, arguments);
    statement.runs->add();
    std::vector<const char*> values;
    std::vector<Oid> types;
    for (const auto& name : statement.parameters) {
        const std::size_t i = arguments.find(name);
        if (i == params.size()) break;
        values.push_back(arguments.text_of(i));
        types.push_back(arguments.type_of(i));
    }
    if (values.size() != statement.parameters.size() || values.size() != params.size()) {
        failed_ = true;
        return internal_error(std::string{query.name} + ": the parameters are not those of the statement");
    }
    std::size_t results = waiting_.size() + 1;
    for (const char* text : std::exchange(waiting_, {})) {
        if (PQsendQueryParams(handle_, text, 0, nullptr, nullptr, nullptr, nullptr, 0) != 1) return lose(query.name);
    }
    const int count = static_cast<int>(values.size());
    const bool prepare = !statement.prepared;
    if (prepare) {
        ++results;
        if (PQsendPrepare(handle_, statement.name.c_str(), statement.sql.c_str(), count, types.data()) != 1)
            return lose(query.name);
    }
    if (PQsendQueryPrepared(handle_, statement.name.c_str(), count, values.data(), nullptr, nullptr, 0) != 1)
        return lose(query.name);
    last_ = &statement;
    auto* failures = statement.failures;
    auto result = finish_pipeline(results, prepare ? &statement : nullptr, query.name);
    if (!result) failures->add();
    return result;
}

Result<Rows> Connection::rows_of(const PGresult* result, Statement& statement) {
    const int columns = PQnfields(result);
    if (!statement.columns || statement.columns->size() != static_cast<std::size_t>(columns))
        statement.columns = column_names(result);
    Rows rows;
    for (int r = 0; r < PQntuples(result); ++r) {
        std::vector<Value> values;
        values.reserve(static_cast<std::size_t>(columns));
        for (int c = 0; c < columns; ++c) {
            const std::string_view text{PQgetvalue(result, r, c), static_cast<std::size_t>(PQgetlength(result, r, c))};
            const Oid type = PQftype(result, c);
            if (PQgetisnull(result, r, c)) {
                values.emplace_back(nullptr);
            } else if (type == kInt8 || type == kInt4 || type == kInt2 || type == kNumeric) {
                TRY(const auto number, whole_number(text, (*statement.columns)[static_cast<std::size_t>(c)]));
                values.emplace_back(number);
            } else if (type == kBool) {
                values.emplace_back(std::int64_t{text == "t"});
            } else {
                values.emplace_back(std::string{text});
            }
        }
        rows.emplace_back(statement.columns, std::move(values));
    }
    return rows;
}

Result<Rows> Connection::query(const Query& query, const Params& params) {
    TRY(const auto result, run(query, params));
    return rows_of(result.get(), *last_);
}

Result<std::int64_t> Connection::execute(const Query& query, const Params& params) {
    TRY(auto result, run(query, params));
    // SELECT changes nothing, though it counts what it gave.
    if (std::string_view{PQcmdStatus(result.get())}.starts_with("SELECT")) return std::int64_t{0};
    const std::string_view changed = PQcmdTuples(result.get());
    if (changed.empty()) return std::int64_t{0};
    return whole_number(changed, query.name);
}

Status Connection::script(std::string_view sql) {
    const std::string text{sql};
    const bool piped = PQpipelineStatus(handle_) != PQ_PIPELINE_OFF;
    if (failed_) return internal_error("a script after a failed statement");
    if (piped && !waiting_.empty()) TRY_VOID(command("SELECT 1"));
    // Several statements in one text are for the simple protocol, which pipelines do not speak.
    if (piped && PQexitPipelineMode(handle_) != 1) return lose("script");
    if (PQsendQuery(handle_, text.c_str()) != 1) return lose("script");
    TRY_VOID(flush());
    std::optional<Error> failure;
    for (;;) {
        TRY(const auto result, next_result());
        if (!result) break;
        if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR && !failure) {
            failure = error_of(result.get(), text.substr(0, 60));
            if (!handle_) return *failure;
        }
    }
    if (piped && PQenterPipelineMode(handle_) != 1) return lose("script");
    if (failure) return *failure;
    return {};
}

Status Connection::begin() {
    for (;;) {
        TRY_VOID(ensure_open());
        const bool may_be_stale = used_;
        failed_ = false;
        waiting_ = {"BEGIN"};
        const auto begun = command(kWriterLock);
        open_transaction_ = handle_ && PQtransactionStatus(handle_) == PQTRANS_INTRANS;
        if (begun) return {};
        // A connection that was lost while nobody looked is no reason to refuse anyone.
        if (!handle_ && may_be_stale) continue;
        if (handle_) rollback();
        open_transaction_ = false;
        return begun.error();
    }
}

Status Connection::begin_reading() {
    TRY_VOID(ensure_open());
    failed_ = false;
    waiting_ = {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    open_transaction_ = true;
    return {};
}

Status Connection::mark() {
    failed_ = false;
    waiting_.push_back("SAVEPOINT work");
    return {};
}

Status Connection::undo() {
    // What the server has not even heard of is undone by not saying it.
    if (!waiting_.empty() && std::string_view{waiting_.back()} == "SAVEPOINT work") {
        waiting_.pop_back();
    } else {
        waiting_.push_back("ROLLBACK TO work");
        waiting_.push_back("RELEASE work");
    }
    failed_ = false;
    return {};
}

Status Connection::release() {
    if (failed_) {
        TRY_VOID(undo());
        return internal_error("a work went on after a failed statement");
    }
    waiting_.push_back("RELEASE work");
    return {};
}

Status Connection::commit() {
    if (!handle_) return unavailable("commit: the connection is lost");
    auto ended = command("COMMIT");
    open_transaction_ = false;
    if (!ended) {
        Error error = ended.error();
        if (!handle_) error.cause = "the outcome of a commit is unknown: " + error.cause;
        return error;
    }
    // Of a transaction that has failed, COMMIT makes a rollback without complaint.
    if (std::string_view{PQcmdStatus(ended->get())} != "COMMIT") return internal_error("the commit became a rollback");
    return {};
}

void Connection::rollback() {
    if (!handle_) return;
    // A transaction that was never begun needs no end.
    const bool begun = PQtransactionStatus(handle_) != PQTRANS_IDLE;
    waiting_.clear();
    if (begun) (void)command("ROLLBACK");
    open_transaction_ = false;
}

}  // namespace confidente::db::postgres
