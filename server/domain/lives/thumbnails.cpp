#include "domain/lives/thumbnails.hpp"

#include <fstream>
#include <iterator>

#include "platform/base/ids.hpp"

namespace confidente::lives {

void Thumbnails::keep(const std::string& live_id, Picture picture) {
    const std::scoped_lock lock{mutex_};
    if (pictures_.insert_or_assign(live_id, std::move(picture)).second) order_.push_back(live_id);
    while (order_.size() > kThumbnailsInMemory) {
        pictures_.erase(order_.front());
        order_.pop_front();
    }
}

void Thumbnails::put(const std::string& live_id, const Buffer& jpeg, UtcTime now) {
    if (!is_uuid(live_id) || jpeg.empty() || jpeg.size() > kMaxThumbnail) return;
    keep(live_id, {std::make_shared<const std::string>(as_text(jpeg)), now.ms});
    std::error_code ignored;  // without a disk the picture in memory still serves
    std::filesystem::create_directories(folder_, ignored);
    const auto fresh = folder_ / (live_id + ".new");
    {
        std::ofstream out{fresh, std::ios::binary | std::ios::trunc};
        out.write(reinterpret_cast<const char*>(jpeg.data()), static_cast<std::streamsize>(jpeg.size()));
        if (!out) return;
    }
    std::filesystem::rename(fresh, file_of(live_id), ignored);
}

std::shared_ptr<const std::string> Thumbnails::get(const std::string& live_id) {
    if (!is_uuid(live_id)) return nullptr;
    {
        const std::scoped_lock lock{mutex_};
        if (const auto found = pictures_.find(live_id); found != pictures_.end()) return found->second.jpeg;
    }
    std::ifstream in{file_of(live_id), std::ios::binary};
    if (!in) return nullptr;
    return std::make_shared<const std::string>(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
}

std::int64_t Thumbnails::version(const std::string& live_id) const {
    if (!is_uuid(live_id)) return 0;
    {
        const std::scoped_lock lock{mutex_};
        if (const auto found = pictures_.find(live_id); found != pictures_.end()) return found->second.version;
    }
    std::error_code missing;
    return std::filesystem::exists(file_of(live_id), missing) ? 1 : 0;
}

}  // namespace confidente::lives
