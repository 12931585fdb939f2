// Trickle fragments, and the candidates in them written once more.
#include <string>

#include "media/protocol/sdp/description.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

std::string written(const IceCandidate& candidate) {
    return candidate.foundation + " " + std::to_string(candidate.component) + " " + candidate.protocol + " " +
           std::to_string(candidate.priority) + " " + candidate.ip + " " + std::to_string(candidate.port) + " typ " +
           candidate.type;
}

}  // namespace

FUZZ(input) {
    const auto fragment = TrickleFragment::parse(as_text(input));
    if (!fragment) {
        check(fragment.error().code == "bad_fragment");
        return;
    }
    check(fragment->candidates.size() <= kMaxSdpCandidates);
    check(fragment->ufrag.size() <= 256 && fragment->password.size() <= 256);
    std::string again = "a=ice-ufrag:" + fragment->ufrag + "\r\n";
    if (fragment->ufrag.empty()) again.clear();
    for (const IceCandidate& candidate : fragment->candidates) {
        const std::string text = written(candidate);
        const auto read = parse_candidate(text);
        check(read && written(*read) == text);
        again += "a=candidate:" + text + "\r\n";
    }
    if (again.empty()) return;
    const auto twice = TrickleFragment::parse(again);
    check(twice && twice->ufrag == fragment->ufrag && twice->candidates.size() == fragment->candidates.size());
}
