#include "domain/lives/routes.hpp"

#include <boost/json.hpp>

#include "domain/lives/view.hpp"
#include "domain/wallet/idempotency.hpp"
#include "platform/audit/audit.hpp"
#include "platform/base/ids.hpp"

namespace confidente::lives {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr std::int64_t kDefaultPage = 20;
constexpr std::int64_t kMaxDuration = 24 * 60;  // minutes

Error bad_query(const char* code) {
    return {.kind = ErrorKind::invalid, .code = code, .detail = "The list's parameters are not valid."};
}

Result<NewLive> read_live(const Request& request) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    NewLive live;
    live.model_id = request.principal->user_id;
    live.title = body.text("title", {.max = 120});
    live.description =
        body.optional_text("description", {.min = 0, .max = 2000, .lines = json::TextLimits::Lines::many}).value_or("");
    if (const auto when = body.optional_text("scheduledFor", {.max = 40})) {
        live.scheduled_for = parse_iso8601(*when);
        if (!live.scheduled_for) body.fail("scheduledFor", "invalid_time", "must be a time like 2026-11-23T12:00:00Z");
    }
    live.price = body.optional_integer("price", {.max = kMaxPrice}).value_or(0);
    live.duration = body.optional_integer("duration", {.min = 1, .max = kMaxDuration});
    TRY_VOID(body.finish());
    return live;
}

struct Asked {
    Filter filter;
    std::string name;  ///< of the list, for its cursors
};

Result<Asked> read_filter(const Request& request, const http::Cursors& cursors) {
    Asked asked;
    auto& filter = asked.filter;
    filter.status = request.query_param("status").value_or("");
    if (!filter.status.empty() && filter.status != "scheduled" && filter.status != "live" && filter.status != "ended")
        return bad_query("invalid_status");
    filter.model_id = request.query_param("modelId").value_or("");
    if (!filter.model_id.empty() && !is_uuid(filter.model_id)) return bad_query("invalid_query");
    asked.name = "lives " + filter.status + " " + filter.model_id;
    TRY(const auto page, http::page_of(request, kDefaultPage, cursors, asked.name));
    filter.limit = page.limit;
    filter.before = page.after;
    return asked;
}

audit::Origin origin_of(const Request& request) { return {request.remote_address, request.principal->session_id}; }

class Edge {
public:
    explicit Edge(Deps deps) : deps_(std::move(deps)) {}

    Task<Result<Response>> list(Request request) {
        CO_TRY(auto asked, read_filter(request, deps_.cursors));
        auto& filter = asked.filter;
        const auto limit = filter.limit;
        ++filter.limit;  // one more tells whether there is a next page
        auto work = [this, filter](db::Transaction& tx) { return deps_.lives.list(tx, filter); };
        CO_TRY(auto lives, co_await deps_.db.read(work));
        std::optional<std::string> next;
        if (static_cast<std::int64_t>(lives.size()) > limit) {
            lives.pop_back();
            next = deps_.cursors.seal(asked.name, lives.back().id);
        }
        json::Array items;
        for (const auto& live : lives) items.push_back(view(live));
        auto page = Response::json(200, http::page_view(std::move(items), std::move(next)));
        co_return http::tagged(std::move(page), http::Audience::everyone);
    }

    Task<Result<Response>> show(Request request) {
        auto work = [this, id = request.param("id")](db::Transaction& tx) { return deps_.lives.find(tx, id); };
        CO_TRY(const auto live, co_await deps_.db.read(work));
        co_return http::tagged(Response::json(200, view(live)), http::Audience::everyone);
    }

    Task<Result<Response>> create(Request request) {
        CO_TRY(const auto command, read_live(request));
        auto work = [this, command](db::Transaction& tx) { return deps_.lives.create(tx, command); };
        CO_TRY(const auto live, co_await deps_.db.write(work));
        co_return Response::json(201, view(live));
    }

    Task<Result<Response>> start_live(Request request) {
        auto work = [this, id = request.param("id"), user = request.principal->user_id,
                     from = origin_of(request)](db::Transaction& tx) -> Result<Service::Started> {
            TRY(auto started, deps_.lives.start(tx, id, user));
            const audit::Act act{.action = "live.start", .actor = user, .object = id, .from = from};
            TRY_VOID(audit::append(tx, act, deps_.clock.utc_now()));
            return started;
        };
        CO_TRY(const auto started, co_await deps_.db.write(work));
        json::Object publish;
        publish["whipUrl"] = deps_.public_url + "/api/lives/" + started.live.id + "/whip";
        publish["streamKey"] = started.stream_key;
        json::Object out;
        out["live"] = view(started.live);
        out["publish"] = std::move(publish);
        co_return Response::json(200, out).with("Cache-Control", "no-store");
    }

