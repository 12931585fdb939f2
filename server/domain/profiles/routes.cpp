#include "domain/profiles/routes.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "platform/audit/audit.hpp"

namespace confidente::profiles {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr std::int64_t kDefaultPage = 20;
constexpr std::int64_t kScanned = 500;  // models looked at for one page of those online
constexpr std::size_t kMaxQuery = 100;  // bytes

Error bad_query(const char* code) {
    return {.kind = ErrorKind::invalid, .code = code, .detail = "The list's parameters are not valid."};
}

struct Asked {
    Search search;
    bool online_only = false;
    std::string name;  ///< of the list, for its cursors
};

/// A model's position: `<id>` among the newest, `<id> <name>` by name.
std::string position_of(const auth::User& user, Sort sort) {
    return sort == Sort::name ? user.id + " " + user.name : user.id;
}

Place place_of(const std::string& position) {
    const auto space = std::min(position.find(' '), position.size());
    return {position.substr(0, space), position.substr(std::min(space + 1, position.size()))};
}

Result<bool> read_online(const Request& request) {
    const auto online = request.query_param("online").value_or("false");
    if (online != "true" && online != "false") return bad_query("invalid_query");
    return online == "true";
}

Result<Sort> read_sort(const Request& request) {
    const auto sort = request.query_param("sort").value_or("newest");
    if (sort != "newest" && sort != "name") return bad_query("invalid_sort");
    return sort == "name" ? Sort::name : Sort::newest;
}

Result<Asked> read_search(const Request& request, const http::Cursors& cursors) {
    Asked asked;
    auto& search = asked.search;
    search.query = request.query_param("query").value_or("");
    search.tag = request.query_param("tag").value_or("");
    if (search.query.size() > kMaxQuery || search.tag.size() > kMaxQuery) return bad_query("invalid_query");
    TRY(asked.online_only, read_online(request));
    TRY(search.sort, read_sort(request));
    const json::Array what{search.query, search.tag, asked.online_only, search.sort == Sort::name};
    asked.name = "models " + json::serialize(what);
    TRY(const auto page, http::page_of(request, kDefaultPage, cursors, asked.name));
    search.limit = page.limit;
    if (page.after) search.after = place_of(*page.after);
    return asked;
}

enum class Shape : std::uint8_t { array, object };

std::optional<std::string> json_field(json::Reader& reader, const char* field, Shape shape) {
    const auto* value = reader.optional_value(field);
    if (!value) return std::nullopt;
    if (shape == Shape::array ? !value->is_array() : !value->is_object()) {
        reader.fail(field, "wrong_type", shape == Shape::array ? "must be a list" : "must be an object");
        return std::nullopt;
    }
    auto text = json::serialize(*value);
    if (text.size() > kMaxJsonField) reader.fail(field, "too_long", "is too large");
    return text;
}

void read_profile(json::Reader& reader, Change& change) {
    change.name = reader.optional_text("name", {.max = 80});
    change.bio = reader.optional_text("bio", {.min = 0, .max = 2000, .lines = json::TextLimits::Lines::many});
    change.location = reader.optional_text("location", {.min = 0, .max = 120});
    change.services = json_field(reader, "services", Shape::array);
    change.pricing = json_field(reader, "pricing", Shape::object);
    change.schedule = json_field(reader, "schedule", Shape::array);
    reader.optional_value("avatar");  // what the API shows may come back; these two are not changed here
    reader.optional_value("isModel");
}

/// `{profile: {…}, settings: {…}}` as the API shows a user, or the profile's fields directly.
Result<Change> read_change(const Request& request) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    Change change;
    change.settings = json_field(body, "settings", Shape::object);
    if (const auto* nested = body.optional_value("profile")) {
        json::Reader profile{*nested};
        read_profile(profile, change);
        TRY_VOID(profile.finish());
    } else {
        read_profile(body, change);
    }
    TRY_VOID(body.finish());
    return change;
}

class Edge {
public:
    explicit Edge(Deps deps) : deps_(std::move(deps)) {}

    Task<Result<Response>> show(Request request) {
        const auto id = request.param("id");
        auto work = [id](db::Transaction& tx) { return auth::find_user(tx, id); };
        CO_TRY(const auto user, co_await deps_.db.read(work));
        const bool own = request.principal && request.principal->user_id == id;
        const auto viewer = own ? auth::Viewer::owner : auth::Viewer::other;
        co_return http::tagged(Response::json(200, auth::user_json(user, viewer)), http::Audience::owner);
    }

