#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/crypto/hash.hpp"
#include "platform/crypto/password.hpp"
#include "platform/crypto/tokens.hpp"
#include "testing/test.hpp"

namespace confidente::crypto {
namespace {

constexpr UtcTime kNow{1'790'000'000'000};
constexpr std::string_view kIssuer = "confidente";

std::string b64(std::string_view text) { return to_base64url(as_bytes(text)); }

struct Fixture {
    SeededRandom random{1};
    SigningKey key = *SigningKey::generate(random);
    TokenAuthority authority{key, std::string{kIssuer}, random};
    std::string good = authority.issue(Purpose::access, {"u1", "s1", "client", "", kNow + 600s}, kNow);
    std::string header = good.substr(0, good.find('.'));

    std::string signed_with(std::string_view head, std::string_view payload) const {
        const auto body = std::string{head} + '.' + b64(payload);
        return body + '.' + b64(key.sign(body));
    }
    /// A token of ours in all but its payload.
    std::string with(std::string_view payload) const { return signed_with(header, payload); }
    std::string code(std::string_view token, UtcTime at = kNow) const {
        const auto verified = authority.verify(Purpose::access, token, at);
        return verified ? "accepted" : verified.error().code;
    }
};

std::string payload(std::string_view exp = "1790000600", std::string_view extra = {}) {
    return R"({"iss":"confidente","aud":"access","sub":"u1","iat":1790000000,"nbf":1790000000,"exp":)" +
           std::string{exp} + std::string{extra} + "}";
}

}  // namespace

TEST("a token says who it was issued to, until it expires and not one second longer") {
    Fixture f;
    CHECK(f.authority.verify(Purpose::access, f.good, kNow).value() == Claims{"u1", "s1", "client", "", kNow + 600s});
    CHECK(f.code(f.good, kNow + 599s) == "accepted");
    CHECK(f.code(f.good, kNow + 600s) == "expired_token");
    CHECK(f.code(f.with(payload())) == "accepted");
}

TEST("a token whose header is not ours is refused, whatever it asks for") {
    Fixture f;
    const auto kid = f.key.kid();
    const std::vector<std::string> heads{
        R"({"alg":"none","kid":")" + kid + R"(","typ":"at+jwt"})",
        R"({"alg":"None","kid":")" + kid + R"(","typ":"at+jwt"})",
        R"({"alg":"nOnE","typ":"at+jwt"})",
        R"({"alg":"HS256","kid":")" + kid + R"(","typ":"at+jwt"})",
        R"({"alg":"ES256","kid":")" + kid + R"(","typ":"at+jwt"})",
        R"({"alg":"EdDSA","kid":"other","typ":"at+jwt"})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"JWT"})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"playback+jwt"})",
        R"({"alg":"EdDSA","kid":")" + kid + R"("})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"at+jwt","crit":["exp"]})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"at+jwt","jwk":{}})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"at+jwt","jku":"http://x"})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"at+jwt","x5c":[]})",
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"at+jwt","zip":"DEF"})",
        R"({"alg":"none","alg":"EdDSA","kid":")" + kid + R"(","typ":"at+jwt"})",
    };
    for (const auto& head : heads) {
        CAPTURE(head);
        CHECK(f.code(f.signed_with(b64(head), payload())) == "invalid_token");
        CHECK(f.code(b64(head) + "." + b64(payload()) + ".") == "invalid_token");
    }
}

