#include "media/engine/thumbnailer.hpp"

#include <algorithm>

#include "media/packaging/thumbnail.hpp"

namespace confidente::media {

Thumbnailer::Thumbnailer(Deliver deliver) : deliver_(std::move(deliver)), thread_([this] { run(); }) {}

Thumbnailer::~Thumbnailer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Thumbnailer::add(const std::string& stream, Buffer annexb) {
    {
        const std::lock_guard lock(mutex_);
        const auto waiting =
            std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.stream == stream; });
        if (waiting != jobs_.end()) {
            waiting->annexb = std::move(annexb);
            return;
        }
        if (jobs_.size() >= kMaxWaitingThumbnails) {
            failed_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        jobs_.push_back({stream, std::move(annexb)});
    }
    wake_.notify_one();
}

void Thumbnailer::run() {
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (stopping_) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        auto jpeg = make_thumbnail(job.annexb);
        (jpeg ? made_ : failed_).fetch_add(1, std::memory_order_relaxed);
        if (jpeg) deliver_(job.stream, std::move(*jpeg));
    }
}

}  // namespace confidente::media