    Task<Result<Response>> update(Request request) {
        const auto id = request.param("id");
        CO_TRY_VOID(check_owner(request, id));
        CO_TRY(const auto change, read_change(request));
        const audit::Origin from{request.remote_address, request.principal->session_id};
        auto work = [this, id, change, from, &request](db::Transaction& tx) -> Result<auth::User> {
            if (request.header("If-Match")) {
                TRY(const auto now, auth::find_user(tx, id));
                const auto shown = json::serialize(auth::user_json(now, auth::Viewer::owner));
                TRY_VOID(http::check_if_match(request, http::etag_of(shown)));
            }
            return update(tx, id, change, from);
        };
        CO_TRY(const auto user, co_await deps_.db.write(work));
        co_return http::tagged(Response::json(200, auth::user_json(user, auth::Viewer::owner)), http::Audience::owner);
    }

    Task<Result<Response>> models(Request request) {
        CO_TRY(const auto asked, read_search(request, deps_.cursors));
        auto work = [this, asked](db::Transaction& tx) { return page(tx, asked); };
        CO_TRY(const auto answer, co_await deps_.db.read(work));
        co_return http::tagged(Response::json(200, answer), http::Audience::everyone);
    }

    Task<Result<Response>> model(Request request) {
        auto work = [this, id = request.param("id")](db::Transaction& tx) -> Result<json::Value> {
            TRY(const auto user, deps_.profiles.model(tx, id));
            return view(tx, user);
        };
        CO_TRY(const auto answer, co_await deps_.db.read(work));
        co_return http::tagged(Response::json(200, answer), http::Audience::everyone);
    }

private:
    Result<auth::User> update(db::Transaction& tx, const std::string& id, const Change& change,
                              const audit::Origin& from) const {
        TRY(auto user, deps_.profiles.update(tx, id, change));
        const audit::Act act{.action = "profile.update", .actor = id, .object = id, .from = from};
        TRY_VOID(audit::append(tx, act, user.updated_at));
        return user;
    }

    bool online(const std::string& id) const { return deps_.online && deps_.online(id); }

    Result<json::Value> view(db::Transaction& tx, const auth::User& user) const {
        auto value = auth::user_json(user, auth::Viewer::other);
        auto& object = value.as_object();
        object["online"] = online(user.id);
        object["live"] = nullptr;
        if (deps_.live_of) {
            TRY(object["live"], deps_.live_of(tx, user.id));
        }
        return value;
    }

    Result<json::Value> page(db::Transaction& tx, const Asked& asked) const {
        auto search = asked.search;
        const auto limit = static_cast<std::size_t>(search.limit);
        search.limit = asked.online_only ? kScanned : search.limit + 1;
        TRY(const auto found, deps_.profiles.models(tx, search));
        json::Array items;
        const auth::User* last = nullptr;
        bool more = false;
        for (const auto& user : found) {
            more = items.size() == limit;
            if (more) break;
            last = &user;
            if (asked.online_only && !online(user.id)) continue;
            TRY(auto item, view(tx, user));
            items.push_back(std::move(item));
        }
        // Who is online is seen only by looking: where the look ended, the next page goes on.
        more = more || static_cast<std::int64_t>(found.size()) == search.limit;
        std::optional<std::string> next;
        if (more && last) next = deps_.cursors.seal(asked.name, position_of(*last, search.sort));
        return http::page_view(std::move(items), std::move(next));
    }

    Deps deps_;
};

}  // namespace

Status check_owner(const http::Request& request, std::string_view user_id) {
    if (request.principal->user_id == user_id) return {};
    return Error{.kind = ErrorKind::forbidden, .code = "not_owner", .detail = "This profile belongs to somebody else."};
}

void add_routes(http::Router& router, Deps deps) {
    const auto edge = std::make_shared<Edge>(std::move(deps));
    router.add({Method::get, "/api/users/:id", Access::signed_in(), Rate{},
                [edge](Request r) { return edge->show(std::move(r)); }});
    router.add({Method::put, "/api/users/:id", Access::signed_in(), Rate{60, 20},
                [edge](Request r) { return edge->update(std::move(r)); }});
    router.add({Method::get, "/api/models", Access::anyone(), Rate{},
                [edge](Request r) { return edge->models(std::move(r)); }});
    router.add({Method::get, "/api/models/:id", Access::anyone(), Rate{},
                [edge](Request r) { return edge->model(std::move(r)); }});
}

}  // namespace confidente::profiles
