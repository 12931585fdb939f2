// What a live needs of a media plane. The app implements it with the media engine; domain and media never meet.
#pragma once

#include <functional>
#include <string>

#include "platform/base/result.hpp"

namespace confidente::lives {

/// The media plane's answer to an SDP offer.
struct MediaAnswer {
    std::string session_id;  ///< unguessable
    std::string sdp;
};

/// Thread-safe; each `done` is called once, from any thread.
class Stage {
public:
    virtual ~Stage() = default;
    virtual void publish(const std::string& live_id, std::string offer,
                         std::function<void(Result<MediaAnswer>)> done) = 0;
    virtual void play(const std::string& live_id, std::string offer, std::function<void(Result<MediaAnswer>)> done) = 0;
    virtual void trickle(const std::string& session_id, std::string fragment, std::function<void(Status)> done) = 0;
    virtual void hang_up(const std::string& session_id, std::function<void(Status)> done) = 0;
    /// Publisher and viewers are told at once.
    virtual void end(const std::string& live_id) = 0;
};

}  // namespace confidente::lives
