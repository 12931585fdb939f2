#include "migrations/migrate.hpp"

#include <algorithm>

namespace confidente::migrations {

namespace {

constexpr const char* kCreateTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "number BIGINT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL)";
constexpr db::Query kApplied{"migrations_applied",
                             "SELECT number, name, sha256 FROM schema_migrations ORDER BY number"};

Error refused(std::string code, std::string cause) {
    return Error{ErrorKind::internal, std::move(code), "The database does not fit this program.", std::move(cause)};
}

/// How many of `migrations` are applied, provided that they are the first ones and unchanged.
Result<std::size_t> applied_count(db::Transaction& tx, const std::vector<Migration>& migrations) {
    TRY_VOID(tx.script(kCreateTable));
    TRY(auto rows, tx.query(kApplied));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& name = rows[i].text("name");
        if (i >= migrations.size()) {
            return refused("database_newer", name + " was applied by a newer program; upgrade this one");
        }
        const auto& expected = migrations[i];
        if (rows[i].integer("number") != expected.number || rows[i].text("sha256") != expected.sha256) {
            return refused("migration_changed", name + " was applied, but this program has another " + expected.name);
        }
    }
    return rows.size();
}

/// Names and checksums are this program's own; they hold no quotes (the build refuses others).
std::string remember(const Migration& migration, UtcTime now) {
    return "\nINSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES (" +
           std::to_string(migration.number) + ", '" + migration.name + "', '" + migration.sha256 + "', " +
           std::to_string(now.ms) + ");";
}

}  // namespace

std::string for_engine(std::string_view sql, db::Engine engine) {
    constexpr std::string_view kMark = "-- engine: ";
    const std::string_view wanted = engine == db::Engine::sqlite ? "sqlite" : "postgres";
    std::string kept;
    bool keep = true;
    while (!sql.empty()) {
        const auto line = sql.substr(0, sql.find('\n'));
        sql.remove_prefix(std::min(line.size() + 1, sql.size()));
        if (line.starts_with(kMark)) {
            const auto name = line.substr(kMark.size());
            keep = name == "all" || name == wanted;
        } else if (keep) {
            kept.append(line).push_back('\n');
        }
    }
    return kept;
}

Result<std::int64_t> migrate(db::Database& db, UtcTime now, const std::vector<Migration>& migrations) {
    // One transaction each, alone: another node that starts at the same time waits, and then finds it done.
    for (std::int64_t ran = 0;; ++ran) {
        bool done = false;
        auto next = [&](db::Transaction& tx) -> Status {
            TRY(const auto applied, applied_count(tx, migrations));
            done = applied == migrations.size();
            if (done) return {};
            const auto& migration = migrations[applied];
            return tx.script(for_engine(migration.sql, db.engine()) + remember(migration, now));
        };
        TRY_VOID(db.run_alone(next));
        if (done) return ran;
    }
}

Result<std::int64_t> migrate(db::Database& db, UtcTime now) { return migrate(db, now, embedded()); }

Result<std::int64_t> pending(db::Database& db) {
    const auto migrations = embedded();
    std::size_t applied = 0;
    auto count = [&](db::Transaction& tx) -> Status {
        TRY(applied, applied_count(tx, migrations));
        return {};
    };
    TRY_VOID(db.run_alone(count));
    return static_cast<std::int64_t>(migrations.size() - applied);
}

}  // namespace confidente::migrations
