// A user as the tables keep it and as the API shows it: e-mail and settings only to their owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/time.hpp"
#include "platform/db/database.hpp"
#include "platform/json/json.hpp"

namespace confidente::auth {

struct User {
    std::string id, type, email, name, bio, location;
    std::optional<std::string> avatar_key;
    std::string services, pricing, schedule, settings;  ///< JSON text
    UtcTime created_at{}, updated_at{};
};

enum class Viewer : std::uint8_t { owner, other };

/// The columns that read_user() wants of a row of `users`, for a SELECT.
#define CONFIDENTE_USER_COLUMNS \
    "id, type, email, name, bio, location, avatar_key, services, pricing, schedule, settings, created_at, updated_at"
User read_user(const db::Row& row);
/// 404 `not_found` when there is none.
Result<User> find_user(db::Transaction& tx, std::string_view id);
/// `user` of the contract.
json::Value user_json(const User& user, Viewer viewer);
/// `{id, name, avatar}`: somebody as they stand beside a message or a live.
json::Value person_json(std::string_view id, std::string_view name, const std::optional<std::string>& avatar_key);
Error not_found(std::string detail);

}  // namespace confidente::auth
