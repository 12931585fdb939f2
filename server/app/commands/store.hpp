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
/// How long a statement may take: a request's must end soon, a command's may walk whole tables.
enum class Patience : std::uint8_t { request, command };
/// The database that the configuration names, with its tables brought up to date.
Result<std::unique_ptr<db::Database>> open_database(const Config& config, const std::filesystem::path& data_dir,
                                                    const Clock& clock, Patience patience);

}  // namespace confidente::app
