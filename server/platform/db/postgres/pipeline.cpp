// How a connection waits: statements fly, and land in the order in which they were sent.
#include <poll.h>

#include <charconv>

#include "platform/db/postgres/connection.hpp"
#include "platform/db/postgres/errors.hpp"

namespace confidente::db::postgres {

namespace {

constexpr Oid kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kNumeric = 1700;
/// How much later than the server's own limit we stop waiting for its answer.
constexpr std::chrono::milliseconds kAnswerMargin{1000};

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

Result<Connection::Landed> Connection::land() {
    // Taken first: losing the connection forgets them, and whoever asked must learn why.
    auto flights = std::exchange(flights_, {});
    auto landed = land_all(flights);
    if (!landed) {
        for (auto& flight : flights) {
            if (flight.rows && !*flight.rows) flight.rows->emplace(landed.error());
        }
    }
    return landed;
}

Result<Connection::Landed> Connection::land_all(std::vector<Flight>& flights) {
    std::optional<Error> failure = std::exchange(sent_failure_, {});
    Landed last;
    if (!flights.empty()) {
        const char* where = flights.front().name;
        if (PQpipelineSync(handle_) != 1) return lose(where);
        TRY_VOID(flush());
        for (auto& flight : flights) {
            TRY(last, land_one(flight, failure));
        }
        TRY(const auto sync, next_result());
        if (!sync || PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) return lose(where);
        used_ = true;
    }
    if (failure) return *failure;
    return last;
}

Result<Connection::Landed> Connection::land_one(Flight& flight, std::optional<Error>& failure) {
    const std::size_t results = flight.commands + (flight.prepares ? 1 : 0) + 1;
    Landed landed;
    for (std::size_t i = 0; i < results; ++i) {
        TRY(const auto result, next_result());
        if (!result) return lose(flight.name);
        const auto status = PQresultStatus(result.get());
        const bool ran = status != PGRES_FATAL_ERROR && status != PGRES_PIPELINE_ABORTED;
        if (flight.prepares && i == flight.commands) flight.statement->prepared = ran;
        if (status == PGRES_FATAL_ERROR && !failure) {
            if (flight.statement) flight.statement->failures->add();
            failure = error_of(result.get(), flight.name);
            if (!handle_) return *failure;
        }
        if (i + 1 == results && !failure) {
            auto outcome = outcome_of(flight, result.get());
            if (outcome) landed = std::move(*outcome);
            if (!outcome) failure = outcome.error();
            failed_ = failed_ || failure;
        }
        TRY(const auto none, next_result());
    }
    if (failure && flight.rows) flight.rows->emplace(*failure);
    return landed;
}

Result<Connection::Landed> Connection::outcome_of(Flight& flight, const PGresult* result) {
    Landed landed;
    landed.status = PQcmdStatus(const_cast<PGresult*>(result));
    if (flight.rows) {
        TRY(auto rows, rows_of(result, *flight.statement));
        flight.rows->emplace(std::move(rows));
    }
    // SELECT changes nothing, though it counts what it gave.
    const std::string_view changed = PQcmdTuples(const_cast<PGresult*>(result));
    if (!changed.empty() && !landed.status.starts_with("SELECT")) {
        TRY(landed.changed, whole_number(changed, flight.name));
    }
    if (flight.expected && landed.changed != flight.expected->rows) return flight.expected->otherwise;
    return landed;
}

Status Connection::settle() {
    if (flights_.empty() && !sent_failure_) return {};
    const auto landed = land();
    if (!landed) return landed.error();
    return {};
}

Status Connection::send_waiting(Flight& flight) {
    flight.commands = waiting_.size();
    for (const auto& text : std::exchange(waiting_, {})) {
        if (PQsendQueryParams(handle_, text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) != 1)
            return lose(flight.name);
    }
    return {};
}

Result<std::string> Connection::command(const char* sql) {
    Flight flight{.name = sql};
    TRY_VOID(send_waiting(flight));
    if (PQsendQueryParams(handle_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) != 1) return lose(sql);
    flights_.push_back(std::move(flight));
    TRY(auto landed, land());
    return std::move(landed.status);
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

}  // namespace confidente::db::postgres
