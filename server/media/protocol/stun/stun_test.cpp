#include "media/protocol/stun/stun.hpp"

#include <unordered_set>

#include "platform/base/random.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {
// RFC 5769 sections 2.1 to 2.3.
constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";
const Buffer kRequest = *from_hex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf");
const Buffer kResponseV4 = *from_hex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96");
const Buffer kResponseV6 = *from_hex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c");

StunBindingRequest a_check() {
    StunBindingRequest request;
    request.transaction = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    request.username = "server:client";
    request.password = kPassword;
    request.priority = 12345;
    request.tie_breaker = 0x1122334455667788;
    request.use_candidate = true;
    return request;
}
}  // namespace

TEST("the request of RFC 5769 section 2.1 is read and authenticates") {
    const auto message = StunMessage::parse(kRequest);
    REQUIRE(message);
    CHECK(message->message_class() == StunClass::request);
    CHECK(message->username() == "evtj:h6vY");
    CHECK(message->has_fingerprint());
    const auto attributes = message->authenticate(kPassword);
    REQUIRE(attributes);
    CHECK(attributes->priority == 0x6E0001FF);
    CHECK(attributes->ice_controlled == 0x932FF9B151263B36);
    CHECK_FALSE(attributes->use_candidate);
    CHECK_FALSE(message->authenticate("VOkJxbRl1RmTxUk/WvJxBT"));
    CHECK_FALSE(message->authenticate(""));
}

