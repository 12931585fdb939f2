// What PostgreSQL's SQLSTATE codes mean to the slices (appendix A of its manual).
#pragma once

#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace confidente::db::postgres {

/// `cause` is for the log; it never holds values, which the server keeps in its DETAIL.
Error error_for(std::string_view sqlstate, std::string cause);
Error unavailable(std::string cause);
/// The server ends the connection, or should not be asked again on it.
bool ends_connection(std::string_view sqlstate);

}  // namespace confidente::db::postgres
