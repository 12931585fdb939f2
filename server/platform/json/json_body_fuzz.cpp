// A request's body: what is read is written and read again the same, and a Reader takes it apart whatever it is.
#include <boost/json.hpp>

#include "platform/json/json.hpp"
#include "testing/fuzz.hpp"
#include "testing/same_json.hpp"

using namespace confidente;

namespace {

std::size_t depth(const json::Value& value) {
    std::size_t deepest = 0;
    if (const auto* array = value.if_array())
        for (const auto& item : *array) deepest = std::max(deepest, depth(item));
    if (const auto* object = value.if_object())
        for (const auto& item : *object) deepest = std::max(deepest, depth(item.value()));
    return value.is_structured() ? deepest + 1 : 0;
}

void check_reader(const json::Value& value) {
    json::Reader reader{value};
    const auto name = reader.text("name", {.min = 2, .max = 8});
    const auto note = reader.optional_text(
        "note", {.min = 0, .max = 20, .trim = json::TextLimits::Trim::no, .lines = json::TextLimits::Lines::many});
    const auto price = reader.integer("price", {.min = 1, .max = 1000});
    const auto count = reader.optional_integer("count", {.min = -5, .max = 5});
    const bool open = reader.boolean("open");
    const auto maybe = reader.optional_boolean("maybe");
    const auto* raw = reader.optional_value("raw");
    check(price >= 1 && price <= 1000);
    check(!count || (*count >= -5 && *count <= 5));
    check(!raw || reader.has("raw"));
    const auto finished = reader.finish();
    if (!finished) {
        check(finished.error().code == "validation_failed" && !finished.error().fields.empty());
        return;
    }
    check(value.is_object() && name.size() >= 2 && name.size() <= 4 * 8);
    check(!note || note->size() <= 4 * 20);
    for (const char c : name) check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    check(open == value.at("open").as_bool() && (!maybe || reader.has("maybe")));
}

}  // namespace

FUZZ(input) {
    const auto value = json::parse(as_text(input));
    if (!value) {
        check(value.error().code == "malformed_json");
        return;
    }
    check(depth(*value) <= json::kMaxDepth);
    const auto text = json::serialize(*value);
    const auto again = json::parse(text);
    check(again.has_value() && testing::same_json(*again, *value));
    check_reader(*value);
}
