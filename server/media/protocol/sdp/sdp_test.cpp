#include <algorithm>

#include "media/protocol/sdp/negotiate.hpp"
#include "platform/base/random.hpp"
#include "testing/rtp_capture.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

std::string corpus(std::string_view name) {
    const Buffer bytes = testing::read_file(CONFIDENTE_SOURCE_DIR "/tests/corpus/sdp/" + std::string{name} + ".sdp");
    return std::string{as_text(bytes)};
}
SessionDescription parsed(std::string_view text) {
    auto description = SessionDescription::parse(text);
    REQUIRE(description);
    return *description;
}
LocalTransport local() {
    LocalTransport transport;
    transport.ufrag = "serverfrag";
    transport.password = "serverpasswordserverpassword";
    transport.fingerprint = {"sha-256", "AA"};
    for (int i = 1; i < 32; ++i) transport.fingerprint.hex += ":AA";
    transport.candidates = {{"127.0.0.1", 40000}, {"::1", 40000}};
    transport.session_id = 42;
    return transport;
}
std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}
const NegotiatedMedia& of(const Negotiated& negotiated, MediaKind kind) {
    const auto found = std::find_if(negotiated.media.begin(), negotiated.media.end(),
                                    [&](const NegotiatedMedia& media) { return media.kind == kind; });
    REQUIRE(found != negotiated.media.end());
    return *found;
}
std::vector<PublishedTrack> tracks_of(const Negotiated& published) {
    std::vector<PublishedTrack> tracks;
    for (const NegotiatedMedia& media : published.media) tracks.push_back({media, {1000}, {2000}});
    return tracks;
}

}  // namespace

TEST("Chromium's simulcast offer is read: layers, payloads, extensions, transport") {
    const auto offer = parsed(corpus("chromium-publish-simulcast-h264"));
    REQUIRE(offer.media.size() == 2);
    CHECK(offer.bundle == std::vector<std::string>{"0", "1"});
    const SdpMedia& video = offer.media[0];
    CHECK(video.kind == MediaKind::video);
    CHECK(video.direction == Direction::sendonly);
    CHECK(video.rtcp_mux);
    CHECK(video.transport.ufrag == "KYf4");
    CHECK(video.transport.password == "LLgDWi8y+lWlFf3IQCpj9LjZ");
    CHECK(video.transport.fingerprint.algorithm == "sha-256");
    CHECK(video.transport.setup == SetupRole::actpass);
    CHECK(video.simulcast_send == std::vector<std::string>{"l", "m", "h"});
    CHECK(video.extension_id(kExtensionRid) == 10);
    REQUIRE(video.payload({108}));
    CHECK(video.payload({108})->codec == Codec::h264);
    CHECK(fmtp_parameter(video.payload({108})->fmtp, "profile-level-id") == "42e01f");
    CHECK(video.payload({109})->apt == PayloadType{108});
    CHECK(video.payload({108})->feedback.size() == 5);
    CHECK(offer.media[1].payload({111})->channels == 2);
    CHECK(offer.media[1].sources.front().cname == "Pn0WYKMZuAu98UdM");
}

TEST("every offer of the corpus is answered, and every answer can be read back") {
    for (const char* name :
         {"chromium-publish-simulcast-h264", "chromium-publish-simulcast-vp8", "chromium-publish-simulcast-vp9",
          "chromium-publish-simulcast-av1", "chromium156-publish-single-default"}) {
        CAPTURE(name);
        const auto offer = parsed(corpus(name));
        const auto answer = make_publish_answer(offer, local());
        REQUIRE(answer);
        CHECK(answer->media.size() == 2);
        CHECK(answer->remote.ufrag == offer.media[0].transport.ufrag);
        const auto again = parsed(answer->sdp);
        CHECK(again.media.size() == offer.media.size());
        for (const SdpMedia& media : again.media) {
            CHECK(media.direction == Direction::recvonly);
            CHECK(media.transport.setup == SetupRole::passive);
            CHECK(media.transport.ufrag == "serverfrag");
        }
        CHECK(again.media[0].transport.candidates.size() == 2);
        CHECK(again.media[0].transport.candidates[1].ip == "::1");
        // What the client reads in the answer is what the server believes it said.
        const auto read = read_answer(again);
        REQUIRE(read);
        const auto &theirs = of(*read, MediaKind::video), &ours = of(*answer, MediaKind::video);
        CHECK(theirs.codec == ours.codec);
        CHECK(theirs.payload_type == ours.payload_type);
        CHECK(theirs.rtx_payload_type == ours.rtx_payload_type);
        CHECK(theirs.rids == ours.rids);
        CHECK(theirs.extensions.transport_cc == ours.extensions.transport_cc);
        CHECK(answer->sdp.find("a=ice-lite\r\n") != std::string::npos);
        CHECK(answer->sdp.find("x-google-start-bitrate=2500") != std::string::npos);
        CHECK(answer->sdp.find("192.0.2.2") == std::string::npos);  // nothing of the client's addresses
    }
}

