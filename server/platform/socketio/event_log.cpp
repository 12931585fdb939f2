#include "platform/socketio/event_log.hpp"

#include <algorithm>

namespace confidente::socketio {

void EventLog::append(std::string_view room, Frame frame, std::string_view except, Instant now) {
    ++last_;
    entries_.push_back({last_, now, std::string(room), std::string(except), std::move(frame)});
    bytes_ += entries_.back().cost();
    while (bytes_ > max_bytes_) drop_front();
}

void EventLog::trim(Instant older_than) {
    while (!entries_.empty() && entries_.front().at < older_than) drop_front();
}

void EventLog::drop_front() {
    bytes_ -= entries_.front().cost();
    forgotten_ = entries_.front().number;
    entries_.pop_front();
}

std::optional<std::vector<Frame>> EventLog::missed(std::uint64_t offset, const Rooms& rooms, std::string_view socket_id,
                                                   std::size_t max_bytes) const {
    if (offset < forgotten_ || offset > last_) return std::nullopt;
    std::vector<Frame> frames;
    std::size_t bytes = 0;
    const auto first = std::upper_bound(entries_.begin(), entries_.end(), offset,
                                        [](std::uint64_t number, const Entry& entry) { return number < entry.number; });
    for (auto entry = first; entry != entries_.end(); ++entry) {
        const auto room = rooms.find(entry->room);
        if (room == rooms.end() || entry->number <= room->second || entry->except == socket_id) continue;
        bytes += entry->frame.data->size();
        if (bytes > max_bytes) return std::nullopt;
        frames.push_back(entry->frame);
    }
    return frames;
}

}  // namespace confidente::socketio
