#include "app/commands/store.hpp"

#include <unistd.h>

#include "migrations/migrate.hpp"
#include "platform/base/log.hpp"
#include "platform/db/postgres/postgres.hpp"
#include "platform/db/sqlite/sqlite.hpp"

namespace confidente::app {

Result<std::filesystem::path> open_data_dir(const Config& config) {
    std::filesystem::path folder = config.text("data.dir");
    std::error_code ec;
    std::filesystem::create_directories(folder / "keys", ec);
    if (!ec) std::filesystem::permissions(folder / "keys", std::filesystem::perms::owner_all, ec);
    if (ec || access(folder.c_str(), W_OK | X_OK) != 0)
        return Error{
            .code = "data_dir_unusable",
            .detail = "The data folder " + folder.string() +
                      " cannot be made or written; check its rights and the free space, or choose another with "
                      "--data-dir."};
    return folder;
}

namespace {

Result<std::unique_ptr<db::Database>> open_engine(const Config& config, const std::filesystem::path& data_dir,
                                                  Patience patience) {
    const std::string& url = config.text("database.url");
    if (url.empty()) return db::open_sqlite(data_dir / "confidente.db");
    db::PostgresConfig settings{.url = url};
    settings.readers = static_cast<std::size_t>(config.integer("database.readers"));
    if (patience == Patience::command) settings.statement_timeout = settings.lock_timeout = {};
    return db::open_postgres(settings);
}

}  // namespace

Result<std::unique_ptr<db::Database>> open_database(const Config& config, const std::filesystem::path& data_dir,
                                                    const Clock& clock, Patience patience) {
    TRY(auto database, open_engine(config, data_dir, patience));
    TRY(const auto applied, migrations::migrate(*database, clock.utc_now()));
    if (applied > 0) log::info("database.migrated", {{"migrations", applied}});
    return database;
}

}  // namespace confidente::app
