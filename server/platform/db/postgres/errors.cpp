#include "platform/db/postgres/errors.hpp"

namespace confidente::db::postgres {

namespace {

Error conflict(const char* code, std::string cause) {
    return {ErrorKind::conflict, code, "The change contradicts what is stored.", std::move(cause)};
}
Error busy(std::string cause) {
    return {ErrorKind::unavailable, "busy", "The server is busy; try again.", std::move(cause), {}, 1};
}

}  // namespace

Error unavailable(std::string cause) {
    return {ErrorKind::unavailable, "database_unavailable", "The database is not available.", std::move(cause), {}, 5};
}

Error error_for(std::string_view sqlstate, std::string cause) {
    cause += " [";
    cause += sqlstate;
    cause += ']';
    if (sqlstate == "23505") return conflict("unique_violation", std::move(cause));
    if (sqlstate == "23514" || sqlstate == "23502") return conflict("check_violation", std::move(cause));
    if (sqlstate == "23503") return conflict("foreign_key_violation", std::move(cause));
    if (sqlstate == "53100")  // disk_full
        return {ErrorKind::unavailable, "storage_full", "The storage is full.", std::move(cause), {}, 60};
    // lock_not_available, query_canceled (statement_timeout), deadlock_detected, serialization_failure, and a plan that
    // a migration has outdated: the same works the next time.
    if (sqlstate == "55P03" || sqlstate == "57014" || sqlstate == "40P01" || sqlstate == "40001" || sqlstate == "0A000")
        return busy(std::move(cause));
    // character_not_in_repertoire, untranslatable_character
    if (sqlstate == "22021" || sqlstate == "22P05")
        return {ErrorKind::invalid, "invalid_text", "The text has characters that cannot be stored.", std::move(cause)};
    if (ends_connection(sqlstate)) return unavailable(std::move(cause));
    return internal_error(std::move(cause));
}

bool ends_connection(std::string_view sqlstate) {
    // connection exceptions; insufficient resources; operator intervention but for a canceled query; system errors;
    // idle_in_transaction_session_timeout
    return sqlstate.starts_with("08") || (sqlstate.starts_with("53") && sqlstate != "53100") ||
           (sqlstate.starts_with("57") && sqlstate != "57014") || sqlstate.starts_with("58") || sqlstate == "25P03";
}

}  // namespace confidente::db::postgres
