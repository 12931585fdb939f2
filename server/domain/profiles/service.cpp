#include "domain/profiles/service.hpp"

namespace confidente::profiles {
namespace {

constexpr db::Query kUpdate{"update_profile",
                            "UPDATE users SET name = COALESCE(:name, name), bio = COALESCE(:bio, bio), "
                            "location = COALESCE(:location, location), services = COALESCE(:services, services), "
                            "pricing = COALESCE(:pricing, pricing), schedule = COALESCE(:schedule, schedule), "
                            "settings = COALESCE(:settings, settings), updated_at = :now WHERE id = :id"};
constexpr db::Query kSetAvatar{"set_avatar", "UPDATE users SET avatar_key = :key, updated_at = :now WHERE id = :id"};

#define SELECT_MODELS                                                                               \
    "SELECT " CONFIDENTE_USER_COLUMNS                                                               \
    " FROM users WHERE type = 'model' AND (:query = '' OR lower(name) LIKE :pattern ESCAPE '!' OR " \
    "lower(bio) LIKE :pattern ESCAPE '!') AND (:tag = '' OR lower(services) LIKE :tag_pattern ESCAPE '!') "
constexpr db::Query kNewest{"models_newest",
                            SELECT_MODELS "AND (:after_id = '' OR id < :after_id) ORDER BY id DESC LIMIT :limit"};
constexpr db::Query kByName{"models_by_name", SELECT_MODELS
                            "AND (:after_id = '' OR lower(name) > lower(:after_name) OR (lower(name) = "
                            "lower(:after_name) AND id > :after_id)) ORDER BY lower(name), id LIMIT :limit"};

/// Text as LIKE takes it literally, in lower case as lower() of both engines makes it for ASCII.
std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '%' || c == '_' || c == '!') out += '!';
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return out;
}

}  // namespace

Result<auth::User> Service::update(db::Transaction& tx, std::string_view user_id, const Change& change) const {
    TRY_VOID(tx.execute(kUpdate, {{"id", user_id},
                                  {"name", change.name},
                                  {"bio", change.bio},
                                  {"location", change.location},
                                  {"services", change.services},
                                  {"pricing", change.pricing},
                                  {"schedule", change.schedule},
                                  {"settings", change.settings},
                                  {"now", clock_.utc_now().ms}}));
    return auth::find_user(tx, user_id);
}

Result<std::vector<auth::User>> Service::models(db::Transaction& tx, const Search& search) const {
    const auto after = search.after.value_or(Place{});
    std::vector<db::Param> params{{"query", search.query}, {"pattern", "%" + escaped(search.query) + "%"},
                                  {"tag", search.tag},     {"tag_pattern", "%\"" + escaped(search.tag) + "\"%"},
                                  {"after_id", after.id},  {"limit", search.limit}};
    if (search.sort == Sort::name) params.push_back({"after_name", after.name});
    TRY(const auto rows, tx.query(search.sort == Sort::name ? kByName : kNewest, params));
    std::vector<auth::User> models;
    for (const auto& row : rows) models.push_back(auth::read_user(row));
    return models;
}

Result<auth::User> Service::model(db::Transaction& tx, std::string_view id) const {
    TRY(auto user, auth::find_user(tx, id));
    if (user.type != "model") return auth::not_found("There is no such model.");
    return user;
}

Status Service::set_avatar(db::Transaction& tx, std::string_view user_id, const std::optional<std::string>& key) const {
    TRY_VOID(tx.execute(kSetAvatar, {{"id", user_id}, {"key", key}, {"now", clock_.utc_now().ms}}));
    return {};
}

}  // namespace confidente::profiles
