#include "media/routing/layer_selector.hpp"

#include <vector>

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

constexpr std::uint8_t kLow = 0, kMiddle = 1, kHigh = 2;
const std::vector<LayerChoice> kLadder = {{kLow, 180'000}, {kMiddle, 600'000}, {kHigh, 2'000'000}};

/// A viewer whose packets come and whose choices are made twice a second.
struct Viewer {
    LayerSelector selector;
    Instant now{1'000'000'000};
    std::vector<std::optional<std::uint8_t>> shown;  ///< after each choice
    int switches = 0;

    bool packet(std::uint8_t layer, bool keyframe, bool marker = true) {
        LayerPacket packet;
        packet.layer = layer;
        packet.starts_keyframe = keyframe;
        packet.marker = marker;
        return selector.takes(packet);
    }
    void choose(std::uint64_t budget, bool keyframes = true) {
        selector.set_budget_bps(budget);
        selector.choose(kLadder, now);
        now = now + 500ms;
        const auto before = selector.current();
        for (std::uint8_t layer = 0; layer < 3; ++layer) packet(layer, keyframes);
        if (selector.current() != before) ++switches;
        shown.push_back(selector.current());
    }
    void choose_for(Duration length, std::uint64_t budget) {
        for (Instant end = now + length; now < end;) choose(budget);
    }
};

}  // namespace

TEST("it falls at once to what fits, and rises only after a while with a margin") {
    Viewer viewer;
    viewer.choose(3'000'000);
    CHECK(viewer.selector.current() == kHigh);
    viewer.choose(1'900'000);
    CHECK(viewer.selector.current() == kMiddle);
    // Enough for the layer, not for its margin.
    viewer.choose_for(60s, 2'100'000);
    CHECK(viewer.selector.current() == kMiddle);
    const Instant enough = viewer.now;
    while (viewer.selector.current() != kHigh && viewer.now - enough < 60s) viewer.choose(2'400'000);
    CHECK(viewer.now - enough >= kUpAfter);
    CHECK(viewer.now - enough <= 5s);
}

TEST("a path that was never full is believed at once") {
    LayerSelector selector;
    selector.set_budget_bps(1'000'000, false);
    selector.choose(kLadder, Instant{1});
    CHECK(selector.target() == kMiddle);
    selector.set_budget_bps(2'500'000, false);
    selector.choose(kLadder, Instant{500'000'000});
    CHECK(selector.target() == kHigh);
    // Nor does a first guess take the only picture away.
    LayerSelector single;
    single.set_budget_bps(1'000'000, false);
    single.choose(std::span{kLadder}.last(1), Instant{1});
    single.choose(std::span{kLadder}.last(1), Instant{2});
    CHECK(single.target() == kHigh);
}

TEST("a budget that swings around a layer's rate does not make the picture swing") {
    Viewer viewer;
    viewer.choose_for(10s, 3'000'000);
    viewer.switches = 0;
    // Four seconds of plenty, four of want, for five minutes.
    for (int i = 0; i < 37; ++i) {
        viewer.choose_for(4s, 2'600'000);
        viewer.choose_for(4s, 1'200'000);
    }
    CHECK(viewer.switches <= 6);
    CHECK(viewer.selector.current() == kMiddle);
    // When the path has come to rest, it rises all the same.
    viewer.choose_for(kMaxUpAfter + 2s, 2'600'000);
    CHECK(viewer.selector.current() == kHigh);
}

TEST("under the lowest layer there is no video, from the end of a frame on, and it comes back with a keyframe") {
    Viewer viewer;
    viewer.choose_for(5s, 700'000);
    CHECK(viewer.selector.current() == kMiddle);
    viewer.selector.set_budget_bps(100'000);
    viewer.selector.choose(kLadder, viewer.now);
    CHECK(viewer.selector.starved());
    CHECK_FALSE(viewer.selector.waits_for_keyframe());
    CHECK(viewer.packet(kMiddle, false, false));
    CHECK(viewer.packet(kMiddle, false, true));
    CHECK_FALSE(viewer.packet(kMiddle, false));
    CHECK_FALSE(viewer.packet(kMiddle, true));
    CHECK_FALSE(viewer.packet(kLow, true));
    viewer.choose_for(30s, 170'000);
    CHECK(viewer.selector.starved());
    Duration dark{0};
    while (viewer.selector.starved() && dark < 70s) {
        viewer.choose(250'000, false);
        dark += 500ms;
    }
    CHECK(dark >= kUpAfter);
    CHECK(viewer.selector.waits_for_keyframe());
    CHECK_FALSE(viewer.packet(kLow, false));
    CHECK(viewer.packet(kLow, true));
}

TEST("a little too little for the lowest layer is no reason to take the picture away") {
    Viewer viewer;
    viewer.choose_for(60s, 150'000);
    CHECK_FALSE(viewer.selector.starved());
    CHECK(viewer.selector.current() == kLow);
}

TEST("the layer chosen by hand is a limit, and falls like any other") {
    Viewer viewer;
    viewer.choose(5'000'000);
    CHECK(viewer.selector.current() == kHigh);
    viewer.selector.set_highest_layer(kMiddle);
    viewer.choose(5'000'000);
    CHECK(viewer.selector.current() == kMiddle);
    viewer.choose(300'000);
    CHECK(viewer.selector.current() == kLow);
    viewer.selector.set_highest_layer({});
    viewer.choose_for(30s, 5'000'000);
    CHECK(viewer.selector.current() == kHigh);
}

TEST("a single second with a keyframe in it is not the layer's rate") {
    LayerSelector selector;
    Instant now{1'000'000'000};
    selector.set_budget_bps(700'000);
    for (int i = 0; i < 20; ++i, now = now + 500ms) selector.choose(kLadder, now);
    CHECK(selector.target() == kMiddle);
    auto burst = kLadder;
    burst[1].bitrate_bps = 900'000;
    selector.choose(burst, now);
    CHECK(selector.target() == kMiddle);
}

TEST("a layer that goes takes the viewer to what is left") {
    Viewer viewer;
    viewer.choose_for(5s, 3'000'000);
    viewer.selector.choose(std::span{kLadder}.first(2), viewer.now);
    CHECK(viewer.selector.target() == kMiddle);
    CHECK(viewer.selector.current() == kHigh);
    CHECK(viewer.packet(kMiddle, true));
}
