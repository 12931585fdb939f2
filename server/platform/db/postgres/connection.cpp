#include "platform/db/postgres/connection.hpp"

#include <algorithm>
#include <cstring>

#include "platform/db/postgres/errors.hpp"
#include "platform/db/postgres/translate.hpp"

namespace confidente::db::postgres {

namespace {

constexpr Oid kInt8 = 20, kText = 25;
constexpr int kOldestServer = 150000;
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
    backend_ = PQbackendPID(handle_);
    used_ = open_transaction_ = false;
    begin_work();
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
    for (auto& flight : std::exchange(flights_, {})) {
        if (flight.rows && !*flight.rows) flight.rows->emplace(unavailable("the connection was lost under way"));
    }
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

Status Connection::dispatch(const Query& query, const Params& params, Flight flight) {
    if (sent_failure_) return *std::exchange(sent_failure_, {});
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
    TRY_VOID(send_waiting(flight));
    flight.statement = &statement;
    flight.prepares = !std::exchange(statement.prepared, true);
    const int count = static_cast<int>(values.size());
    if (flight.prepares &&
        PQsendPrepare(handle_, statement.name.c_str(), statement.sql.c_str(), count, types.data()) != 1)
        return lose(query.name);
    if (PQsendQueryPrepared(handle_, statement.name.c_str(), count, values.data(), nullptr, nullptr, 0) != 1)
        return lose(query.name);
    flights_.push_back(std::move(flight));
    return {};
}

Asked Connection::ask(const Query& query, const Params& params) {
    auto slot = std::make_shared<std::optional<Result<Rows>>>();
    auto begun = dispatch(query, params, {.name = query.name, .rows = slot});
    if (begun && PQflush(handle_) < 0) begun = lose(query.name);
    if (!begun) slot->emplace(begun.error());
    return {*this, std::move(slot)};
}

void Connection::send(const Query& query, const Params& params, std::optional<Expected> expected) {
    auto begun = dispatch(query, params, {.name = query.name, .expected = std::move(expected)});
    // The server begins now; what its socket does not take yet goes with the next.
    if (begun && PQflush(handle_) < 0) begun = lose(query.name);
    if (!begun && !sent_failure_) sent_failure_ = begun.error();
}

Result<Rows> Connection::query(const Query& query, const Params& params) {
    auto slot = std::make_shared<std::optional<Result<Rows>>>();
    TRY_VOID(dispatch(query, params, {.name = query.name, .rows = slot}));
    TRY_VOID(land());
    return std::move(**slot);
}

Result<std::int64_t> Connection::execute(const Query& query, const Params& params) {
    TRY_VOID(dispatch(query, params, {.name = query.name}));
    TRY(const auto landed, land());
    return landed.changed;
}

Status Connection::script(std::string_view sql) {
    const std::string text{sql};
    const bool piped = PQpipelineStatus(handle_) != PQ_PIPELINE_OFF;
    TRY_VOID(settle());
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

void Connection::begin_work() {
    failed_ = false;
    sent_failure_.reset();
}

Status Connection::begin() {
    for (;;) {
        TRY_VOID(ensure_open());
        const bool may_be_stale = used_;
        begin_work();
        waiting_ = {"BEGIN"};
        works_ = 0;
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
    begin_work();
    waiting_ = {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
    open_transaction_ = true;
    return {};
}

Status Connection::mark() {
    begin_work();
    waiting_.push_back("SAVEPOINT w" + std::to_string(++works_));
    return {};
}

Status Connection::undo() {
    // After a failure the server skips everything until we have waited for it.
    (void)settle();
    if (!handle_) return unavailable("undo: the connection is lost");
    // Each work has a name of its own. Should the RELEASE of the one before have failed, which travelled with our first
    // statement, then ours was never marked: going back to it fails, and so does the commit. With one name for all we
    // would go back to before a work that has been told it succeeded.
    const std::string name = "w" + std::to_string(works_);
    // What the server has not even heard of is undone by not saying it.
    if (!waiting_.empty() && waiting_.back() == "SAVEPOINT " + name) {
        waiting_.pop_back();
    } else {
        waiting_.push_back("ROLLBACK TO " + name);
        waiting_.push_back("RELEASE " + name);
    }
    begin_work();
    return {};
}

Status Connection::release() {
    if (failed_) {
        TRY_VOID(undo());
        return internal_error("a work went on after a failed statement");
    }
    waiting_.push_back("RELEASE w" + std::to_string(works_));
    return {};
}

Status Connection::commit() {
    if (!handle_) return unavailable("commit: the connection is lost");
    const auto ended = command("COMMIT");
    open_transaction_ = false;
    if (!ended) {
        Error error = ended.error();
        if (!handle_) error.cause = "the outcome of a commit is unknown: " + error.cause;
        return error;
    }
    // Of a transaction that has failed, COMMIT makes a rollback without complaint.
    if (*ended != "COMMIT") return internal_error("the commit became a rollback");
    return {};
}

void Connection::rollback() {
    if (!handle_) return;
    (void)settle();
    if (!handle_) return;
    // A transaction that was never begun needs no end.
    const bool begun = PQtransactionStatus(handle_) != PQTRANS_IDLE;
    waiting_.clear();
    if (begun) (void)command("ROLLBACK");
    open_transaction_ = false;
}

}  // namespace confidente::db::postgres
