#include "platform/socketio/burst.hpp"

#include <algorithm>

namespace confidente::socketio {

Burst::Burst(std::vector<Said> said) : said_(std::move(said)) {
    std::string wire;
    for (const auto& one : said_) {
        http::append_frame(wire, *one.frame.data, one.frame.binary);
        has_passing_ = has_passing_ || one.passing;
        has_excepted_ = has_excepted_ || !one.except.empty();
    }
    wire_ = std::make_shared<const std::string>(std::move(wire));
}

bool Burst::excepts(std::string_view socket_id) const {
    return has_excepted_ &&
           std::any_of(said_.begin(), said_.end(), [socket_id](const Said& said) { return said.except == socket_id; });
}

bool Heard::is_whole(std::string_view socket_id, bool drop_passing) const {
    return since < burst->first() && burst->last() <= until && !(drop_passing && burst->has_passing()) &&
           !burst->excepts(socket_id);
}

std::vector<Frame> frames_of(std::span<const Heard> heard, std::string_view socket_id, bool drop_passing) {
    std::vector<const Said*> said;
    for (const auto& [burst, since, until] : heard)
        for (const auto& one : burst->said())
            if (since < one.number && one.number <= until && one.except != socket_id && !(drop_passing && one.passing))
                said.push_back(&one);
    std::sort(said.begin(), said.end(), [](const Said* a, const Said* b) { return a->number < b->number; });
    std::vector<Frame> frames;
    frames.reserve(said.size());
    for (const auto* one : said) frames.push_back(one->frame);
    return frames;
}

}  // namespace confidente::socketio
