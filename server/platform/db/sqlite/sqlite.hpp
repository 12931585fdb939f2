// SQLite as an engine of platform/db: one file, write-ahead log, every commit synced before it is answered.
//
// Invariants: one thread writes; it takes every work that waits (256, or more of one batch) into one commit, each in a
// savepoint of its own, so that a failing work harms no neighbour and one fsync serves all. Two threads read, on
// connections that refuse writes; a read that starts after a write was answered sees it. Destroying the database first
// finishes what was submitted. Errors: those of database.hpp; `busy` (unavailable) when kQueue works wait already.
#pragma once

#include <filesystem>
#include <memory>

#include "platform/db/database.hpp"

namespace confidente::db {

inline constexpr std::size_t kSqliteGroup = 256 * WorkItem::kWorkWeight;  ///< weights per commit
inline constexpr int kSqliteReaders = 2;

/// Opens or creates the database in `file` (its folder exists). An empty path gives a private temporary database
/// that vanishes with the object and is not synced: for tests.
Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& file);

}  // namespace confidente::db
