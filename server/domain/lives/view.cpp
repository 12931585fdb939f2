#include "domain/lives/view.hpp"

#include <boost/json.hpp>

#include "domain/auth/user.hpp"

namespace confidente::lives {

json::Value live_view(const Live& live, const Audience& audience, const Thumbnails& thumbnails) {
    json::Object out;
    out["id"] = live.id;
    out["modelId"] = live.model_id;
    out["model"] = auth::person_json(live.model_id, live.model_name, live.model_avatar);
    out["chatId"] = live.chat_id;
    out["title"] = live.title;
    out["description"] = live.description;
    out["scheduledFor"] = nullptr;
    if (live.scheduled_for) out["scheduledFor"] = to_iso8601(*live.scheduled_for);
    out["startedAt"] = nullptr;
    if (live.started_at) out["startedAt"] = to_iso8601(*live.started_at);
    out["price"] = live.price;
    out["duration"] = nullptr;
    if (live.duration) out["duration"] = *live.duration;
    out["status"] = live.status;
    out["viewerCount"] = audience.viewers(live.id);
    out["thumbnailUrl"] = nullptr;
    if (const auto version = thumbnails.version(live.id); version != 0)
        out["thumbnailUrl"] = "/api/lives/" + live.id + "/thumbnail?v=" + std::to_string(version);
    out["createdAt"] = to_iso8601(live.created_at);
    out["updatedAt"] = to_iso8601(live.updated_at);
    return out;
}

}  // namespace confidente::lives
