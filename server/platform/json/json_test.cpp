#include "platform/json/json.hpp"

#include <boost/json.hpp>

#include "platform/json/rows.hpp"
#include "testing/test.hpp"

using namespace confidente;

TEST("every wrong field is told at once") {
    const auto value = *json::parse(R"({"name":"  ","age":1.5,"extra":true,"bio":"a\u0000b"})");
    json::Reader reader{value};
    reader.text("name");
    reader.integer("age");
    reader.text("email");
    reader.text("bio");
    const auto status = reader.finish();
    REQUIRE_FALSE(status);
    std::string told;
    for (const auto& field : status.error().fields) told += field.field + ":" + field.code + " ";
    CHECK(told == "name:required age:not_an_integer email:required bio:bad_characters extra:unknown_field ");
}

TEST("lengths count code points, not bytes") {
    const auto value = *json::parse(R"({"name":"ação"})");
    json::Reader reader{value};
    CHECK(reader.text("name", {.min = 4, .max = 4}) == "ação");
    CHECK(reader.finish());
}

TEST("a name neither turns the direction of what stands around it nor hides that it is none") {
    const auto code = [](const std::string& text, json::TextLimits limits) -> std::string {
        const auto value = json::parse("{\"name\":" + json::serialize(json::Value(text)) + "}");
        json::Reader reader{*value};
        reader.text("name", limits);
        const auto status = reader.finish();
        return status ? "ok" : status.error().fields.front().code;
    };
    const json::TextLimits one{.max = 80}, many{.max = 80, .lines = json::TextLimits::Lines::many};
    for (const char* bad : {"a\u202eb", "a\u2066b", "a\u2069", "a\u2028b", "a\u0085b", "a\u206ab", "a\x7f"}) {
        CAPTURE(bad);
        CHECK(code(bad, one) == "bad_characters");
    }
    // Texts of several lines stand alone on a page, and Arabic or Hebrew in them may need the marks.
    CHECK(code("a\u202eb", many) == "ok");
    CHECK(code("a\u0085b", many) == "bad_characters");
    for (const char* blank : {"\u200b", "\u3164\u2800", " \u00a0 ", "\ufeff"}) {
        CAPTURE(blank);
        CHECK(code(blank, one) == "required");
        CHECK(code(blank, many) == "required");
    }
    for (const char* good : {"Luna 🌙", "עדן", "ليلى", "क्षि", "👩\u200d👧", "Zoë", "a\u200fb"}) {
        CAPTURE(good);
        CHECK(code(good, one) == "ok");
    }
    // A password is nobody's to read.
    CHECK(code("\u202e\u200b", {.trim = json::TextLimits::Trim::no}) == "ok");
}

TEST("what is not JSON, or nests too deep, is malformed") {
    for (const std::string text : {"", "{", "[1,]", "{\"a\":\"\xff\"}", "NaN", "1 2"})
        CHECK(json::parse(text).error().code == "malformed_json");
    CHECK_FALSE(json::parse(std::string(100, '[') + std::string(100, ']')));
}

TEST("a value that is no object is one clear error") {
    const auto value = *json::parse("[1]");
    json::Reader reader{value};
    reader.optional_text("x");
    CHECK(reader.finish().error().fields.at(0).code == "not_an_object");
}

TEST("rows for a statement are JSON, whatever their texts hold") {
    json::Rows rows;
    CHECK(rows.empty());
    CHECK(rows.text() == "[]");
    rows.add("a\"b\\c\n\x01", std::string{"\xC3\xA9"}, -7, INT64_MAX);
    rows.add("second", "", std::optional<std::string>{}, std::optional<std::string>{"1"});
    const auto parsed = json::parse(rows.text()).value().as_array();
    REQUIRE(parsed.size() == 2);
    CHECK(parsed[0].as_array()[0].as_string() == "a\"b\\c\n\x01");
    CHECK(parsed[0].as_array()[1].as_string() == "\xC3\xA9");
    CHECK(parsed[0].as_array()[2].as_string() == "-7");
    CHECK(parsed[0].as_array()[3].as_string() == std::to_string(INT64_MAX));
    CHECK(parsed[1].as_array()[2].is_null());
    CHECK(parsed[1].as_array()[3].as_string() == "1");
}

TEST("a number that no double holds is malformed") {
    // 1e400 was read as infinity, and {"price":1e400} came out of serialize() as 1e99999, which no reader takes.
    for (const char* text : {"1e400", "-1e999", "[1,[1e309]]", R"({"price":1e400})"}) {
        CAPTURE(text);
        CHECK(json::parse(text).error().code == "malformed_json");
    }
    CHECK(json::parse("[1e308,-1.5,1e-400]").has_value());
}
