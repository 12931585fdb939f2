// A stranger's offer, read, answered as a publisher's and as a viewer's, and the answers read back: what we write is
// what we understand, and every m-line keeps its place.
#include <algorithm>

#include "media/protocol/sdp/negotiate.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

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

void check_limits(const SessionDescription& description) {
    check(!description.media.empty() && description.media.size() <= kMaxSdpMedia);
    check(description.bundle.size() <= kMaxSdpMedia);
    for (const SdpMedia& media : description.media) {
        check(media.payloads.size() <= kMaxSdpPayloads && media.extensions.size() <= kMaxSdpExtensions);
        check(media.rids.size() <= kMaxSdpRids && media.sources.size() <= kMaxSdpSources);
        check(media.transport.candidates.size() <= kMaxSdpCandidates);
        for (const SdpPayload& payload : media.payloads) {
            check(media.payload(payload.type) == &payload);
            check(payload.feedback.size() <= kMaxSdpFeedback);
        }
    }
}

/// What was agreed, as the other side reads it in our answer.
void check_answer(const SessionDescription& offer, const Negotiated& negotiated) {
    check(!negotiated.media.empty());
    check(negotiated.sdp.find("\n\n") == std::string::npos);
    const auto answer = SessionDescription::parse(negotiated.sdp);
    check(answer.has_value());
    check(answer->media.size() == offer.media.size());
    for (std::size_t i = 0; i < offer.media.size(); ++i) {
        check(answer->media[i].mid == offer.media[i].mid);
        check(answer->media[i].kind_name == offer.media[i].kind_name);
        for (const IceCandidate& candidate : answer->media[i].transport.candidates)
            check(candidate.ip == "127.0.0.1" || candidate.ip == "::1");
    }
    for (const NegotiatedMedia& media : negotiated.media) {
        check(media.m_line < offer.media.size());
        check(offer.media[media.m_line].payload(media.payload_type) != nullptr);
        check(media.rids.size() <= kMaxSimulcastLayers);
        const SdpMedia& written = answer->media[media.m_line];
        check(written.port != 0);
        const SdpPayload* payload = written.payload(media.payload_type);
        check(payload && payload->codec == media.codec && payload->clock_rate == media.clock_rate);
        check(written.extension_id(kExtensionMid) == media.extensions.mid);
        check(written.rids.size() == media.rids.size());
    }
    check(std::ranges::count_if(answer->media, [](const SdpMedia& media) { return media.port != 0; }) ==
          static_cast<std::ptrdiff_t>(negotiated.media.size()));
}

}  // namespace

FUZZ(input) {
    const auto offer = SessionDescription::parse(as_text(input));
    if (!offer) {
        check(offer.error().code == "bad_sdp");
        return;
    }
    check_limits(*offer);
    std::vector<PublishedTrack> tracks;
    if (const auto published = make_publish_answer(*offer, local())) {
        check_answer(*offer, *published);
        for (const NegotiatedMedia& media : published->media) tracks.push_back({media, {1000}, {2000}});
        static const auto viewer = *SessionDescription::parse(make_play_offer(local()));
        if (const auto played = make_play_answer(viewer, local(), tracks, "live")) check_answer(viewer, *played);
    } else {
        check(published.error().code == "bad_offer");
    }
    if (tracks.empty()) {
        static const auto ours = *make_publish_answer(
            *SessionDescription::parse(make_publish_offer(local(), {{"l", "h"}, {1}, {2}, {3}, "live"})), local());
        for (const NegotiatedMedia& media : ours.media) tracks.push_back({media, {1000}, {2000}});
    }
    if (const auto played = make_play_answer(*offer, local(), tracks, "live")) check_answer(*offer, *played);
    if (const auto answer = read_answer(*offer)) check(answer->sdp.empty() && !answer->media.empty());
}