    Task<Result<Response>> end(Request request) {
        auto work = [this, id = request.param("id"), user = request.principal->user_id,
                     from = origin_of(request)](db::Transaction& tx) -> Result<Live> {
            TRY(auto live, deps_.lives.end(tx, id, user));
            const audit::Act act{.action = "live.end", .actor = user, .object = id, .from = from};
            TRY_VOID(audit::append(tx, act, deps_.clock.utc_now()));
            return live;
        };
        CO_TRY(const auto live, co_await deps_.db.write(work));
        deps_.stage.end(live.id);
        co_return Response::json(200, view(live));
    }

    /// Entering is once-only by itself: a ticket is paid once by each viewer. So an Idempotency-Key only holds the
    /// request that it came with. No answer is kept, for a token is in it: asking again gives a new one, to whom may
    /// enter now.
    Task<Result<Response>> join(Request request) {
        const auto user = request.principal->user_id, id = request.param("id");
        std::optional<wallet::OnceOnly> once;
        if (const auto key = request.header("Idempotency-Key"))
            once = wallet::OnceOnly{user, "join", std::string{*key}, id};
        auto work = [this, id, user, once](db::Transaction& tx) -> Result<Live> {
            std::optional<std::string> before;
            if (once) {
                TRY(before, wallet::first_answer(tx, *once));
            }
            TRY(auto live, deps_.lives.enter(tx, id, user));
            if (once && !before) TRY_VOID(wallet::keep_answer(tx, *once, "{}", deps_.clock.utc_now()));
            return live;
        };
        CO_TRY(const auto live, co_await deps_.db.write(work));
        const crypto::Claims claims{user, request.principal->session_id, {}, live.id, {}};
        co_return Response::json(200, ticket(live, claims)).with("Cache-Control", "no-store");
    }

    Task<Result<Response>> thumbnail(Request request) {
        const auto picture = deps_.thumbnails.get(request.param("id"));
        if (!picture)
            co_return Error{
                .kind = ErrorKind::not_found, .code = "not_found", .detail = "There is no picture of this live yet."};
        // The address changes with the picture, so what it names never does.
        co_return Response::text(200, *picture, "image/jpeg")
            .with("Cache-Control", request.query.empty() ? "no-cache" : "public, max-age=86400, immutable");
    }

private:
    /// What a viewer who has entered gets: the live, and where to play it.
    json::Value ticket(const Live& live, crypto::Claims claims) const {
        const auto now = deps_.clock.utc_now();
        claims.expires_at = now + kPlaybackTokenLife;
        json::Object playback;
        playback["whepUrl"] = deps_.public_url + "/api/lives/" + live.id + "/whep";
        playback["hlsUrl"] = nullptr;
        playback["token"] = deps_.tokens.issue(crypto::Purpose::playback, claims, now);
        playback["expiresAt"] = to_iso8601(claims.expires_at);
        json::Object out;
        out["live"] = view(live);
        out["playback"] = std::move(playback);
        return out;
    }

    json::Value view(const Live& live) const { return live_view(live, deps_.audience, deps_.thumbnails); }
    Deps deps_;
};

}  // namespace

void add_routes(http::Router& router, Deps deps) {
    const auto limits = deps.limits;
    const auto edge = std::make_shared<Edge>(std::move(deps));
    router.add(
        {Method::get, "/api/lives", Access::anyone(), Rate{}, [edge](Request r) { return edge->list(std::move(r)); }});
    router.add({Method::post, "/api/lives", Access::models(), limits.create,
                [edge](Request r) { return edge->create(std::move(r)); }});
    router.add({Method::get, "/api/lives/:id", Access::anyone(), Rate{},
                [edge](Request r) { return edge->show(std::move(r)); }});
    router.add({Method::put, "/api/lives/:id/start", Access::models(), limits.create,
                [edge](Request r) { return edge->start_live(std::move(r)); }});
    router.add({Method::put, "/api/lives/:id/end", Access::models(), Rate{},
                [edge](Request r) { return edge->end(std::move(r)); }});
    router.add({Method::post, "/api/lives/:id/join", Access::signed_in(), limits.join,
                [edge](Request r) { return edge->join(std::move(r)); }});
    router.add({Method::get, "/api/lives/:id/thumbnail", Access::anyone(), Rate{},
                [edge](Request r) { return edge->thumbnail(std::move(r)); }});
}

}  // namespace confidente::lives
