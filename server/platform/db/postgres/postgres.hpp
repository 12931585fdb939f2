// PostgreSQL (15 or newer, UTF-8) as an engine of platform/db, on libpq.
//
// Invariants: one connection writes, in groups (platform/db/group.hpp) that take turns with those of every other node
// by an advisory lock, so that writes are serial as they are on SQLite and outbox numbers grow in the order of commits.
// Readers see one moment (repeatable read, read only); a read that starts after a write was answered sees it.
// Connections come back by themselves: works that meet a lost connection before their commit are run again once.
// Errors: those of database.hpp; `busy` when kQueue works wait, or when a statement or a lock takes too long;
// `database_unavailable` while the server is away, and for a commit whose outcome is unknown; `invalid_text` for what
// PostgreSQL cannot store (zero bytes, broken UTF-8).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "platform/db/database.hpp"

namespace confidente::db {

/// Weights per commit: 64 works, since a transaction keeps 64 savepoints where other backends see them cheaply.
inline constexpr std::size_t kPostgresGroup = 64 * WorkItem::kWorkWeight;
inline constexpr std::size_t kPostgresReaders = 4;

struct PostgresConfig {
    std::string url;  ///< postgres://user:password@host/database, or any other form that libpq takes
    std::chrono::milliseconds statement_timeout{2000};  ///< zero: none, for commands that walk whole tables
    std::chrono::milliseconds lock_timeout{500};
    std::size_t readers = kPostgresReaders;
};

/// Connects once, to say at once what is wrong with the address.
Result<std::unique_ptr<Database>> open_postgres(const PostgresConfig& config);

/// One statement on a connection of its own and outside any transaction, such as CREATE DATABASE.
Status postgres_command(const std::string& url, const std::string& sql);

}  // namespace confidente::db
