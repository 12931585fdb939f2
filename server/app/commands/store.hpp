// Opening the data folder: what serve and the offline commands share.
#pragma once

#include <filesystem>
#include <memory>

#include "app/config.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::app {

/// The data folder, made if it is not there. Errors: `data_dir_unusable`, in an operator's words.
Result<std::filesystem::path> open_data_dir(const Config& config);
/// The database with its tables brought up to date.
Result<std::unique_ptr<db::Database>> open_database(const std::filesystem::path& data_dir, const Clock& clock);

}  // namespace confidente::app