TEST("a publisher gets H.264 constrained baseline in packetization mode 1, its RTX, and all its layers") {
    const auto answer = *make_publish_answer(parsed(corpus("chromium-publish-simulcast-h264")), local());
    const auto& video = of(answer, MediaKind::video);
    CHECK(video.payload_type.value == 108);
    CHECK(video.rtx_payload_type == PayloadType{109});
    CHECK(video.rids == std::vector<std::string>{"l", "m", "h"});
    CHECK(video.extensions.mid == 9);
    CHECK(video.extensions.rid == 10);
    CHECK(video.extensions.repaired_rid == 11);
    CHECK((video.nack && video.pli && video.fir && video.transport_cc));
    CHECK_FALSE(video.ssrc);
    const auto& audio = of(answer, MediaKind::audio);
    CHECK(audio.codec == Codec::opus);
    CHECK(audio.ssrc->value == 3745167228);
    CHECK(audio.clock_rate == 48'000);
    for (const char* line : {"a=rid:h recv\r\n", "a=simulcast:recv l;m;h\r\n", "a=rtcp-fb:108 nack pli\r\n",
                             "a=fmtp:109 apt=108\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"})
        CHECK_MESSAGE(answer.sdp.find(line) != std::string::npos, line);
}

TEST("a publisher without simulcast announces its SSRCs, and H.264 is preferred to what comes first") {
    const auto answer = *make_publish_answer(parsed(corpus("chromium156-publish-single-default")), local());
    const auto& video = of(answer, MediaKind::video);
    CHECK(video.codec == Codec::h264);
    CHECK(video.ssrc->value == 4155702380);
    CHECK(video.rtx_ssrc->value == 4240583458);
    CHECK(video.rids.empty());
    CHECK(answer.sdp.find("simulcast") == std::string::npos);
}

TEST("without H.264 the order is VP8, VP9, AV1") {
    std::string offer = replaced(corpus("chromium156-publish-single-default"), " H264/", " H999/");
    CHECK(of(*make_publish_answer(parsed(offer), local()), MediaKind::video).codec == Codec::vp8);
    offer = replaced(offer, " VP8/", " VX8/");
    CHECK(of(*make_publish_answer(parsed(offer), local()), MediaKind::video).codec == Codec::vp9);
    offer = replaced(offer, " VP9/", " VX9/");
    CHECK(of(*make_publish_answer(parsed(offer), local()), MediaKind::video).codec == Codec::av1);
    offer = replaced(offer, " AV1/", " AX1/");
    const auto only_audio = *make_publish_answer(parsed(offer), local());
    CHECK(only_audio.media.size() == 1);
    CHECK(only_audio.sdp.find("m=video 0 ") != std::string::npos);
    CHECK(parsed(only_audio.sdp).bundle == std::vector<std::string>{"1"});
}

TEST("a viewer gets the publisher's codec under the viewer's own payload type, with our SSRCs") {
    const auto published = *make_publish_answer(parsed(corpus("chromium-publish-simulcast-h264")), local());
    for (const char* name : {"chromium156-recvonly-viewer", "chromium156-recvonly-viewer-h264"}) {
        CAPTURE(name);
        const auto answer = make_play_answer(parsed(corpus(name)), local(), tracks_of(published), "live");
        REQUIRE(answer);
        const auto& video = of(*answer, MediaKind::video);
        CHECK(video.payload_type.value == 108);
        CHECK(video.rtx_payload_type == PayloadType{109});
        CHECK(video.ssrc->value == 1000);
        CHECK(video.rtx_ssrc->value == 2000);
        CHECK(video.rids.empty());
        CHECK_FALSE(of(*answer, MediaKind::audio).rtx_ssrc);
        const auto again = parsed(answer->sdp);
        CHECK(again.media[0].direction == Direction::sendonly);
        CHECK(again.media[0].sources.size() == 2);
        CHECK(again.media[0].sources[0].cname == "live");
        CHECK(again.media[0].repair_pairs.at(0).second.value == 2000);
        CHECK(again.media[0].extension_id(kExtensionRid) == 0);
    }
}

TEST("a viewer who cannot play the codec gets the sound alone, or an error without sound either") {
    const auto published = *make_publish_answer(parsed(corpus("chromium-publish-simulcast-vp8")), local());
    CHECK(of(published, MediaKind::video).codec == Codec::vp8);
    const auto viewer = parsed(corpus("chromium156-recvonly-viewer-h264"));
    const auto answer = make_play_answer(viewer, local(), tracks_of(published), "live");
    REQUIRE(answer);
    REQUIRE(answer->media.size() == 1);
    CHECK(answer->media[0].kind == MediaKind::audio);
    const std::vector<PublishedTrack> video_only = {{of(published, MediaKind::video), {1}, {2}}};
    CHECK(make_play_answer(viewer, local(), video_only, "live").error().code == "bad_offer");
}

TEST("H.264 is carried by decoders of the same or a higher profile, in a packetization mode that allows it") {
    const auto fits = [](std::string published, std::string offered) {
        NegotiatedMedia media;
        media.codec = Codec::h264;
        media.fmtp = "packetization-mode=" + published.substr(0, 1) + ";profile-level-id=" + published.substr(2);
        SdpPayload payload;
        payload.codec = Codec::h264;
        payload.clock_rate = 90'000;
        payload.fmtp = "profile-level-id=" + offered.substr(2) + "; packetization-mode=" + offered.substr(0, 1);
        return can_carry(media, payload);
    };
    CHECK(fits("1 42e01f", "1 42e01f"));
    CHECK(fits("1 42e01f", "1 42e034"));  // levels are the sender's business
    CHECK(fits("1 42e01f", "1 640c1f"));
    CHECK(fits("1 42001f", "1 42e01f"));
    CHECK(fits("0 42e01f", "1 42e01f"));
    CHECK_FALSE(fits("1 42e01f", "0 42e01f"));
    CHECK_FALSE(fits("1 64001f", "1 42e01f"));
    CHECK_FALSE(fits("1 4d001f", "1 42e01f"));
    CHECK_FALSE(fits("1 42e01f", "1 zzzzzz"));
    CHECK_FALSE(fits("1 42e01f", "1 f4001f"));
}

TEST("data channels, second cameras and bare RTP are refused in their places") {
    const std::string base = corpus("chromium-publish-simulcast-h264");
    const std::string data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n";
    const std::string video = base.substr(base.find("m=video"), base.find("m=audio") - base.find("m=video"));
    const auto offer = parsed(base + data + replaced(video, "a=mid:0", "a=mid:3"));
    const auto answer = *make_publish_answer(offer, local());
    CHECK(answer.media.size() == 2);
    CHECK(answer.sdp.find("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n") != std::string::npos);
    const auto again = parsed(answer.sdp);
    REQUIRE(again.media.size() == 4);
    CHECK(again.media[2].port == 0);
    CHECK(again.media[3].port == 0);
    CHECK(again.bundle == std::vector<std::string>{"0", "1"});
    for (const char* protocol : {"RTP/AVP", "RTP/SAVPF", "TCP/TLS/RTP/SAVPF"})
        CHECK(make_publish_answer(parsed(replaced(base, "UDP/TLS/RTP/SAVPF", protocol)), local()).error().code ==
              "bad_offer");
}

TEST("Firefox's bundle-only m-lines have port 0 and are wanted all the same") {
    const auto offer = parsed(replaced(corpus("chromium-publish-simulcast-h264"), "m=audio 9 ", "a=x\r\nm=audio 0 "));
    CHECK(make_publish_answer(offer, local())->media.size() == 1);
    const auto bundled =
        parsed(replaced(replaced(corpus("chromium-publish-simulcast-h264"), "m=audio 9 ", "m=audio 0 "), "a=mid:1",
                        "a=bundle-only\r\na=mid:1"));
    CHECK(make_publish_answer(bundled, local())->media.size() == 2);
}

TEST("an offer without security, bundle or multiplexing is not answered") {
    const std::string base = corpus("chromium-publish-simulcast-h264");
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"a=fingerprint:sha-256", "a=x-fingerprint:sha-256"},
                                                          {"a=fingerprint:sha-256 ", "a=fingerprint:sha-1 "},
                                                          {"a=group:BUNDLE 0 1", "a=group:LS 0 1"},
                                                          {"a=group:BUNDLE 0 1", "a=group:BUNDLE 0"},
                                                          {"a=rtcp-mux\r\n", ""},
                                                          {"a=setup:actpass", "a=setup:passive"},
                                                          {"a=ice-ufrag:", "a=x-ufrag:"},
                                                          {"a=ice-pwd:", "a=x-pwd:"},
                                                          {"a=sendonly", "a=recvonly"},
                                                          {"a=mid:1", "a=mid:0"}}) {
        CAPTURE(to);
        const std::string text = replaced(base, from, to);
        REQUIRE(text != base);
        const auto answer = make_publish_answer(parsed(text), local());
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == "bad_offer");
        CHECK_FALSE(answer.error().detail.empty());
    }
}

