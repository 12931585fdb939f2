// Tokens that must be refused, one row each (RFC 8725 and what broke other people's verifiers), and keys that roll.
#include "platform/crypto/tokens.hpp"

#include <array>
#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/crypto/hash.hpp"
#include "platform/crypto/key_ring.hpp"
#include "testing/test.hpp"

namespace confidente::crypto {
namespace {

constexpr UtcTime kNow{1'790'000'000'000};

std::string b64(std::string_view text) { return to_base64url(as_bytes(text)); }

struct Vector {
    const char* story;
    std::string token;
};

struct Fixture {
    SeededRandom random{1};
    SigningKey key = *SigningKey::generate(random);
    SigningKey stranger = *SigningKey::generate(random);
    TokenAuthority authority{key, "confidente", random};
    std::string good = authority.issue(Purpose::access, {"u1", "s1", "client", "", kNow + 600s}, kNow);
    std::string head = good.substr(0, good.find('.'));

    std::string header(std::string_view alg, std::string_view type = "at+jwt", std::string_view extra = {}) const {
        return R"({"alg":")" + std::string{alg} + R"(","kid":")" + key.kid() + R"(","typ":")" + std::string{type} +
               '"' + std::string{extra} + "}";
    }
    static std::string payload(std::string_view exp = "1790000600", std::string_view extra = {}) {
        return R"({"iss":"confidente","aud":"access","sub":"u1","iat":1790000000,"nbf":1790000000,"exp":)" +
               std::string{exp} + std::string{extra} + "}";
    }
    std::string sign(std::string_view header_text, std::string_view payload_text) const {
        const auto body = b64(header_text) + '.' + b64(payload_text);
        return body + '.' + b64(key.sign(body));
    }
    /// Our own header and a true signature over a payload of somebody else's making.
    std::string with(std::string_view payload_text) const {
        const auto body = head + '.' + b64(payload_text);
        return body + '.' + b64(key.sign(body));
    }
    std::string unsigned_with(std::string_view header_text) const {
        return b64(header_text) + '.' + b64(payload()) + '.';
    }
    std::string hmac_with(std::string_view header_text, std::string_view secret) const {
        const auto body = b64(header_text) + '.' + b64(payload());
        return body + '.' + b64(as_text(hmac_sha256(secret, body)));
    }
    std::string code(std::string_view token) const {
        const auto verified = authority.verify(Purpose::access, token, kNow);
        return verified ? "accepted" : verified.error().code;
    }
};

std::string pem(const std::string& public_key) {
    static constexpr char kPrefix[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";  // RFC 8410
    return "-----BEGIN PUBLIC KEY-----\n" + to_base64(as_bytes(std::string{kPrefix, 12} + public_key)) +
           "\n-----END PUBLIC KEY-----\n";
}

std::vector<Vector> headers(const Fixture& f) {
    const auto open = f.key.public_key();
    const auto jwk = R"(,"jwk":{"kty":"OKP","crv":"Ed25519","x":")" + b64(f.stranger.public_key()) + "\"}";
    return {
        {"alg none, no signature", f.unsigned_with(f.header("none"))},
        {"alg None", f.unsigned_with(f.header("None"))},
        {"alg nOnE", f.unsigned_with(f.header("nOnE"))},
        {"alg NONE, with our signature", f.sign(f.header("NONE"), Fixture::payload())},
        {"alg empty", f.sign(f.header(""), Fixture::payload())},
        {"alg missing", f.sign(R"({"kid":")" + f.key.kid() + R"(","typ":"at+jwt"})", Fixture::payload())},
        {"HS256 keyed with our public key", f.hmac_with(f.header("HS256"), open)},
        {"HS256 keyed with our public key as PEM", f.hmac_with(f.header("HS256"), pem(open))},
        {"HS256 keyed with our public key in base64url", f.hmac_with(f.header("HS256"), b64(open))},
        {"HS256 with an empty secret", f.hmac_with(f.header("HS256"), "")},
        {"ES256, our signature", f.sign(f.header("ES256"), Fixture::payload())},
        {"RS256, our signature", f.sign(f.header("RS256"), Fixture::payload())},
        {"Ed25519 as the name of the algorithm", f.sign(f.header("Ed25519"), Fixture::payload())},
        {"eddsa in lower case", f.sign(f.header("eddsa"), Fixture::payload())},
        {"a key of its own in jwk", f.sign(f.header("EdDSA", "at+jwt", jwk), Fixture::payload())},
        {"a key by jku", f.sign(f.header("EdDSA", "at+jwt", R"(,"jku":"https://x.example/k")"), Fixture::payload())},
        {"a key by x5u", f.sign(f.header("EdDSA", "at+jwt", R"(,"x5u":"https://x.example/k")"), Fixture::payload())},
        {"a chain in x5c", f.sign(f.header("EdDSA", "at+jwt", R"(,"x5c":["MIIB"])"), Fixture::payload())},
        {"an unknown extension in crit", f.sign(f.header("EdDSA", "at+jwt", R"(,"crit":["x"],"x":1)"), f.payload())},
        {"b64 false in crit", f.sign(f.header("EdDSA", "at+jwt", R"(,"crit":["b64"],"b64":false)"), f.payload())},
        {"compressed", f.sign(f.header("EdDSA", "at+jwt", R"(,"zip":"DEF")"), Fixture::payload())},
        {"typ JWT", f.sign(f.header("EdDSA", "JWT"), Fixture::payload())},
        {"typ of playback", f.sign(f.header("EdDSA", "playback+jwt"), Fixture::payload())},
        {"typ in capitals", f.sign(f.header("EdDSA", "AT+JWT"), Fixture::payload())},
        {"typ missing", f.sign(R"({"alg":"EdDSA","kid":")" + f.key.kid() + "\"}", Fixture::payload())},
        {"kid of another", f.sign(R"({"alg":"EdDSA","kid":"0000000000000000","typ":"at+jwt"})", f.payload())},
        {"kid missing", f.sign(R"({"alg":"EdDSA","typ":"at+jwt"})", Fixture::payload())},
        {"kid as a path", f.sign(R"({"alg":"EdDSA","kid":"../../dev/null","typ":"at+jwt"})", Fixture::payload())},
        {"kid as SQL", f.sign(R"({"alg":"EdDSA","kid":"' OR 1=1 --","typ":"at+jwt"})", Fixture::payload())},
        {"alg twice", f.sign(R"({"alg":"none",)" + f.header("EdDSA").substr(1), Fixture::payload())},
        {"the header's fields in another order",
         f.sign(R"({"typ":"at+jwt","kid":")" + f.key.kid() + R"(","alg":"EdDSA"})", Fixture::payload())},
        {"spaces in the header", f.sign(" " + f.header("EdDSA"), Fixture::payload())},
        {"8 MB of header", f.sign(f.header("EdDSA", "at+jwt", ",\"x\":\"" + std::string(8'000'000, 'a') + '"'), "{}")},
        {"a deep header", f.sign(std::string(1000, '['), Fixture::payload())},
        {"a nested JWE", b64(R"({"alg":"dir","enc":"A256GCM","cty":"JWT"})") + "..AAAA." + b64(f.good) + ".AAAA"},
    };
}

std::vector<Vector> payloads(const Fixture& f) {
    const auto rest = [](std::string_view iss, std::string_view aud, std::string_view tail) {
        return R"({"iss":")" + std::string{iss} + R"(","aud":)" + std::string{aud} + R"(,"sub":"u1",)" +
               std::string{tail} + "}";
    };
    const std::string times = R"("iat":1790000000,"nbf":1790000000,"exp":1790000600)";
    return {
        {"exp missing", f.with(rest("confidente", R"("access")", R"("iat":1790000000,"nbf":1790000000)"))},
        {"exp as a string", f.with(Fixture::payload("\"1790000600\""))},
        {"exp as a float", f.with(Fixture::payload("1790000600.0"))},
        {"exp beyond numbers", f.with(Fixture::payload("1e400"))},
        {"exp with an exponent", f.with(Fixture::payload("1.79e9"))},
        {"exp negative", f.with(Fixture::payload("-1790000600"))},
        {"exp with too many digits", f.with(Fixture::payload("179000060000000000000"))},
        {"exp null", f.with(Fixture::payload("null"))},
        {"exp true", f.with(Fixture::payload("true"))},
        {"exp in a list", f.with(Fixture::payload("[1790000600]"))},
        {"exp twice", f.with(Fixture::payload("1790000600", R"(,"exp":1999999999)"))},
        {"sub twice", f.with(Fixture::payload("1790000600", R"(,"sub":"admin")"))},
        {"role twice", f.with(Fixture::payload("1790000600", R"(,"role":"client","role":"admin")"))},
        {"an unknown claim", f.with(Fixture::payload("1790000600", R"(,"admin":"true")"))},
        {"not yet valid", f.with(rest("confidente", R"("access")", R"("iat":1,"nbf":1790000100,"exp":1790000600)"))},
        {"issued in the future",
         f.with(rest("confidente", R"("access")", R"("iat":1790000100,"nbf":1,"exp":1790000600)"))},
        {"issuer of another", f.with(rest("evil", R"("access")", times))},
        {"issuer empty", f.with(rest("", R"("access")", times))},
        {"audience of playback", f.with(rest("confidente", R"("playback")", times))},
        {"audience as a list", f.with(rest("confidente", R"(["access","playback"])", times))},
        {"audience null", f.with(rest("confidente", "null", times))},
        {"subject missing", f.with(R"({"iss":"confidente","aud":"access",)" + times + "}")},
        {"subject escaped", f.with(R"({"iss":"confidente","aud":"access","sub":"\u0075",)" + times + "}")},
        {"deeply nested", f.with(std::string(700, '[') + std::string(700, ']'))},
        {"a deep claim",
         f.with(Fixture::payload("1790000600", ",\"x\":" + std::string(500, '[') + std::string(500, ']')))},
        {"a byte order mark", f.with("\xef\xbb\xbf" + Fixture::payload())},
        {"a zero byte", f.with(Fixture::payload() + std::string(1, '\0'))},
        {"two objects", f.with(Fixture::payload() + Fixture::payload())},
        {"no object", f.with("null")},
        {"nothing", f.with("")},
    };
}

std::vector<Vector> forms(const Fixture& f) {
    const auto body = f.good.substr(0, f.good.rfind('.'));
    const auto signature = f.good.substr(body.size() + 1);
    auto last_bits = f.good;  // 64 bytes leave four unused bits in the last character
    last_bits.back() = static_cast<char>(last_bits.back() + 1);
    auto changed = f.good;
    changed[f.head.size() + 9] = changed[f.head.size() + 9] == 'A' ? 'B' : 'A';
    auto standard_alphabet = f.good;
    for (char& c : standard_alphabet) c = c == '-' ? '+' : c == '_' ? '/' : c;
    return {
        {"empty", ""},
        {"dots alone", ".."},
        {"no signature", body},
        {"an empty signature", body + "."},
        {"a padded signature", f.good + "=="},
        {"non-canonical last bits", last_bits},
        {"the standard alphabet", standard_alphabet == f.good ? f.good + "+" : standard_alphabet},
        {"a line break in base64", body + ".\n" + signature},
        {"a changed payload", changed},
        {"a signature of nothing", body + "." + b64(std::string(64, '\0'))},  // ECDSA's r = s = 0 ("psychic")
        {"a signature too short", body + "." + b64(f.key.sign(body).substr(0, 63))},
        {"a signature too long", body + "." + b64(f.key.sign(body) + "x")},
        {"a stranger's signature under our kid", body + "." + b64(f.stranger.sign(body))},
        {"a signature over the decoded text", body + "." + b64(f.key.sign(Fixture::payload()))},
        {"four parts", f.good + "." + signature},
        {"the scheme's name in front", "Bearer " + f.good},
        {"a space behind", f.good + " "},
        {"8 MB", f.good + std::string(8'000'000, 'A')},
    };
}

}  // namespace

TEST("more than eighty tokens are refused, each for its own reason") {
    Fixture f;
    REQUIRE(f.code(f.good) == "accepted");
    REQUIRE(f.code(f.with(Fixture::payload())) == "accepted");
    std::size_t refused = 0;
    for (const auto& list : {headers(f), payloads(f), forms(f)})
        for (const auto& [story, token] : list) {
            CAPTURE(story);
            CHECK(f.code(token) == "invalid_token");
            ++refused;
        }
    CHECK(refused >= 80);
    CHECK(f.code(f.with(Fixture::payload("1789999999"))) == "expired_token");
}

TEST("the cache of verified tokens is bounded, and keeps none beyond its end") {
    Fixture f;
    for (std::size_t i = 0; i < kMaxCachedTokens + 10; ++i) {
        const auto token = f.authority.issue(Purpose::access, {"u", "s", "client", "", kNow + 60s}, kNow);
        REQUIRE(f.code(token) == "accepted");
    }
    CHECK(f.code(f.good) == "accepted");
    CHECK(f.authority.verify(Purpose::access, f.good, kNow + 600s).error().code == "expired_token");
}

TEST("keys roll without a refusal: the next one is known before it signs, the last one stays an hour") {
    SeededRandom random{4};
    const auto folder = std::filesystem::temp_directory_path() / ("keys-" + SystemRandom{}.token(12));
    std::filesystem::create_directories(folder);
    auto keys = load_keys(folder, kNow, random).value();
    REQUIRE(keys.size() == 1);
    TokenAuthority first{keys, "confidente", random};
    const auto old = first.issue(Purpose::access, {"u", "s", "client", "", kNow + 600s}, kNow);
    REQUIRE(roll_keys(folder, kNow, random).has_value());
    keys = load_keys(folder, kNow, random).value();
    REQUIRE(keys.size() == 2);
    TokenAuthority slow{keys, "confidente", random};  // a node that has looked already
    const auto still = slow.issue(Purpose::access, {"u", "s", "client", "", kNow + 600s}, kNow + 1s);
    CHECK(first.verify(Purpose::access, still, kNow + 1s));  // one that has not looked yet
    const auto fresh = slow.issue(Purpose::access, {"u", "s", "client", "", kNow + 600s}, kNow + kKeyLead);
    CHECK_FALSE(first.verify(Purpose::access, fresh, kNow + kKeyLead));
    first.set_keys(keys);
    CHECK(first.verify(Purpose::access, fresh, kNow + kKeyLead));
    CHECK(first.verify(Purpose::access, old, kNow + kKeyLead));

    CHECK_FALSE(retire_keys(folder, keys, kNow + kKeyLead));
    CHECK(retire_keys(folder, keys, kNow + kKeyLead + kKeyOverlap));
    keys = load_keys(folder, kNow, random).value();
    REQUIRE(keys.size() == 1);
    first.set_keys(keys);
    CHECK_FALSE(first.verify(Purpose::access, old, kNow + kKeyLead));
    CHECK_FALSE(roll_is_due(keys, kNow + kKeyLife));
    CHECK(roll_is_due(keys, kNow + kKeyLife + kKeyLead));
    for (std::size_t i = 1; i < kMaxKeys; ++i) REQUIRE(roll_keys(folder, kNow, random).has_value());
    CHECK(roll_keys(folder, kNow, random).error().code == "too_many_keys");
    std::filesystem::remove_all(folder);
}

TEST("the key of an earlier version is taken in") {
    SeededRandom random{4};
    const auto folder = std::filesystem::temp_directory_path() / ("keys-" + SystemRandom{}.token(12));
    std::filesystem::create_directories(folder);
    const auto before = SigningKey::load_or_create(folder / "tokens.key", random).value();
    const auto keys = load_keys(folder, kNow, random).value();
    REQUIRE(keys.size() == 1);
    CHECK(keys[0].key.kid() == before.kid());
    CHECK(roll_is_due(keys, kNow));
    std::filesystem::remove_all(folder);
}

TEST("keys roll under load, and no token is refused") {
    SystemRandom random;
    auto made = [&random](std::int64_t second) {
        return TimedKey{UtcTime{second * 1000}, SigningKey::generate(random).value()};
    };
    std::vector<TimedKey> keys{made(0)};
    TokenAuthority authority{keys, "confidente", random};
    std::atomic<std::int64_t> second{10};
    std::atomic<int> refused{0}, verified{0};
    std::atomic<bool> stop{false};
    std::array<std::atomic<int>, 2> rounds{};
    const auto load = [&](std::atomic<int>& round) {
        for (; !stop; ++round) {
            const UtcTime now{second.load() * 1000};
            const auto token = authority.issue(Purpose::access, {"u", "s", "client", "", now + 600s}, now);
            for (int i = 0; i < 3; ++i) (authority.verify(Purpose::access, token, now) ? verified : refused)++;
        }
    };
    std::vector<std::thread> threads;
    for (auto& round : rounds) threads.emplace_back([&] { load(round); });
    for (int roll = 0; roll < 50; ++roll) {
        const auto now = second.load();
        keys.push_back(made(now + 5));
        if (keys.size() > 2) keys.erase(keys.begin());  // two keys overlap
        authority.set_keys(keys);
        second = now + 6;
        // A key goes when the tokens that it signed are done with: here, after two more rounds of everybody.
        for (auto& round : rounds)
            for (const int before = round; round < before + 2;) std::this_thread::yield();
    }
    stop = true;
    for (auto& thread : threads) thread.join();
    CHECK(refused == 0);
    CHECK(verified > 300);
}

}  // namespace confidente::crypto
