// Tokens: one that verifies is one that we issued. The first byte says how the input is used: as a whole token, as a
// payload that our key signs (for the reader behind the signature), or as a change to a good token.
#include "platform/crypto/tokens.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::crypto;
using confidente::testing::FuzzInput;

namespace {

constexpr UtcTime kNow{1'790'000'000'000};

struct World {
    SeededRandom random{7};
    SigningKey key = *SigningKey::generate(random);
    TokenAuthority authority{key, "https://confidente.example", random};
    Claims claims{.subject = "0192f0c1-0000-7000-8000-000000000001",
                  .session = "0192f0c1-0000-7000-8000-000000000002",
                  .role = "client",
                  .live = {},
                  .expires_at = kNow + 600s};
    std::string good = authority.issue(Purpose::access, claims, kNow);
};

World& world() {
    static World made;
    return made;
}

void check_signed_payload(Bytes payload) {
    World& w = world();
    const std::string head = w.good.substr(0, w.good.find('.'));
    const std::string open = head + '.' + to_base64url(payload);
    const std::string token = open + '.' + to_base64url(as_bytes(w.key.sign(open)));
    const auto claims = w.authority.verify(Purpose::access, token, kNow);
    if (!claims) return;
    check(claims->expires_at > kNow && !claims->subject.empty());
    check(as_text(payload).find("\"aud\":\"access\"") != std::string::npos);
    check(*w.authority.verify(Purpose::access, token, kNow) == *claims);  // from the cache
    check(!w.authority.verify(Purpose::access, token, claims->expires_at));
    check(!w.authority.verify(Purpose::playback, token, kNow));
}

void check_changed(FuzzInput input) {
    World& w = world();
    std::string token = w.good;
    while (!input.empty()) token[input.u16() % token.size()] = static_cast<char>(input.u8());
    const bool verified = w.authority.verify(Purpose::access, token, kNow).has_value();
    check(verified == (token == w.good));
}

}  // namespace

FUZZ(input) {
    FuzzInput rest{input};
    switch (rest.u8() % 3) {
        case 0: {
            const auto text = as_text(rest.rest());
            const bool verified = world().authority.verify(Purpose::access, text, kNow).has_value();
            check(!verified || text == world().good);
            check(!world().authority.verify(Purpose::playback, text, kNow));
            return;
        }
        case 1:
            return check_signed_payload(rest.rest());
        default:
            return check_changed(rest);
    }
}