TEST("reduced-size RTCP is agreed on only with those who offer it") {
    const auto offer = parsed(replaced(corpus("chromium-publish-simulcast-h264"), "a=rtcp-rsize\r\n", ""));
    const auto answer = *make_publish_answer(offer, local());
    CHECK_FALSE(answer.reduced_size_rtcp);
    CHECK(answer.sdp.find("rtcp-rsize") == std::string::npos);
    CHECK(make_publish_answer(parsed(corpus("chromium-publish-simulcast-h264")), local())->reduced_size_rtcp);
}

TEST("broken lines are named") {
    const std::string base = corpus("chromium-publish-simulcast-h264");
    const auto detail = [](const std::string& text) {
        const auto result = SessionDescription::parse(text);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == "bad_sdp");
        return result.error().detail;
    };
    CHECK(detail("") == "Line 1 (): there is nothing.");
    CHECK(detail("hello\r\n") == "Line 1 (hello): it is no SDP line.");
    CHECK(detail("v=1\r\n") == "Line 1 (v=1): the first line must be v=0.");
    CHECK(detail("v=0\r\ns=-\r\n").starts_with("Line 2"));
    CHECK(detail(replaced(base, "a=setup:actpass", "a=setup:whatever")).starts_with("Line 15 (a=setup:whatever)"));
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"m=video 9", "m=video 99999"},
                                                          {" 102 103", " 102 102"},
                                                          {" 102 103", " 102 300"},
                                                          {"/90000", "/0"},
                                                          {"sha-256 80:88", "sha-256 80:8G"},
                                                          {"sha-256 80:88", "sha-256 80"},
                                                          {"a=rid:l send", "a=rid:l up"},
                                                          {"send l;m;h", "send l;;h"},
                                                          {"a=extmap:1 ", "a=extmap:0 "},
                                                          {"a=ice-pwd:LLg", "a=ice-pwd:L g"},
                                                          {"a=ssrc:3745167228", "a=ssrc:99999999999"},
                                                          {"a=mid:0", "a=mid:"},
                                                          {"a=mid:0", "a=mid:a b"}})
        CHECK_MESSAGE(detail(replaced(base, from, to)).starts_with("Line "), to);
    CHECK(SessionDescription::parse(std::string(kMaxSdpBytes + 1, 'v')).error().kind == ErrorKind::too_large);
    std::string many = "v=0\r\n";
    for (int i = 0; i < 17; ++i) many += "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
    CHECK(detail(many).find("too many m-lines") != std::string::npos);
}

