#include "domain/profiles/routes.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "platform/audit/audit.hpp"

namespace confidente::profiles {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr std::int64_t kLargestPage = 100;
constexpr std::int64_t kScanned = 500;  // models looked at for one page of those online
constexpr std::size_t kMaxQuery = 100;  // bytes

Error bad_query(const char* code) {
    return {.kind = ErrorKind::invalid, .code = code, .detail = "The list's parameters are not valid."};
}

Result<std::int64_t> number(const Request& request, std::string_view name, std::int64_t otherwise, std::int64_t max) {
    const auto text = request.query_param(name);
    if (!text) return otherwise;
    std::int64_t value = 0;
    const auto* end = text->data() + text->size();
    const auto [at, failed] = std::from_chars(text->data(), end, value);
    if (failed != std::errc{} || at != end || value < 0) return bad_query("invalid_cursor");
    return std::min(value, max);
}

struct Asked {
    Search search;
    bool online_only = false;
};

Result<Asked> read_search(const Request& request) {
    Asked asked;
    asked.search.query = request.query_param("query").value_or("");
    asked.search.tag = request.query_param("tag").value_or("");
    if (asked.search.query.size() > kMaxQuery || asked.search.tag.size() > kMaxQuery)
        return bad_query("query_too_long");
    asked.online_only = request.query_param("online") == "true";
    if (request.query_param("sort") == "name") asked.search.sort = Sort::name;
    TRY(const auto limit, number(request, "limit", asked.search.limit, kLargestPage));
    asked.search.limit = std::max<std::int64_t>(limit, 1);
    TRY(asked.search.offset, number(request, "cursor", 0, kMaxOffset));
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
        co_return Response::json(200, auth::user_json(user, own ? auth::Viewer::owner : auth::Viewer::other));
    }

    Task<Result<Response>> update(Request request) {
        const auto id = request.param("id");
        if (request.principal->user_id != id)
            co_return Error{
                .kind = ErrorKind::forbidden, .code = "not_owner", .detail = "This profile belongs to somebody else."};
        CO_TRY(const auto change, read_change(request));
        const audit::Origin from{request.remote_address, request.principal->session_id};
        auto work = [this, id, change, from](db::Transaction& tx) { return update(tx, id, change, from); };
        CO_TRY(const auto user, co_await deps_.db.write(work));
        co_return Response::json(200, auth::user_json(user, auth::Viewer::owner));
    }

    Task<Result<Response>> models(Request request) {
        CO_TRY(const auto asked, read_search(request));
        auto work = [this, asked](db::Transaction& tx) { return page(tx, asked); };
        CO_TRY(const auto answer, co_await deps_.db.read(work));
        co_return Response::json(200, answer);
    }

    Task<Result<Response>> model(Request request) {
        auto work = [this, id = request.param("id")](db::Transaction& tx) -> Result<json::Value> {
            TRY(const auto user, deps_.profiles.model(tx, id));
            return view(tx, user);
        };
        CO_TRY(const auto answer, co_await deps_.db.read(work));
        co_return Response::json(200, answer);
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
        json::Value next = nullptr;
        auto position = search.offset;
        for (const auto& user : found) {
            if (items.size() == limit) {
                next = json::Value(std::to_string(position));
                break;
            }
            ++position;
            if (asked.online_only && !online(user.id)) continue;
            TRY(auto item, view(tx, user));
            items.push_back(std::move(item));
        }
        if (next.is_null() && static_cast<std::int64_t>(found.size()) == search.limit)
            next = json::Value(std::to_string(position));
        json::Object out;
        out["items"] = std::move(items);
        out["nextCursor"] = std::move(next);
        return json::Value(std::move(out));
    }

    Deps deps_;
};

}  // namespace

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
