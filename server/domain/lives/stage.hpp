// What lives need of the media engine, without knowing it: app puts the engine behind this.
//
// All calls are thread-safe and return at once; `done` is called once, from any thread. Sessions are unguessable ids.
#pragma once

#include <functional>
#include <string>

#include "platform/base/result.hpp"

namespace confidente::lives {

struct StageAnswer {
    std::string session_id;
    std::string sdp;
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
    /// Closes the publisher and every viewer; nothing happens when there are none.
    virtual void end(std::string live_id) = 0;
};

}  // namespace confidente::lives