TEST("a fragment of trickled candidates is read, and end-of-candidates with it") {
    const auto fragment = TrickleFragment::parse(
        "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
        "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
        "a=candidate:3471623853 1 udp 2122194687 0f2a-1.local 61765 typ host\r\na=end-of-candidates\r\n");
    REQUIRE(fragment);
    CHECK(fragment->ufrag == "EsAw");
    REQUIRE(fragment->candidates.size() == 2);
    CHECK(fragment->candidates[0].port == 61764);
    CHECK(fragment->candidates[1].ip == "0f2a-1.local");
    CHECK(fragment->end_of_candidates);
    for (const char* bad :
         {"", "hello", "a=candidate:1 1 udp 1 1.2.3.4 5 host", "a=candidate:1 0 udp 1 1.2.3.4 5 typ host",
          "a=candidate:1 1 udp 1 1.2.3.4;x 5 typ host", "a=ice-ufrag:x"})
        CHECK_MESSAGE(TrickleFragment::parse(bad).error().code == "bad_fragment", bad);
    std::string many;
    for (std::size_t i = 0; i <= kMaxSdpCandidates; ++i) many += "a=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\n";
    CHECK_FALSE(TrickleFragment::parse(many));
}

TEST("our own client and server understand each other, single and in layers, publishing and playing") {
    PublishOffer wish{{}, {11}, {12}, {13}, "me"};
    for (const auto& rids : {std::vector<std::string>{}, std::vector<std::string>{"l", "m", "h"}}) {
        wish.rids = rids;
        const auto offer = parsed(make_publish_offer(local(), wish));
        CHECK(offer.media[0].transport.setup == SetupRole::actpass);
        const auto published = make_publish_answer(offer, local());
        REQUIRE(published);
        const auto& video = of(*published, MediaKind::video);
        CHECK(video.rids == rids);
        CHECK(video.ssrc.has_value() == rids.empty());
        CHECK(of(*published, MediaKind::audio).ssrc->value == 13);
        CHECK(read_answer(parsed(published->sdp))->media.size() == 2);
        const auto played = make_play_answer(parsed(make_play_offer(local())), local(), tracks_of(*published), "live");
        REQUIRE(played);
        CHECK(played->media.size() == 2);
        const auto seen = read_answer(parsed(played->sdp));
        REQUIRE(seen);
        CHECK(of(*seen, MediaKind::video).ssrc->value == 1000);
        CHECK(of(*seen, MediaKind::video).rtx_ssrc->value == 2000);
    }
}

