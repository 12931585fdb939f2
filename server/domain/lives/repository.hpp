// SQL of lives. Private to this slice.
#pragma once

#include "domain/lives/service.hpp"

namespace confidente::lives {

Status insert_live(db::Transaction& tx, const Live& live);
Result<std::optional<Live>> select_live(db::Transaction& tx, const std::string& id);
Result<std::vector<Live>> select_lives(db::Transaction& tx, const Filter& filter);
/// Writes status, key and times of what changed.
Status update_status(db::Transaction& tx, const Live& live, UtcTime now);
Result<bool> has_other_live_on(db::Transaction& tx, const std::string& model_id, const std::string& id);
Result<bool> has_entered(db::Transaction& tx, const std::string& live_id, const std::string& user_id);
Status insert_entry(db::Transaction& tx, const std::string& live_id, const std::string& user_id, std::int64_t paid,
                    UtcTime now);
Result<bool> blocked_by_model(db::Transaction& tx, const std::string& model_id, const std::string& user_id);

}  // namespace confidente::lives
