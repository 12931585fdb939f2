#include "app/engine_stage.hpp"

#include "domain/lives/service.hpp"
#include "platform/base/log.hpp"

namespace confidente::app {
namespace {

/// The domain's answer from the engine's.
std::function<void(Result<media::Answer>)> translated(std::function<void(Result<lives::StageAnswer>)> done) {
    return [done = std::move(done)](Result<media::Answer> answer) {
        if (answer)
            done(lives::StageAnswer{std::move(answer->session_id), std::move(answer->sdp)});
        else
            done(std::move(answer).error());
    };
}

std::function<void(Result<media::ViewedLayers>)> translated(std::function<void(Result<lives::StageLayers>)> done) {
    return [done = std::move(done)](Result<media::ViewedLayers> viewed) {
        if (!viewed) return done(std::move(viewed).error());
        lives::StageLayers layers{{}, std::move(viewed->chosen), std::move(viewed->shown)};
        for (auto& layer : viewed->layers)
            layers.layers.push_back({std::move(layer.encoding_id), layer.width, layer.height,
                                     static_cast<std::int64_t>(layer.bitrate_bps)});
        done(std::move(layers));
    };
}

}  // namespace

Status EngineStage::open(media::EngineConfig config, Random& random) {
    TRY(engine_, media::Engine::open(std::move(config), *this, random));
    return {};
}

void EngineStage::await_publisher(const std::string& live_id) {
    const std::scoped_lock lock{mutex_};
    deadlines_[live_id] = clock_.now() + lives::kPublisherGrace;
}

std::vector<std::string> EngineStage::abandoned() {
    const Instant now = clock_.now();
    std::vector<std::string> abandoned;
    const std::scoped_lock lock{mutex_};
    for (auto& [live_id, deadline] : deadlines_) {
        if (deadline > now) continue;
        abandoned.push_back(live_id);
        deadline = now + kAskAgain;
    }
    return abandoned;
}

void EngineStage::settle(const std::string& live_id) {
    const std::scoped_lock lock{mutex_};
    deadlines_.erase(live_id);
}

void EngineStage::publish(std::string live_id, std::string offer,
                          std::function<void(Result<lives::StageAnswer>)> done) {
    engine_->publish(std::move(live_id), std::move(offer), translated(std::move(done)));
}

void EngineStage::play(std::string live_id, std::string offer, std::function<void(Result<lives::StageAnswer>)> done) {
    engine_->play(std::move(live_id), std::move(offer), translated(std::move(done)));
}

void EngineStage::trickle(std::string session_id, std::string fragment, std::function<void(Result<std::string>)> done) {
    engine_->trickle(std::move(session_id), std::move(fragment), std::move(done));
}

void EngineStage::hang_up(std::string session_id, std::function<void(Status)> done) {
    engine_->hang_up(std::move(session_id), std::move(done));
}

void EngineStage::layers(std::string session_id, std::function<void(Result<lives::StageLayers>)> done) {
    engine_->layers(std::move(session_id), translated(std::move(done)));
}

void EngineStage::choose_layer(std::string session_id, std::optional<std::string> encoding_id,
                               std::function<void(Result<lives::StageLayers>)> done) {
    engine_->choose_layer(std::move(session_id), std::move(encoding_id), translated(std::move(done)));
}

void EngineStage::end(std::string live_id) {
    settle(live_id);
    engine_->end_stream(std::move(live_id));
}

void EngineStage::publisher_connected(std::string_view stream) {
    log::info("live.publisher_connected", {{"live.id", stream}});
    const std::scoped_lock lock{mutex_};
    if (const auto found = deadlines_.find(stream); found != deadlines_.end()) deadlines_.erase(found);
}

void EngineStage::publisher_gone(std::string_view stream, media::HangUpReason reason) {
    log::info("live.publisher_gone", {{"live.id", stream}, {"event.reason", media::to_string(reason)}});
    if (reason == media::HangUpReason::live_ended || reason == media::HangUpReason::shutdown) return;
    await_publisher(std::string{stream});
}

void EngineStage::viewer_connected(std::string_view stream, std::string_view session) {
    sessions_.connected(session);
    log::info("live.viewer_connected", {{"live.id", stream}});
}

void EngineStage::viewer_gone(std::string_view stream, std::string_view session, media::HangUpReason reason) {
    sessions_.ended(session);
    log::info("live.viewer_gone", {{"live.id", stream}, {"event.reason", media::to_string(reason)}});
}

void EngineStage::thumbnail(std::string_view stream, Buffer jpeg) {
    thumbnails_.put(std::string{stream}, jpeg, clock_.utc_now());
}

void EngineStage::layers_wanted(std::string_view stream, std::string_view session,
                                const std::vector<std::string>& encoding_ids) {
    layers_wanted_(stream, session, encoding_ids);
}

}  // namespace confidente::app
