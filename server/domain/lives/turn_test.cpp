#include "domain/lives/turn.hpp"

#include "platform/crypto/hash.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::lives;

TEST("HMAC-SHA-1 is that of RFC 2202") {
    const auto digest = crypto::hmac_sha1("Jefe", "what do ya want for nothing?");
    CHECK(to_hex(digest) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST("a credential ends within the hour, names nobody, and cannot be made without the secret") {
    const Turn turn{{"turn:turn.example.org:3478"}, "a secret of sixteen"};
    const UtcTime now{1'700'000'000'000};
    const auto made = make_turn_credential(turn, "0190163d-8694-739b-aea5-966c26f8ad91", now);
    CHECK(made.username.substr(0, 11) == "1700003600:");
    CHECK(made.username.size() == 11 + 16);
    CHECK(made.username.find("0190163d") == std::string::npos);
    CHECK(made.credential == to_base64(crypto::hmac_sha1(turn.secret, made.username)));
    CHECK(make_turn_credential(turn, "somebody else", now).username != made.username);
    const Turn other{turn.urls, "another of sixteen"};
    CHECK(make_turn_credential(other, "0190163d-8694-739b-aea5-966c26f8ad91", now).username != made.username);
}

TEST("each address has a Link of its own") {
    const Turn turn{{"turn:a.example", "turns:b.example:443?transport=tcp"}, "a secret of sixteen"};
    const auto links = turn_links(turn, {"7:ana", "c2VjcmV0"});
    REQUIRE(links.size() == 2);
    CHECK(links[1] ==
          "<turns:b.example:443?transport=tcp>; rel=\"ice-server\"; username=\"7:ana\"; credential=\"c2VjcmV0\"; "
          "credential-type=\"password\"");
}
