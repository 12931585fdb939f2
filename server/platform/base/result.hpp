// Result<T>: a value or an Error. Nothing of ours throws; libraries' exceptions are caught at the border.
//
//   Result<Live> find(...);
//   TRY(auto live, find(id));          // returns the error to the caller, else declares `live`
//   TRY_VOID(check_password(...));
//   CO_TRY(auto live, co_await ...);   // the same inside a coroutine
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace confidente {

/// What kind of failure this is; the edge turns it into an HTTP status.
enum class ErrorKind : std::uint8_t {
    invalid,              ///< 400: malformed
    unprocessable,        ///< 422: well formed, but not acceptable
    unauthenticated,      ///< 401
    payment_required,     ///< 402
    forbidden,            ///< 403
    not_found,            ///< 404
    method_not_allowed,   ///< 405
    not_acceptable,       ///< 406
    conflict,             ///< 409
    precondition_failed,  ///< 412
    too_large,            ///< 413
    unsupported_media,    ///< 415
    too_many,             ///< 429
    internal,             ///< 500
    unavailable,          ///< 503
};

/// One field that did not validate.
struct FieldError {
    std::string field;   ///< name as the client wrote it, dotted for nested ones
    std::string code;    ///< stable: `required`, `too_short`, …
    std::string detail;  ///< English; the edge translates by code
};

/// `code` is stable and public (contract/problem-codes.md); `detail` is public English; `cause` goes to the log only.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string code = "internal";
    std::string detail = {};
    std::string cause = {};
    std::vector<FieldError> fields = {};
    std::uint32_t retry_after_s = 0;  ///< for too_many and unavailable; 0 = not said
};

/// A failure that is ours: the client learns only "internal", the log gets the cause.
Error internal_error(std::string cause);
/// A request whose fields do not validate: 422 `validation_failed`.
Error validation_error(std::vector<FieldError> fields);
/// The same for one field.
Error validation_error(std::string field, std::string code, std::string detail);

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error("Result without value: " + error.code + " " + error.cause);
}

/// `code: detail (cause)`, for logs and test output.
std::ostream& operator<<(std::ostream& out, const Error& error);

template <class T>
using Result = boost::system::result<T, Error>;

using Status = Result<void>;

}  // namespace confidente

#define CONFIDENTE_CONCAT2(a, b) a##b
#define CONFIDENTE_CONCAT(a, b) CONFIDENTE_CONCAT2(a, b)
#define CONFIDENTE_TRY(result, declaration, expression, leave) \
    auto result = (expression);                                \
    if (!result) [[unlikely]]                                  \
        leave std::move(result).error();                       \
    declaration = std::move(*result)

/// TRY(auto x, f()): declares x from f()'s value, or returns f()'s error.
#define TRY(declaration, ...) \
    CONFIDENTE_TRY(CONFIDENTE_CONCAT(try_result_, __LINE__), declaration, (__VA_ARGS__), return )
#define CO_TRY(declaration, ...) \
    CONFIDENTE_TRY(CONFIDENTE_CONCAT(try_result_, __LINE__), declaration, (__VA_ARGS__), co_return )
/// TRY_VOID(f()): returns f()'s error, if any.
#define TRY_VOID(...) \
    if (auto try_status = (__VA_ARGS__); !try_status) return std::move(try_status).error()
#define CO_TRY_VOID(...) \
    if (auto try_status = (__VA_ARGS__); !try_status) co_return std::move(try_status).error()
