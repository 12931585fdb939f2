// What lives need of the media engine, without knowing it: app puts the engine behind this.
//
// All calls are thread-safe and return at once; `done` is called once, from any thread. Sessions are unguessable ids.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/result.hpp"

namespace confidente::lives {

struct StageAnswer {
    std::string session_id;
    std::string sdp;
};

/// The layers of a live's video, as one viewer may choose among them.
struct StageLayers {
    struct Layer {
        std::string encoding_id;
        std::int64_t width = 0, height = 0, bitrate_bps = 0;
    };
    std::vector<Layer> layers;                 ///< lowest first
    std::optional<std::string> chosen, shown;  ///< encoding ids; nothing chosen = by what the connection carries
};

class Stage {
public:
    virtual ~Stage() = default;
    virtual void publish(std::string live_id, std::string offer, std::function<void(Result<StageAnswer>)> done) = 0;
    virtual void play(std::string live_id, std::string offer, std::function<void(Result<StageAnswer>)> done) = 0;
    /// `done` gets what answers an ICE restart, or an empty text when the fragment was none.
    virtual void trickle(std::string session_id, std::string fragment,
                         std::function<void(Result<std::string>)> done) = 0;
    virtual void hang_up(std::string session_id, std::function<void(Status)> done) = 0;
    /// Of a viewer's session.
    virtual void layers(std::string session_id, std::function<void(Result<StageLayers>)> done) = 0;
    virtual void choose_layer(std::string session_id, std::optional<std::string> encoding_id,
                              std::function<void(Result<StageLayers>)> done) = 0;
    /// Closes the publisher and every viewer; nothing happens when there are none.
    virtual void end(std::string live_id) = 0;
};

}  // namespace confidente::lives
