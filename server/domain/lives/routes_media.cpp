// WHIP (RFC 9725) and WHEP: offers in, answers out, and the session's own address for the rest.
#include <boost/json.hpp>

#include "domain/lives/routes.hpp"
#include "platform/crypto/hash.hpp"
#include "platform/http/rate_limiter.hpp"

namespace confidente::lives {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr std::size_t kMaxOffer = 64 * 1024;  // bytes; a browser's has some 12 kB
// WHEP's extension for the choice of a layer (draft-murillo-whep-02).
constexpr const char* kLayerExtension = "urn:ietf:params:whep:ext:core:layer";
constexpr std::size_t kMaxFragment = 16 * 1024;  // bytes

Error unauthorized() {
    return {.kind = ErrorKind::unauthenticated,
            .code = "invalid_token",
            .detail = "This needs the live's stream key or a token for it."};
}
Error not_on_air() {
    return {.kind = ErrorKind::conflict, .code = "live_not_live", .detail = "The live is not on air."};
}

bool has_type(const Request& request, std::string_view type) {
    const auto header = request.header("Content-Type");
    return header && header->substr(0, header->find(';')) == type;
}

Error unsupported(const char* wanted) {
    return {.kind = ErrorKind::unsupported_media,
            .code = "unsupported_media_type",
            .detail = std::string{"The body must be "} + wanted + "."};
}

/// Of one ICE session, by the credentials that its answer or restart told.
std::string etag_of(const std::string& told) { return '"' + crypto::sha256_hex(told).substr(0, 16) + '"'; }

struct LayerWish {
    std::optional<std::string> encoding_id;
};

/// `{encodingId}` of the layer extension; without it, or with null, the connection decides. One video only, so that
/// its `mediaId` says nothing new.
Result<LayerWish> read_layer(const Request& request) {
    TRY(const auto value, request.json_body());
    json::Reader body{value};
    LayerWish wish;
    wish.encoding_id = body.optional_text("encodingId", {.max = 16});
    (void)body.optional_text("mediaId", {.max = 16});
    TRY_VOID(body.finish());
    return wish;
}

json::Value view(const StageLayers& viewed) {
    json::Array layers;
    for (const auto& layer : viewed.layers)
        layers.push_back(json::Object{{"encodingId", layer.encoding_id},
                                      {"width", layer.width},
                                      {"height", layer.height},
                                      {"bitrate", layer.bitrate_bps}});
    const auto text = [](const std::optional<std::string>& id) { return id ? json::Value(*id) : json::Value(); };
    json::Object out;
    out["layers"] = std::move(layers);
    out["chosen"] = text(viewed.chosen);
    out["shown"] = text(viewed.shown);
    return out;
}

class Edge {
public:
    explicit Edge(Deps deps) : deps_(std::move(deps)) {}

    Task<Result<Response>> whip(Request request) {
        const auto bearer = request.bearer();
        if (!bearer) co_return unauthorized();
        if (!has_type(request, "application/sdp")) co_return unsupported("application/sdp");
        std::string owner;
        if (request.principal) owner = request.principal->user_id;
        auto work = [this, id = request.param("id"), owner,
                     key = std::string{*bearer}](db::Transaction& tx) -> Result<Live> {
            if (!owner.empty()) return deps_.lives.find(tx, id);
            TRY(auto live, deps_.lives.find_by_key(tx, id, key));
            // Who has signed out everywhere, or whose password was changed for them, has ended their keys with it.
            TRY(const bool signed_in, deps_.signed_in(tx, live.model_id));
            if (!signed_in) return unauthorized();
            return live;
        };
        const auto live = co_await deps_.db.read(work);
        // A wrong key says nothing about which lives exist.
        if (!live && owner.empty() && live.error().kind == ErrorKind::not_found) co_return unauthorized();
        if (!live) co_return live.error();
        if (!owner.empty() && live->model_id != owner)
            co_return Error{
                .kind = ErrorKind::forbidden, .code = "not_owner", .detail = "This live belongs to somebody else."};
        if (live->status != "live") co_return not_on_air();
        auto limited = take("publish", "whip " + live->model_id, deps_.limits.publish, request);
        if (limited) co_return std::move(*limited);
        using Done = std::function<void(Result<StageAnswer>)>;
        std::function<void(Done)> begin = [this, id = live->id, offer = request.body](Done done) {
            deps_.stage.publish(id, offer, std::move(done));
        };
        Callback<Result<StageAnswer>> waiting{std::move(begin)};
        CO_TRY(const auto answer, co_await waiting);
        co_return created(request, live->id, "/whip/", answer, {live->model_id, {}});
    }

