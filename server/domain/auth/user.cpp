#include "domain/auth/user.hpp"

#include <boost/json.hpp>

namespace confidente::auth {
namespace {

constexpr db::Query kFindUser{"find_user", "SELECT " CONFIDENTE_USER_COLUMNS " FROM users WHERE id = :id"};

json::Value stored(const std::string& text) {
    auto value = json::parse(text);
    return value ? std::move(*value) : json::Value{};
}

json::Value avatar(const std::optional<std::string>& key) {
    if (!key) return nullptr;
    return json::Value("/api/media/" + *key);
}

}  // namespace

Error not_found(std::string detail) {
    return {.kind = ErrorKind::not_found, .code = "not_found", .detail = std::move(detail)};
}

User read_user(const db::Row& row) {
    return {row.text("id"),
            row.text("type"),
            row.text("email"),
            row.text("name"),
            row.text("bio"),
            row.text("location"),
            row.optional_text("avatar_key"),
            row.text("services"),
            row.text("pricing"),
            row.text("schedule"),
            row.text("settings"),
            UtcTime{row.integer("created_at")},
            UtcTime{row.integer("updated_at")}};
}

Result<User> find_user(db::Transaction& tx, std::string_view id) {
    TRY(const auto rows, tx.query(kFindUser, {{"id", id}}));
    if (rows.empty()) return not_found("There is no such user.");
    return read_user(rows[0]);
}

json::Value user_json(const User& user, Viewer viewer) {
    json::Object out;
    out["id"] = user.id;
    out["type"] = user.type;
    if (viewer == Viewer::owner) out["email"] = user.email;
    json::Object profile;
    profile["name"] = user.name;
    profile["avatar"] = avatar(user.avatar_key);
    profile["bio"] = user.bio;
    profile["location"] = user.location;
    profile["isModel"] = user.type == "model";
    profile["services"] = stored(user.services);
    profile["pricing"] = stored(user.pricing);
    profile["schedule"] = stored(user.schedule);
    out["profile"] = std::move(profile);
    if (viewer == Viewer::owner) out["settings"] = stored(user.settings);
    out["createdAt"] = to_iso8601(user.created_at);
    out["updatedAt"] = to_iso8601(user.updated_at);
    return out;
}

json::Value person_json(std::string_view id, std::string_view name, const std::optional<std::string>& avatar_key) {
    json::Object out;
    out["id"] = id;
    out["name"] = name;
    out["avatar"] = avatar(avatar_key);
    return out;
}

}  // namespace confidente::auth
