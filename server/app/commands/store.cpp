#include "app/commands/store.hpp"

#include <unistd.h>

#include "migrations/migrate.hpp"
#include "platform/base/log.hpp"
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

Result<std::unique_ptr<db::Database>> open_database(const std::filesystem::path& data_dir, const Clock& clock) {
    TRY(auto database, db::open_sqlite(data_dir / "confidente.db"));
    TRY(const auto applied, migrations::migrate(*database, clock.utc_now()));
    if (applied > 0) log::info("database.migrated", {{"migrations", applied}});
    return database;
}

}  // namespace confidente::app
