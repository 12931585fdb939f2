#include "platform/socketio/packet.hpp"

#include <boost/json.hpp>

#include "testing/test.hpp"

namespace confidente::socketio {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST("an Engine.IO packet is one digit and its data") {
    const auto message = parse_engine("42[\"a\"]");
    REQUIRE(message);
    CHECK(message->type == EngineType::message);
    CHECK(message->data == "2[\"a\"]");
    CHECK(parse_engine("3")->type == EngineType::pong);
    for (const auto* bad : {"", "7", "a", "-1", "\xFF"}) CHECK_FALSE(parse_engine(bad));
}

TEST("what the official client sends is read") {
    const auto connect = parse_packet("0{\"token\":\"abc\"}");
    REQUIRE(connect);
    CHECK(connect->type == PacketType::connect);
    CHECK(connect->nsp == "/");
    CHECK(connect->data->at("token").as_string() == "abc");

    CHECK(parse_packet("0")->data == nullptr);
    CHECK(parse_packet("0/admin,{}")->nsp == "/admin");
    CHECK(parse_packet("0/admin")->nsp == "/admin");
    CHECK(parse_packet("0/admin?token=1,{}")->nsp == "/admin");
    CHECK(parse_packet("1")->type == PacketType::disconnect);

    const auto event = parse_packet("212[\"gift:send\",{\"amount\":1}]");
    REQUIRE(event);
    CHECK(event->type == PacketType::event);
    CHECK(event->id == 12);
    CHECK(event->data->as_array().size() == 2);

    const auto binary = parse_packet("52-[\"up\",{\"_placeholder\":true,\"num\":0}]");
    REQUIRE(binary);
    CHECK(binary->attachments == 2);
}

TEST("a packet that the official client never sends is broken") {
    const std::string long_namespace = "0/" + std::string(kMaxNamespace, 'x') + ",{}";
    const std::string long_event = "2[\"" + std::string(kMaxEventName + 1, 'x') + "\"]";
    const std::string deep = "2[\"a\"," + nested(100'000) + "]";
    const std::string cases[] = {
        "",
        "7",
        "x",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[\"\"]",
        "2[event]",
        "2[\"a",
        "2[\"a\"]x",
        "2[\"a\"],",
        "21",
        "2-1[\"a\"]",
        "2[\"connect\"]",
        "2[\"disconnect\"]",
        "2[\"newListener\"]",
        "2[null]",
        "2\"a\"",
        "21234567890123456[\"a\"]",
        "0[]",
        "0\"token\"",
        "01{",
        "1{}",
        "3[]",
        "31",
        "31{}",
        "4",
        "4[]",
        // Attachments: without limit (CVE-2026-33151), none (CVE-2026-69185), not counted.
        "511-[\"a\"]",
        "599999999999-[\"a\"]",
        "50-[\"a\"]",
        "5[\"a\"]",
        "5-[\"a\"]",
        "51[\"a\"]",
        "61-[]",
        "2[\"a\",\"\xC3\x28\"]",
        long_namespace,
        long_event,
        deep,
    };
    for (const auto& text : cases) {
        CAPTURE(text.substr(0, 60));
        const auto parsed = parse_packet(text);
        CHECK_FALSE(parsed);
        if (!parsed) CHECK(parsed.error().code == "broken_packet");
    }
}

TEST("what is written reads back the same") {
    for (const auto* text : {"0{\"token\":\"a\"}", "0/admin,{}", "1", "2[\"a\"]", "27[\"a\",{\"b\":[1,2]}]", "37[{}]",
                             "4{\"message\":\"no\"}", "51-[\"a\",{}]", "61-9[{}]"}) {
        CAPTURE(text);
        const auto parsed = parse_packet(text);
        REQUIRE(parsed);
        CHECK(encode_packet(*parsed) == "4" + std::string(text));
    }
}

TEST("frames are as the protocol spells them") {
    CHECK(encode_open("s1", Upgrades::none, 25s, 20s, 1'000'000) ==
          R"(0{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
    CHECK(encode_connect("/", "x", {}) == R"(40{"sid":"x"})");
    CHECK(encode_connect_error("/foo", "Invalid namespace", {}) == R"(44/foo,{"message":"Invalid namespace"})");
    CHECK(encode_event("a\"b", json::Value(json::Object{})) == R"(42["a\"b",{}])");
    CHECK(encode_connect("/custom", "x", "p") == R"(40/custom,{"sid":"x","pid":"p"})");
    auto numbered = encode_event("a", json::Value(json::Object{}));
    add_offset(numbered, "17");
    CHECK(numbered == R"(42["a",{},"17"])");
    const json::Array arguments{json::Value("a"), json::Value(1)};
    CHECK(encode_event("/custom", arguments, 2, 5) == R"(452-/custom,5["a",1])");
    CHECK(encode_ack("/", 5, arguments, 0) == R"(435["a",1])");
    CHECK(encode_ack(7, json::Value(json::Object{})) == "437[{}]");
}

TEST("a placeholder names an attachment that is there") {
    const auto fits = [](std::string_view text, std::size_t attachments) {
        return placeholders_fit(*json::parse(text), attachments);
    };
    CHECK(fits(R"(["a",{"_placeholder":true,"num":0},{"x":[{"_placeholder":true,"num":1}]}])", 2));
    CHECK(fits(R"(["a",{"_placeholder":false},{"_placeholder":1}])", 1));
    for (const auto* bad : {R"([{"_placeholder":true,"num":2}])", R"([{"_placeholder":true,"num":-1}])",
                            R"([{"_placeholder":true,"num":"splice"}])", R"([{"_placeholder":true,"num":0.5}])",
                            R"([{"_placeholder":true}])", R"([[{"a":{"_placeholder":true,"num":99999999999}}]])"}) {
        CAPTURE(bad);
        CHECK_FALSE(fits(bad, 2));
    }
}

}  // namespace confidente::socketio
