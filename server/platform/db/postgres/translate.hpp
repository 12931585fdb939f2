// Our SQL has `:name` parameters; PostgreSQL numbers them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace confidente::db::postgres {

struct Translated {
    std::string sql;                 ///< with `$1`, `$2`, …
    std::vector<std::string> names;  ///< in the order of their numbers; a name used twice has one number
};

/// Leaves casts (`::`), literals, quoted names, comments and dollar-quoted bodies as they are.
Translated translate(std::string_view sql);

}  // namespace confidente::db::postgres