    Task<Result<Response>> whep(Request request) {
        const auto bearer = request.bearer();
        if (!bearer) co_return unauthorized();
        if (!has_type(request, "application/sdp")) co_return unsupported("application/sdp");
        const auto id = request.param("id");
        const auto claims = deps_.tokens.verify(crypto::Purpose::playback, *bearer, deps_.clock.utc_now());
        std::string owner;
        if (request.principal) owner = request.principal->user_id;
        const bool admitted = claims && claims->live == id && !deps_.ended(claims->session);
        if (!admitted && owner.empty()) co_return claims ? unauthorized() : claims.error();
        auto work = [this, id](db::Transaction& tx) { return deps_.lives.find(tx, id); };
        CO_TRY(const auto live, co_await deps_.db.read(work));
        if (!admitted && live.model_id != owner) co_return unauthorized();
        if (live.status != "live") co_return not_on_air();
        auto limited = take("play", "whep " + (admitted ? claims->subject : owner), deps_.limits.play, request);
        if (limited) co_return std::move(*limited);
        using Done = std::function<void(Result<StageAnswer>)>;
        std::function<void(Done)> begin = [this, id, offer = request.body](Done done) {
            deps_.stage.play(id, offer, std::move(done));
        };
        Callback<Result<StageAnswer>> waiting{std::move(begin)};
        CO_TRY(const auto answer, co_await waiting);
        const Whose viewer = admitted ? Whose{claims->subject, claims->session} : Whose{owner, {}};
        auto response = created(request, id, "/whep/", answer, viewer);
        if (auto gone = deps_.media_sessions.watches(answer.session_id, deps_.limits.playbacks))
            deps_.stage.hang_up(std::move(*gone), [](const Status&) {});
        co_return response;
    }

    Task<Result<Response>> trickle(Request request) {
        CO_TRY_VOID(check_opener(request));
        if (!has_type(request, "application/trickle-ice-sdpfrag"))
            co_return unsupported("application/trickle-ice-sdpfrag");
        const auto session = request.param("session");
        // The RFC asks clients for it; one that leaves it out says that it does not mind.
        CO_TRY_VOID(http::check_if_match(request, deps_.media_sessions.etag_of(session)));
        using Done = std::function<void(Result<std::string>)>;
        std::function<void(Done)> begin = [this, session, fragment = request.body](Done done) {
            deps_.stage.trickle(session, fragment, std::move(done));
        };
        Callback<Result<std::string>> waiting{std::move(begin)};
        CO_TRY(const auto restarted, co_await waiting);
        if (restarted.empty()) co_return Response::empty(204);
        const auto etag = etag_of(session + restarted);
        deps_.media_sessions.restarted(session, etag);
        co_return Response::text(200, restarted, "application/trickle-ice-sdpfrag")
            .with("ETag", etag)
            .with("Cache-Control", "no-store");
    }

    Task<Result<Response>> hang_up(Request request) {
        CO_TRY_VOID(check_opener(request));
        std::function<void(std::function<void(Status)>)> begin =
            [this, session = request.param("session")](std::function<void(Status)> done) {
                deps_.stage.hang_up(session, std::move(done));
            };
        Callback<Status> waiting{std::move(begin)};
        const auto gone = co_await waiting;
        deps_.media_sessions.ended(request.param("session"));
        // Ending what has ended is no mistake of the client's.
        if (!gone && gone.error().kind != ErrorKind::not_found) co_return gone.error();
        co_return Response::empty(200);
    }

    Task<Result<Response>> layers(Request request) {
        CO_TRY_VOID(check_opener(request));
        using Done = std::function<void(Result<StageLayers>)>;
        std::function<void(Done)> begin = [this, session = request.param("session")](Done done) {
            deps_.stage.layers(session, std::move(done));
        };
        Callback<Result<StageLayers>> waiting{std::move(begin)};
        CO_TRY(const auto viewed, co_await waiting);
        co_return Response::json(200, view(viewed)).with("Cache-Control", "no-store");
    }

    Task<Result<Response>> choose_layer(Request request) {
        CO_TRY_VOID(check_opener(request));
        CO_TRY(const auto wish, read_layer(request));
        using Done = std::function<void(Result<StageLayers>)>;
        std::function<void(Done)> begin = [this, session = request.param("session"),
                                           encoding = wish.encoding_id](Done done) {
            deps_.stage.choose_layer(session, encoding, std::move(done));
        };
        Callback<Result<StageLayers>> waiting{std::move(begin)};
        CO_TRY(const auto viewed, co_await waiting);
        co_return Response::json(200, view(viewed)).with("Cache-Control", "no-store");
    }

    Task<Result<Response>> options(Request) { co_return Response::empty(204).with("Accept-Post", "application/sdp"); }

