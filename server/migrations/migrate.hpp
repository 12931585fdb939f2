// Brings a database's tables to what this program expects. Each numbered file runs once, in order, in a transaction
// of its own, and is remembered with its checksum in schema_migrations. Any number of nodes may start on one database
// at once: each migration is looked for and applied under the lock that one writer holds.
//
// Sections for one engine stand between `-- engine: sqlite` (or postgres) and the next `-- engine:` line.
// Errors (internal): `migration_changed`, an applied file is not what it was; `database_newer`, the database knows
// migrations that this program does not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/embedded.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::migrations {

/// Applies what is missing; the number of migrations that ran. Blocks: for start-up and commands.
Result<std::int64_t> migrate(db::Database& db, UtcTime now);
/// The same with another list than the embedded one.
Result<std::int64_t> migrate(db::Database& db, UtcTime now, const std::vector<Migration>& migrations);
/// The number of migrations still to be applied; the same errors.
Result<std::int64_t> pending(db::Database& db);

/// The lines of `sql` that are meant for `engine`.
std::string for_engine(std::string_view sql, db::Engine engine);

}  // namespace confidente::migrations
