#include "media/engine/bitrate_policer.hpp"

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

struct Flow {
    BitratePolicer policer{1'000'000};
    Instant now{0};
    PolicerVerdict last = PolicerVerdict::pass;
    std::uint32_t dropped = 0;

    /// 100 packets a second.
    void send(std::uint64_t bps, Duration length) {
        for (const auto end = now + length; now < end; now = now + 10ms) {
            last = policer.packet(bps / 8 / 100, now);
            if (last == PolicerVerdict::drop) ++dropped;
        }
    }
};

}  // namespace

TEST("what is allowed passes, and so does a burst shorter than two seconds") {
    Flow flow;
    flow.send(1'900'000, 10s);
    CHECK(flow.dropped == 0);
    flow.send(2'500'000, 1s);
    flow.send(1'000'000, 5s);
    CHECK(flow.dropped == 0);
    CHECK(flow.last == PolicerVerdict::pass);
}

TEST("more than twice the limit for two seconds is dropped until it falls") {
    Flow flow;
    flow.send(2'500'000, 2s);
    CHECK(flow.dropped == 0);
    flow.send(2'500'000, 3s);
    CHECK(flow.dropped > 200);
    flow.send(1'000'000, 2s);
    CHECK(flow.last == PolicerVerdict::pass);
}

TEST("more than three times the limit ends the session") {
    Flow flow;
    flow.send(4'000'000, 1s);
    CHECK(flow.last == PolicerVerdict::close);
}

TEST("seconds above one and a half times the limit are counted, and nothing else happens to them") {
    Flow flow;
    flow.send(1'400'000, 5s);
    CHECK(flow.policer.seconds_warned() == 0);
    flow.send(1'600'000, 5s);
    flow.send(1'000'000, 3s);
    CHECK(flow.policer.seconds_warned() == 5);
    CHECK(flow.dropped == 0);
}
