// A person's picture: sent as it is, shown as a square JPEG that the server made of it.
#include <boost/json.hpp>

#include "domain/profiles/routes.hpp"
#include "platform/blobs/blobs.hpp"
#include "platform/images/picture.hpp"
#include "platform/images/sandbox.hpp"

namespace confidente::profiles {
namespace {

using http::Access;
using http::Method;
using http::Rate;
using http::Request;
using http::Response;

constexpr Rate kUploads{10, 10};  // per minute

class Pictures {
public:
    explicit Pictures(PictureDeps deps) : deps_(deps) {}

    Task<Result<Response>> put(Request request) {
        const auto id = request.param("id");
        CO_TRY_VOID(check_owner(request, id));
        CO_TRY_VOID(check_kind(request));
        // Waiting for the child and for the disk is nothing for an event loop.
        std::function<Result<std::string>()> keep = [this,
                                                     original = std::move(request.body)]() -> Result<std::string> {
            TRY(const auto picture, deps_.recoder.avatar_blocking(as_bytes(original)));
            return deps_.blobs.put(picture);
        };
        CO_TRY(const std::string key, co_await deps_.recoder.workers().run<std::string>(keep));
        co_return co_await show(id, key);
    }

    Task<Result<Response>> remove(Request request) {
        const auto id = request.param("id");
        CO_TRY_VOID(check_owner(request, id));
        co_return co_await show(id, std::nullopt);
    }

    Task<Result<Response>> get(Request request) {
        CO_TRY(auto bytes, deps_.blobs.get(request.param("key")));
        Response response;
        response.body = std::move(bytes);
        response.content_type = "image/jpeg";
        // A key belongs to one content for ever.
        co_return std::move(response)
            .with("Cache-Control", "public, max-age=31536000, immutable")
            .with("Content-Disposition", "inline");
    }

private:
    static Status check_kind(const Request& request) {
        const auto declared = request.header("content-type").value_or("");
        const auto kind = images::sniff(as_bytes(request.body));
        const bool agree = (kind == images::Kind::jpeg && declared == "image/jpeg") ||
                           (kind == images::Kind::png && declared == "image/png") ||
                           (kind == images::Kind::webp && declared == "image/webp");
        if (!agree) return images::unsupported_picture();
        return {};
    }

    /// Off the event loop, unless the workers have too much to do already.
    Task<Status> forget(std::string key) {
        std::function<Status()> remove = [this, key] { return deps_.blobs.remove(key); };
        const auto gone = co_await deps_.recoder.workers().run<void>(remove);
        if (!gone && gone.error().code == "busy") co_return deps_.blobs.remove(key);
        co_return gone;
    }

    /// Puts the new key in place of the old one, whose file then goes.
    Task<Result<Response>> show(std::string id, std::optional<std::string> key) {
        std::optional<std::string> before;
        auto work = [this, id, key, &before](db::Transaction& tx) -> Result<auth::User> {
            TRY(const auto user, auth::find_user(tx, id));
            before = user.avatar_key;
            TRY_VOID(deps_.profiles.set_avatar(tx, id, key));
            return auth::find_user(tx, id);
        };
        const auto user = co_await deps_.db.write(work);
        if (!user) {
            if (key) (void)co_await forget(*key);
            co_return user.error();
        }
        if (before && blobs::is_key(*before)) (void)co_await forget(*before);
        co_return Response::json(200, auth::user_json(*user, auth::Viewer::owner));
    }

    PictureDeps deps_;
};

}  // namespace

void add_picture_routes(http::Router& router, PictureDeps deps) {
    const auto edge = std::make_shared<Pictures>(deps);
    router.add({Method::put, "/api/users/:id/avatar", Access::signed_in(), kUploads,
                [edge](Request r) { return edge->put(std::move(r)); }, images::kMaxOriginal});
    router.add({Method::del, "/api/users/:id/avatar", Access::signed_in(), kUploads,
                [edge](Request r) { return edge->remove(std::move(r)); }});
    router.add({Method::get, "/api/media/:key", Access::anyone(), Rate{},
                [edge](Request r) { return edge->get(std::move(r)); }});
}

}  // namespace confidente::profiles