    /// Strangers learn that there is nothing for them; a relay is for those who have signed in.
    Task<Result<Response>> rtc_config(Request request) {
        json::Array servers;
        if (request.principal && !deps_.turn.urls.empty()) {
            const auto made = make_turn_credential(deps_.turn, request.principal->user_id, deps_.clock.utc_now());
            json::Array urls;
            for (const auto& url : deps_.turn.urls) urls.emplace_back(url);
            servers.emplace_back(
                json::Object{{"urls", std::move(urls)}, {"username", made.username}, {"credential", made.credential}});
        }
        co_return Response::json(200, json::Object{{"iceServers", std::move(servers)}})
            .with("Cache-Control", "no-store");
    }

private:
    /// The refusal, when there is nothing left in that bucket. By model and by viewer, whichever credential they show
    /// and from wherever: an address may be shared by many.
    std::optional<Response> take(std::string_view policy, const std::string& key, Rate rate, const Request& request) {
        const auto verdict = limiter_.take(key, rate, deps_.clock.now());
        if (verdict.allowed) return std::nullopt;
        auto refused = http::problem(http::rate_limited(verdict), request.language(), request.request_id);
        for (auto& header : http::rate_headers(policy, verdict)) refused.headers.push_back(std::move(header));
        return refused;
    }
    /// The same user, or the same key or playback token, even when it has expired since: it opened this session.
    static std::string credential_of(const Request& request) {
        if (request.principal) return "user:" + request.principal->user_id;
        return "token:" + crypto::sha256_hex(request.bearer().value_or(""));
    }
    Status check_opener(const Request& request) const {
        if (!request.bearer()) return unauthorized();
        if (deps_.media_sessions.is_opener(request.param("id"), request.param("session"), credential_of(request)))
            return {};
        return Error{.kind = ErrorKind::not_found, .code = "session_not_found", .detail = "There is no such session."};
    }
    struct Whose {
        std::string user_id, session_id;
    };
    Response created(const Request& request, const std::string& id, const char* kind, const StageAnswer& answer,
                     Whose whose) {
        if (request.principal) whose.session_id = request.principal->session_id;
        const auto etag = etag_of(answer.session_id + answer.sdp);
        const std::string location = "/api/lives/" + id + kind + answer.session_id;
        auto response = Response::text(201, answer.sdp, "application/sdp")
                            .with("Location", location)
                            .with("ETag", etag)
                            .with("Accept-Patch", "application/trickle-ice-sdpfrag")
                            .with("Cache-Control", "no-store");
        if (kind == std::string_view{"/whep/"})
            response.headers.emplace_back("Link", "<" + location + "/layer>; rel=\"" + kLayerExtension + "\"");
        if (!deps_.turn.urls.empty())
            for (auto& link :
                 turn_links(deps_.turn, make_turn_credential(deps_.turn, whose.user_id, deps_.clock.utc_now())))
                response.headers.emplace_back("Link", std::move(link));
        deps_.media_sessions.opened(
            id, answer.session_id,
            {credential_of(request), std::move(whose.user_id), std::move(whose.session_id), etag});
        return response;
    }
    Deps deps_;
    http::RateLimiter limiter_;
};

}  // namespace

void add_media_routes(http::Router& router, Deps deps) {
    const auto edge = std::make_shared<Edge>(std::move(deps));
    const auto access = Access::own_credential();
    const Rate by_address{600, 200};
    router.add({Method::post, "/api/lives/:id/whip", access, by_address,
                [edge](Request r) { return edge->whip(std::move(r)); }, kMaxOffer});
    router.add({Method::post, "/api/lives/:id/whep", access, by_address,
                [edge](Request r) { return edge->whep(std::move(r)); }, kMaxOffer});
    for (const std::string_view session : {"/api/lives/:id/whip/:session", "/api/lives/:id/whep/:session"}) {
        router.add({Method::patch, session, access, Rate{}, [edge](Request r) { return edge->trickle(std::move(r)); },
                    kMaxFragment});
        router.add({Method::del, session, access, Rate{}, [edge](Request r) { return edge->hang_up(std::move(r)); }});
    }
    router.add({Method::get, "/api/lives/:id/whep/:session/layer", access, Rate{},
                [edge](Request r) { return edge->layers(std::move(r)); }});
    router.add({Method::post, "/api/lives/:id/whep/:session/layer", access, Rate{},
                [edge](Request r) { return edge->choose_layer(std::move(r)); }});
    for (const std::string_view address : {"/api/lives/:id/whip", "/api/lives/:id/whep"})
        router.add({Method::options, address, Access::anyone(), Rate{},
                    [edge](Request r) { return edge->options(std::move(r)); }});
    router.add({Method::get, "/api/rtc/config", Access::anyone(), Rate{},
                [edge](Request r) { return edge->rtc_config(std::move(r)); }});
}

}  // namespace confidente::lives