TEST("offers with bytes changed, lines dropped or doubled are answered or refused, never worse") {
    SeededRandom random{8866};
    const std::string names[] = {"chromium-publish-simulcast-h264", "chromium156-publish-single-default"};
    int answered = 0, refused = 0;
    for (int i = 0; i < 2'000; ++i) {
        std::string text = corpus(names[i % 2]);
        for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
            const std::size_t at = random.below(text.size());
            switch (random.below(4)) {
                case 0:
                    text[at] = static_cast<char>(random.below(256));
                    break;
                case 1:
                    text.erase(at, random.below(40));
                    break;
                case 2:
                    text.insert(at, text.substr(random.below(text.size()), random.below(200)));
                    break;
                default:
                    text.resize(text.size() - random.below(100));
                    break;
            }
        }
        const auto offer = SessionDescription::parse(text);
        const auto answer = offer ? make_publish_answer(*offer, local()) : Result<Negotiated>{offer.error()};
        if (!answer) {
            ++refused;
            continue;
        }
        ++answered;
        CHECK(SessionDescription::parse(answer->sdp));
    }
    CHECK(answered > 200);
    CHECK(refused > 200);
}

TEST("the dependency descriptor is agreed on for VP9 and AV1, where both forms of extensions may be mixed") {
    for (const char* name : {"chromium-publish-simulcast-vp9", "chromium-publish-simulcast-av1"}) {
        CAPTURE(name);
        const auto published = *make_publish_answer(parsed(corpus(name)), local());
        CHECK(of(published, MediaKind::video).extensions.dependency == 13);
        CHECK(published.sdp.find("a=extmap-allow-mixed\r\n") != std::string::npos);
        CHECK(parsed(published.sdp).media[0].extension_id(kExtensionDependency) == 13);
        // Chromium's viewers do not offer it by themselves; when the page asks, they do.
        const std::string viewer = corpus("chromium156-recvonly-viewer");
        const auto plain = *make_play_answer(parsed(viewer), local(), tracks_of(published), "live");
        CHECK(of(plain, MediaKind::video).extensions.dependency == 0);
        const std::string asking = replaced(viewer, "a=extmap:1 urn",
                                            "a=extmap:12 " + std::string{kExtensionDependency} + "\r\na=extmap:1 urn");
        const auto played = *make_play_answer(parsed(asking), local(), tracks_of(published), "live");
        CHECK(of(played, MediaKind::video).extensions.dependency == 12);
        const auto unmixed = parsed(replaced(asking, "a=extmap-allow-mixed\r\n", ""));
        CHECK(of(*make_play_answer(unmixed, local(), tracks_of(published), "live"), MediaKind::video)
                  .extensions.dependency == 0);
    }
    CHECK(of(*make_publish_answer(parsed(corpus("chromium-publish-simulcast-h264")), local()), MediaKind::video)
              .extensions.dependency == 0);
}

TEST("a publisher is told that 2160p is received, and keeps a higher level of its own") {
    const std::string base = corpus("chromium-publish-simulcast-h264");
    const auto answered = [&](std::string_view level, bool asymmetry) {
        std::string offer = replaced(base, "profile-level-id=42e01f", "profile-level-id=42e0" + std::string{level});
        if (!asymmetry) offer = replaced(offer, "level-asymmetry-allowed=1;", "");
        const std::string sdp = make_publish_answer(parsed(offer), local())->sdp;
        return sdp.substr(sdp.find("profile-level-id=") + 17, 6);
    };
    CHECK(answered("1f", true) == "42e034");
    CHECK(answered("34", true) == "42e034");
    CHECK(answered("3c", true) == "42e03c");  // level 6
    CHECK(answered("1f", false) == "42e01f");
    const auto published = *make_publish_answer(parsed(base), local());
    const auto played =
        *make_play_answer(parsed(corpus("chromium156-recvonly-viewer")), local(), tracks_of(published), "live");
    CHECK(played.sdp.find("profile-level-id=42e01f") != std::string::npos);  // what the viewer offered
}
