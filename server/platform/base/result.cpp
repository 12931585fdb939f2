#include "platform/base/result.hpp"

#include <ostream>

namespace confidente {

Error internal_error(std::string cause) {
    return {.kind = ErrorKind::internal,
            .code = "internal",
            .detail = "Something went wrong on our side.",
            .cause = std::move(cause)};
}

Error validation_error(std::vector<FieldError> fields) {
    return {.kind = ErrorKind::unprocessable,
            .code = "validation_failed",
            .detail = "Some fields are not valid.",
            .fields = std::move(fields)};
}

Error validation_error(std::string field, std::string code, std::string detail) {
    std::vector<FieldError> fields;
    fields.push_back({std::move(field), std::move(code), std::move(detail)});
    return validation_error(std::move(fields));
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
    out << error.code << ": " << error.detail;
    if (!error.cause.empty()) out << " (" << error.cause << ')';
    return out;
}

}  // namespace confidente
