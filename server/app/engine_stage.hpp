// The media engine behind the lives' Stage, and what the engine tells the lives: pictures, and models that come and go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "domain/lives/media_sessions.hpp"
#include "domain/lives/stage.hpp"
#include "domain/lives/thumbnails.hpp"
#include "media/engine/engine.hpp"

namespace confidente::app {

inline constexpr Duration kAskAgain = 5s;

/// Thread-safe.
class EngineStage final : public lives::Stage, public media::EngineEvents {
public:
    /// Called from an engine thread.
    using LayersWanted = std::function<void(std::string_view live_id, std::string_view media_session,
                                            const std::vector<std::string>& encoding_ids)>;
    EngineStage(lives::Thumbnails& thumbnails, lives::MediaSessions& sessions, const Clock& clock,
                LayersWanted layers_wanted)
        : thumbnails_(thumbnails), sessions_(sessions), clock_(clock), layers_wanted_(std::move(layers_wanted)) {}
    Status open(media::EngineConfig config, Random& random);
    /// Tells every publisher and viewer, and stops the engine's threads.
    void close() { engine_.reset(); }
    const media::Engine& engine() const { return *engine_; }

    /// Nobody publishes this live: it has until the grace ends.
    void await_publisher(const std::string& live_id);
    /// Lives whose grace has ended. Each is given again every kAskAgain, until settle() or its publisher comes: the
    /// database may be away when the first moment to end it has come.
    std::vector<std::string> abandoned();
    /// This live waits for nobody.
    void settle(const std::string& live_id);

    void publish(std::string live_id, std::string offer, std::function<void(Result<lives::StageAnswer>)> done) override;
    void play(std::string live_id, std::string offer, std::function<void(Result<lives::StageAnswer>)> done) override;
    void trickle(std::string session_id, std::string fragment, std::function<void(Result<std::string>)> done) override;
    void hang_up(std::string session_id, std::function<void(Status)> done) override;
    void layers(std::string session_id, std::function<void(Result<lives::StageLayers>)> done) override;
    void choose_layer(std::string session_id, std::optional<std::string> encoding_id,
                      std::function<void(Result<lives::StageLayers>)> done) override;
    void end(std::string live_id) override;

    void publisher_connected(std::string_view stream) override;
    void publisher_gone(std::string_view stream, media::HangUpReason reason) override;
    void viewer_connected(std::string_view stream, std::string_view session) override;
    void viewer_gone(std::string_view stream, std::string_view session, media::HangUpReason reason) override;
    void thumbnail(std::string_view stream, Buffer jpeg) override;
    void layers_wanted(std::string_view stream, std::string_view session,
                       const std::vector<std::string>& encoding_ids) override;

private:
    lives::Thumbnails& thumbnails_;
    lives::MediaSessions& sessions_;
    const Clock& clock_;
    LayersWanted layers_wanted_;
    std::mutex mutex_;  ///< guards deadlines_
    std::map<std::string, Instant, std::less<>> deadlines_;
    std::unique_ptr<media::Engine> engine_;  ///< last: its threads end before what they touch
};

}  // namespace confidente::app
