#include "domain/lives/view.hpp"

#include <boost/json.hpp>

namespace confidente::lives {

json::Value live_view(const Live& live, const Audience& audience, const Thumbnails& thumbnails) {
    json::Object view{{"id", live.id},
                      {"modelId", live.model_id},
                      {"model", json::Object{{"id", live.model_id}, {"name", live.model_name}, {"avatar", nullptr}}},
                      {"chatId", live.chat_id},
                      {"title", live.title},
                      {"description", live.description},
                      {"scheduledFor", nullptr},
                      {"price", live.price},
                      {"duration", nullptr},
                      {"status", live.status},
                      {"viewerCount", live.status == "live" ? audience.count(live.id, live.model_id) : 0},
                      {"thumbnailUrl", nullptr},
                      {"createdAt", to_iso8601(live.created_at)},
                      {"updatedAt", to_iso8601(live.updated_at)}};
    if (live.scheduled_for) view["scheduledFor"] = to_iso8601(*live.scheduled_for);
    if (live.duration) view["duration"] = *live.duration;
    const auto picture = thumbnails.get(live.id);
    if (picture.jpeg)
        view["thumbnailUrl"] = "/api/lives/" + live.id + "/thumbnail?v=" + std::to_string(picture.version);
    return view;
}

}  // namespace confidente::lives
