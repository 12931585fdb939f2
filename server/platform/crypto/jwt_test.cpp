#include "platform/crypto/jwt.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <semaphore>

#include "platform/base/bytes.hpp"
#include "platform/base/ids.hpp"
#include "platform/crypto/password.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::crypto;

namespace {
constexpr UtcTime kNow{1'790'000'000'000};

struct Keys {
    SeededRandom random{11};
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("confidente_keys_" + std::to_string(getpid()));
    Keys() { std::filesystem::remove_all(folder); }
    ~Keys() { std::filesystem::remove_all(folder); }
    std::unique_ptr<TokenSigner> open(const char* name = "jwt.key") {
        auto opened = TokenSigner::open(folder / name, random);
        REQUIRE(opened);
        return std::move(*opened);
    }
    Claims claims() { return {make_uuid_v7(kNow, random), "session", "client", kNow + 600s}; }
};

std::string part(std::string_view json) { return to_base64url(as_bytes(json)); }
}  // namespace

TEST("a token comes back as it was signed, also with the key read again") {
    Keys keys;
    const auto claims = keys.claims();
    const auto token = keys.open()->sign(Purpose::access, claims, kNow, keys.random);
    const auto again = keys.open();
    for (int i = 0; i < 2; ++i) {  // the second time from the cache
        const auto verified = again->verify(Purpose::access, token, kNow);
        REQUIRE(verified);
        CHECK(verified->subject == claims.subject);
        CHECK(verified->session_id == "session");
        CHECK(verified->role == "client");
        CHECK(verified->expires_at == claims.expires_at);
    }
    CHECK(again->verify(Purpose::access, token, kNow + 601s).error().code == "expired_token");
    CHECK(again->verify(Purpose::playback, token, kNow).error().code == "invalid_token");
    CHECK(again->verify(Purpose::access, token, kNow - 61s).error().code == "invalid_token");
}

TEST("forged tokens are refused, whatever their header asks for") {
    Keys keys;
    const auto signer = keys.open(), stranger = keys.open("other.key");
    const auto good = signer->sign(Purpose::access, keys.claims(), kNow, keys.random);
    const auto payload = good.substr(good.find('.') + 1, good.rfind('.') - good.find('.') - 1);
    const auto signature = good.substr(good.rfind('.') + 1);
    std::vector<std::string> forged{"",
                                    ".",
                                    "..",
                                    "a.b",
                                    "a.b.c.d",
                                    good + ".",
                                    good.substr(0, good.rfind('.') + 1),
                                    stranger->sign(Purpose::access, keys.claims(), kNow, keys.random),
                                    good + "=",
                                    good + "A",
                                    std::string(3000, 'a') + good,
                                    " " + good};
    for (const char* header :
         {R"({"alg":"none"})", R"({"alg":"None","typ":"at+jwt"})", R"({"alg":"HS256","typ":"at+jwt"})",
          R"({"alg":"EdDSA","typ":"at+jwt","jwk":{}})", R"({"alg":"EdDSA","typ":"at+jwt","jku":"http://x"})",
          R"({"alg":"EdDSA","typ":"at+jwt","crit":["exp"]})", R"({"alg":"EdDSA","zip":"DEF"})", R"([])", R"({})"}) {
        forged.push_back(part(header) + "." + payload + "." + signature);
        forged.push_back(part(header) + "." + payload + ".");
    }
    for (std::size_t i = 0; i < good.size(); i += 7) {
        forged.push_back(good);
        forged.back()[i] = forged.back()[i] == 'A' ? 'B' : 'A';
    }
    for (const auto& token : forged) {
        CAPTURE(token);
        if (token != good) CHECK(signer->verify(Purpose::access, token, kNow).error().code == "invalid_token");
    }
}

TEST("a key file is for its owner alone, and a broken one is told") {
    Keys keys;
    keys.open();
    struct stat status {};
    REQUIRE(stat((keys.folder / "jwt.key").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    chmod((keys.folder / "jwt.key").c_str(), 0644);
    CHECK(TokenSigner::open(keys.folder / "jwt.key", keys.random).error().code == "key_unreadable");
    std::ofstream{keys.folder / "broken.key"} << "not hex";
    chmod((keys.folder / "broken.key").c_str(), 0600);
    CHECK(TokenSigner::open(keys.folder / "broken.key", keys.random).error().code == "key_unreadable");
}

TEST("a password is known by its hash, and nothing else is") {
    PasswordHasher hasher;
    const auto hash = PasswordHasher::hash_now("uma senha comprida");
    REQUIRE(hash);
    CHECK(hash->rfind("$argon2id$v=19$m=47104,t=1,p=1$", 0) == 0);
    const auto verify = [&](std::string with, std::string password) {
        std::binary_semaphore done{0};
        bool matched = false;
        start<Result<bool>>(hasher.verify(std::move(with), std::move(password)), [&](Result<bool> result) {
            matched = result && *result;
            done.release();
        });
        done.acquire();
        return matched;
    };
    CHECK(verify(*hash, "uma senha comprida"));
    CHECK_FALSE(verify(*hash, "uma senha comprida "));
    CHECK_FALSE(verify("", "uma senha comprida"));
}
