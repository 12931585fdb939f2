// What Chromium sends when it puts several spatial layers into one stream, to viewers of either layer.
#include <map>

#include "media/protocol/codecs/vp9.hpp"
#include "media/routing/testing.hpp"
#include "testing/rtp_capture.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {

constexpr Instant kStart{10'000'000'000};
const std::string kCorpus = CONFIDENTE_SOURCE_DIR "/tests/corpus/rtp/";

struct Capture {
    const char* name;
    Codec codec;
    std::uint8_t payload_type, rtx, dependency;
};
constexpr Capture kCaptures[] = {{"chromium156-av1-l2t3-key", Codec::av1, 45, 46, 13},
                                 {"chromium156-vp9-l2t3", Codec::vp9, 98, 99, 13},
                                 {"chromium156-vp9-l2t3-no-descriptor", Codec::vp9, 98, 99, 0}};

NegotiatedMedia media_of(const Capture& capture) {
    NegotiatedMedia media = video_media({});
    media.codec = capture.codec;
    media.payload_type = {capture.payload_type};
    media.rtx_payload_type = PayloadType{capture.rtx};
    media.extensions.dependency = capture.dependency;
    return media;
}

struct Picture {
    int packets = 0;
    bool ended = false;
    std::uint8_t highest = 0;  ///< spatial layer
};

}  // namespace

TEST(
    "a viewer of Chromium's layers in one stream gets whole pictures of the layer it wants, and numbers without a "
    "hole") {
    for (const Capture& capture : kCaptures)
        for (const std::uint8_t wanted : {0, 1}) {
            CAPTURE(capture.name);
            CAPTURE(wanted);
            SeededRandom random{wanted};
            Publication publication{{media_of(capture)}, {1}, "server", kStart};
            Subscription viewer{for_viewer(media_of(capture), 7000), kVideo, random, kStart};
            viewer.set_highest_step(wanted);
            std::map<std::uint32_t, Picture> pictures;
            std::optional<SeqNo> last;
            DependencyStructure structure, fresh;
            bool known = false;
            std::size_t offered = 0, given_out = 0;
            Instant now = kStart;
            for (const auto& packet : confidente::testing::read_rtp_capture(kCorpus + capture.name + ".bin")) {
                now = kStart + packet.at;
                if (viewer.deadline() <= now) viewer.tick(publication, now);
                feedback_of(publication, now);
                const auto given = give(publication, packet.bytes, now);
                if (!given) continue;
                ++offered;
                const auto out = viewer.forward(*given, publication, now);
                if (!out) continue;
                ++given_out;
                std::array<std::uint8_t, kMaxRtpBytes> buffer;
                const auto view = *RtpPacketView::parse(Bytes{buffer}.first(viewer.write(*out, {1}, now, buffer)));
                if (last) CHECK(view.sequence().since(*last) == 1);
                last = view.sequence();
                Picture& picture = pictures[view.timestamp().value];
                CHECK_FALSE(picture.ended);
                ++picture.packets;
                picture.ended = view.marker();
                std::uint8_t spatial = 0;
                if (capture.dependency != 0) {
                    REQUIRE(view.extension(13));
                    const auto read =
                        read_dependency_descriptor(*view.extension(13), known ? &structure : nullptr, fresh);
                    REQUIRE(read);
                    if (read->has_structure) structure = fresh, known = true;
                    REQUIRE(read->active_targets);
                    CHECK(*read->active_targets != 0);
                    spatial = read->spatial;
                } else {
                    spatial = parse_vp9_descriptor(view.payload())->spatial;
                }
                picture.highest = std::max(picture.highest, spatial);
                CHECK(spatial <= wanted);
            }
            CHECK(publication.layer_count(kVideo) >= 2);
            CHECK(publication.counters().padding > 0);
            CHECK(viewer.layer() == wanted);
            CHECK(pictures.size() > 40);
            // The last picture may be cut off by the end of the capture.
            for (auto picture = pictures.begin(); std::next(picture) != pictures.end(); ++picture)
                CHECK(picture->second.ended);
            CHECK(pictures.rbegin()->second.highest == wanted);
            CHECK((wanted == 0 ? given_out < offered * 2 / 3 : given_out > offered / 2));
        }
}

TEST("the layers of Chromium's stream are a ladder with sizes and rates of their own") {
    for (const Capture& capture : kCaptures) {
        CAPTURE(capture.name);
        Publication publication{{media_of(capture)}, {1}, "server", kStart};
        Instant now = kStart;
        for (const auto& packet : confidente::testing::read_rtp_capture(kCorpus + capture.name + ".bin")) {
            now = kStart + packet.at;
            give(publication, packet.bytes, now);
        }
        std::array<std::uint8_t, kMaxLayers> ladder;
        REQUIRE(publication.ladder(kVideo, now, ladder) == 2);
        CHECK(publication.bitrate_bps(kVideo, 1, now) > publication.bitrate_bps(kVideo, 0, now));
        const PictureSize low = publication.picture_size(kVideo, 0), high = publication.picture_size(kVideo, 1);
        CHECK(low.width > 0);
        CHECK(high.width == 2 * low.width);
    }
}