TEST("the responses of RFC 5769 sections 2.2 and 2.3 give their addresses") {
    const auto v4 = StunMessage::parse(kResponseV4);
    REQUIRE(v4);
    CHECK(v4->message_class() == StunClass::success);
    CHECK(v4->authenticate(kPassword)->mapped->text() == "192.0.2.1:32853");
    const auto v6 = StunMessage::parse(kResponseV6);
    REQUIRE(v6);
    CHECK(v6->authenticate(kPassword)->mapped->text() == "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

TEST("a connectivity check is read back as it was written") {
    const Buffer bytes = write_binding_request(a_check());
    const auto message = StunMessage::parse(bytes);
    REQUIRE(message);
    CHECK(message->username() == "server:client");
    CHECK(message->transaction()[11] == 12);
    const auto attributes = message->authenticate(kPassword);
    REQUIRE(attributes);
    CHECK(attributes->use_candidate);
    CHECK(attributes->priority == 12345);
    CHECK(attributes->ice_controlling == 0x1122334455667788);
    CHECK_FALSE(attributes->unknown_required);
}

TEST("answers carry the address of either family, or the error code") {
    for (const char* ip : {"203.0.113.9", "2001:db8::9"}) {
        const auto address = *SocketAddress::parse(ip, 4242);
        const Buffer bytes = write_binding_success({9}, address, kPassword);
        const auto message = StunMessage::parse(bytes);
        REQUIRE(message);
        CHECK(message->authenticate(kPassword)->mapped == address);
    }
    const Buffer conflict = write_binding_error({9}, 487, kPassword);
    CHECK(StunMessage::parse(conflict)->authenticate(kPassword)->error_code == 487);
    const Buffer stranger = write_binding_error({9}, 401, "");
    REQUIRE(StunMessage::parse(stranger));
    CHECK_FALSE(StunMessage::parse(stranger)->has_integrity());
    CHECK(stranger.size() <= write_binding_request(a_check()).size());
}

TEST("one changed bit anywhere makes a request worthless") {
    const Buffer good = write_binding_request(a_check());
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        // Another type makes of FINGERPRINT an attribute behind the tag, which nobody reads.
        if (bit / 8 == good.size() - 8 || bit / 8 == good.size() - 7) continue;
        Buffer bad = good;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        const auto message = StunMessage::parse(bad);
        CHECK_FALSE((message && message->authenticate(kPassword)));
    }
}

TEST("without its fingerprint, integrity alone still guards every byte before it") {
    Buffer bare = write_binding_request(a_check());
    bare.resize(bare.size() - 8);
    store_be16(bare.data() + 2, static_cast<std::uint16_t>(bare.size() - 20));
    REQUIRE(StunMessage::parse(bare));
    CHECK(StunMessage::parse(bare)->authenticate(kPassword));
    for (std::size_t at = 20; at < bare.size(); ++at) {
        Buffer bad = bare;
        bad[at] ^= 0x20;
        const auto message = StunMessage::parse(bad);
        CHECK_FALSE((message && message->authenticate(kPassword)));
    }
}

TEST("attributes after MESSAGE-INTEGRITY are not believed") {
    StunBindingRequest request = a_check();
    request.use_candidate = false;
    Buffer bytes = write_binding_request(request);
    bytes.resize(bytes.size() - 8);
    bytes.insert(bytes.end(), {0x00, 0x25, 0x00, 0x00});  // USE-CANDIDATE, slipped in behind the tag
    store_be16(bytes.data() + 2, static_cast<std::uint16_t>(bytes.size() - 20));
    const auto message = StunMessage::parse(bytes);
    REQUIRE(message);
    CHECK_FALSE(message->authenticate(kPassword)->use_candidate);
}

TEST("cut or noisy datagrams are no messages") {
    const Buffer good = write_binding_request(a_check());
    for (std::size_t size = 0; size < good.size(); ++size) CHECK_FALSE(StunMessage::parse(Bytes{good}.first(size)));
    CHECK_FALSE(StunMessage::parse(Buffer(2000, 0)));
    SeededRandom random{5769};
    for (int i = 0; i < 20'000; ++i) {
        Buffer noise(20 + random.below(100));
        random.fill(std::as_writable_bytes(std::span{noise}));
        store_be16(noise.data(), 1);
        store_be16(noise.data() + 2, static_cast<std::uint16_t>(noise.size() - 20));
        store_be32(noise.data() + 4, kStunCookie);
        const auto message = StunMessage::parse(noise);
        CHECK_FALSE((message && message->authenticate(kPassword)));
    }
}

TEST("a dotted IPv4 stands at the end of an address only") {
    // 44:f:1.2.3.22::DD was read as 44:f:102:316::dd: a dotted part counted as the last of what stands before `::`.
    CHECK_FALSE(SocketAddress::parse("44:f:1.2.3.22::DD", 1));
    CHECK_FALSE(SocketAddress::parse("1.2.3.4::", 1));
    CHECK(SocketAddress::parse("1:2:3:4:5:6:1.2.3.4", 1)->ip_text() == "1:2:3:4:5:6:102:304");
    CHECK(SocketAddress::parse("64:ff9b::192.0.2.33", 1)->ip_text() == "64:ff9b::c000:221");
}

TEST("addresses have one text each") {
    for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1:0:0:1",
                             "fe80::1", "2001:db8:1:2:3:4:5:6", "1:0:0:2::3"}) {
        REQUIRE_MESSAGE(SocketAddress::parse(text, 1), text);
        CHECK(SocketAddress::parse(text, 1)->ip_text() == text);
    }
    CHECK(SocketAddress::parse("::ffff:192.0.2.1", 1)->ip_text() == "::ffff:c000:201");
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", ":", ":::", "1::2::3",
                             "g::", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "abc.local"})
        CHECK_FALSE_MESSAGE(SocketAddress::parse(text, 1), text);
    std::unordered_set<SocketAddress> set;
    for (std::uint16_t port = 1; port <= 1000; ++port) set.insert(*SocketAddress::parse("10.0.0.1", port));
    CHECK(set.size() == 1000);
}

TEST("an IPv4 client of an IPv6 socket is told its IPv4 address") {
    const auto mapped = *SocketAddress::parse("::ffff:192.0.2.7", 4711);
    CHECK(mapped.unmapped() == SocketAddress::v4({192, 0, 2, 7}, 4711));
    const auto other = *SocketAddress::parse("2001:db8::7", 4711);
    CHECK(other.unmapped() == other);
    const auto answer = write_binding_success({}, mapped, "a password of twenty-two!");
    const auto read = StunMessage::parse(answer);
    REQUIRE(read);
    CHECK(read->authenticate("a password of twenty-two!")->mapped == mapped.unmapped());
}
