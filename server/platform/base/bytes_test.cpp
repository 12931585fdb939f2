#include "platform/base/bytes.hpp"

#include "platform/base/ids.hpp"
#include "testing/test.hpp"

using namespace confidente;

TEST("RFC 4648 section 10 vectors, without padding for base64url") {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        CHECK(to_base64url(as_bytes(plain)) == coded);
        REQUIRE(from_base64url(coded));
        CHECK(as_text(*from_base64url(coded)) == plain);
    }
    CHECK(to_base64(as_bytes("foob")) == "Zm9vYg==");
}

TEST("base64url has one text per value") {
    for (const char* text : {"Zg==", "Zh", "Zm9vYmF", "Zm9v+w", "Z", "Zm 9v"}) CHECK_FALSE(from_base64url(text));
}

TEST("a UUIDv7 carries its version, its variant and its time in order") {
    SeededRandom random{7};
    const auto earlier = make_uuid_v7({1'790'000'000'000}, random), later = make_uuid_v7({1'790'000'000'001}, random);
    CHECK(is_uuid(earlier));
    CHECK(earlier[14] == '7');
    CHECK(std::string("89ab").find(earlier[19]) != std::string::npos);
    CHECK(earlier < later);
    CHECK_FALSE(is_uuid("0190163D-8694-739B-AEA5-966C26F8AD91"));
}

TEST("ids do not go back with the clock") {
    SeededRandom random{7};
    const auto time = [](const std::string& id) { return id.substr(0, 13); };
    const auto before = make_uuid_v7({1'790'000'003'600}, random);
    const auto after = make_uuid_v7({1'790'000'000'000}, random);
    CHECK(time(after) >= time(before));
    CHECK(after != before);
}
