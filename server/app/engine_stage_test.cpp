#include "app/engine_stage.hpp"

#include "domain/lives/service.hpp"
#include "platform/base/time.hpp"
#include "testing/test.hpp"

namespace confidente::app {
namespace {
using Ids = std::vector<std::string>;
}  // namespace

TEST("a live that nobody publishes is given when its grace ends, and again until it is settled") {
    ManualClock clock;
    lives::Thumbnails thumbnails{"unused"};
    lives::MediaSessions sessions;
    EngineStage stage{thumbnails, sessions, clock, nullptr};
    stage.await_publisher("first");
    clock.advance(lives::kPublisherGrace - 1s);
    stage.await_publisher("second");
    CHECK(stage.abandoned().empty());
    clock.advance(1s);
    CHECK(stage.abandoned() == Ids{"first"});
    CHECK(stage.abandoned().empty());
    clock.advance(kAskAgain);
    CHECK(stage.abandoned() == Ids{"first"});
    stage.settle("first");
    clock.advance(lives::kPublisherGrace);
    CHECK(stage.abandoned() == Ids{"second"});
}

TEST("a model who comes back keeps the live") {
    ManualClock clock;
    lives::Thumbnails thumbnails{"unused"};
    lives::MediaSessions sessions;
    EngineStage stage{thumbnails, sessions, clock, nullptr};
    stage.publisher_gone("live", media::HangUpReason::lost);
    clock.advance(lives::kPublisherGrace);
    CHECK(stage.abandoned() == Ids{"live"});
    stage.publisher_connected("live");
    clock.advance(kAskAgain);
    CHECK(stage.abandoned().empty());
    // What ends on purpose waits for nobody.
    stage.publisher_gone("live", media::HangUpReason::live_ended);
    clock.advance(lives::kPublisherGrace);
    CHECK(stage.abandoned().empty());
}

}  // namespace confidente::app