TEST("a payload that is not written as ours is refused, although its signature holds") {
    Fixture f;
    for (const auto& bad : std::vector<std::string>{
             payload("\"1790000600\""),
             payload("1790000600.5"),
             payload("1e400"),
             payload("-1"),
             payload("01790000600"),
             payload("179000060000"),
             payload("null"),
             payload("1790000600", R"(,"exp":1890000600)"),
             payload("1790000600", R"(,"sub":"u2")"),
             payload("1790000600", R"(,"admin":"true")"),
             payload("1790000600", R"(,"role":{"a":1})"),
             payload("1790000600", ","),
             payload() + " ",
             " " + payload(),
             std::string{"{}"},
             std::string{},
             std::string(900, '['),
             std::string{R"({"iss":"confidente","aud":"access","sub":"u1","iat":1790000000,"nbf":1790000000})"},
             std::string{R"({"iss":"other","aud":"access","sub":"u1","iat":1,"nbf":1,"exp":1790000600})"},
             std::string{R"({"iss":"confidente","aud":"playback","sub":"u1","iat":1,"nbf":1,"exp":1790000600})"},
             std::string{R"({"iss":"confidente","aud":"access","iat":1,"nbf":1,"exp":1790000600})"},
             std::string{R"({"iss":"confidente","aud":"access","sub":"\u0075","iat":1,"nbf":1,"exp":1790000600})"},
             std::string{R"({"iss":"confidente","aud":"access","sub":"u","iat":1,"nbf":1790000061,"exp":1790000600})"},
             std::string{R"({"iss":"confidente","aud":"access","sub":"u","iat":1790000061,"nbf":1,"exp":1790000600})"},
         }) {
        CAPTURE(bad);
        CHECK(f.code(f.with(bad)) == "invalid_token");
    }
    CHECK(f.code(f.with(
              R"({"iss":"confidente","aud":"access","sub":"u","iat":1790000060,"nbf":1790000060,"exp":1790000600})")) ==
          "accepted");
}

TEST("a token that was cut, stretched or signed by another is refused") {
    Fixture f;
    const auto other = SigningKey::generate(f.random).value();
    const auto body = f.good.substr(0, f.good.rfind('.'));
    auto flipped = f.good;
    flipped[f.header.size() + 5] = flipped[f.header.size() + 5] == 'A' ? 'B' : 'A';
    auto noncanonical = f.good;  // 64 bytes leave four unused bits in the last character
    noncanonical.back() = static_cast<char>(noncanonical.back() + 1);
    for (const auto& bad :
         std::vector<std::string>{"", ".", "..", f.header, body, body + ".", f.good + ".", f.good + "=", f.good + ".x",
                                  flipped, noncanonical, body + "." + b64(other.sign(body)),
                                  body + "." + b64(std::string(64, '\0')), f.good + std::string(4000, 'A')}) {
        CAPTURE(bad);
        CHECK(f.code(bad) == "invalid_token");
    }
}

TEST("a playback token opens no account, nor an access token a stream") {
    Fixture f;
    const auto playback = f.authority.issue(Purpose::playback, {"u1", "", "", "live1", kNow + 120s}, kNow);
    CHECK(f.authority.verify(Purpose::playback, playback, kNow).value().live == "live1");
    CHECK(f.code(playback) == "invalid_token");
    CHECK_FALSE(f.authority.verify(Purpose::playback, f.good, kNow));
}

TEST("a signing key survives a restart, and is not taken from a file others may read") {
    SeededRandom random{3};
    const auto file = std::filesystem::temp_directory_path() / ("confidente-key-" + SystemRandom{}.token(12));
    const auto first = SigningKey::load_or_create(file, random);
    REQUIRE(first);
    CHECK(std::filesystem::status(file).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    const auto second = SigningKey::load_or_create(file, random);
    REQUIRE(second);
    CHECK(second->verify("hello", first->sign("hello")));
    CHECK_FALSE(second->verify("hallo", first->sign("hello")));
    std::filesystem::permissions(file, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
    CHECK_FALSE(SigningKey::load_or_create(file, random));
    std::filesystem::remove(file);
}

TEST("a password is known again, and a missing account answers no") {
    PasswordHasher hasher{{.memory_bytes = 8192 * 1024, .passes = 1}};
    const auto stored = hasher.hash_blocking("correct horse");
    REQUIRE(stored);
    CHECK(stored->starts_with("$argon2id$v=19$m=8192,t=1,p=1$"));
    const auto ask = [&](std::optional<std::string> hash, const char* password) {
        std::promise<Result<bool>> answer;
        start<Result<bool>>(hasher.verify(std::move(hash), password), [&](Result<bool> r) { answer.set_value(r); });
        return answer.get_future().get().value();
    };
    CHECK(ask(*stored, "correct horse"));
    CHECK_FALSE(ask(*stored, "wrong horse"));
    CHECK_FALSE(ask(std::nullopt, "correct horse"));
}

TEST("digests are those of the standards") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const auto mac = hmac_sha256("Jefe", "what do ya want for nothing?");  // RFC 4231, case 2
    CHECK(to_hex(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(constant_time_equal("same", "same"));
    CHECK_FALSE(constant_time_equal("same", "sama"));
    CHECK_FALSE(constant_time_equal("same", "samee"));
}

}  // namespace confidente::crypto
