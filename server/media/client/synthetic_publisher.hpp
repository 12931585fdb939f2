// The demo's model: publishes the moving test picture and its music to a server by WHIP, in real time, on a thread of
// its own. HTTP is the caller's: it gives a function that posts the offer and returns the answer.
//
// Errors: what the function returned; `bad_answer`; `udp_unavailable`; `encoder_failed`.
// Invariants: the thread ends when the connection does (running() is then false) or at stop(), which says goodbye.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "media/packaging/test_picture.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

struct SyntheticPublisherConfig {
    TestPictureConfig picture = {.bitrate_kbps = 700};
    std::string local_ip = "127.0.0.1";  ///< to send from; must reach the server's candidate
};

class SyntheticPublisher {
public:
    /// Called once, inside start(), on the caller's thread; may block.
    using PostOffer = std::function<Result<std::string>(std::string offer_sdp)>;

    /// `random` and `clock` outlive it; `random` must be fit for keys.
    static Result<std::unique_ptr<SyntheticPublisher>> start(SyntheticPublisherConfig config, const PostOffer& post,
                                                             Random& random, const Clock& clock);
    ~SyntheticPublisher();
    SyntheticPublisher(const SyntheticPublisher&) = delete;
    SyntheticPublisher& operator=(const SyntheticPublisher&) = delete;

    /// False once the server closed, the connection was lost or never came, or stop() was called.
    bool running() const;
    bool connected() const;
    void stop();

    struct Counters {
        std::uint64_t frames = 0, packets = 0, nacks = 0, repeated = 0, keyframes_asked = 0;
    };
    Counters counters() const;

private:
    struct Parts;
    explicit SyntheticPublisher(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace confidente::media
