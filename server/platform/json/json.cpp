#include "platform/json/json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <vector>

namespace confidente::json {
namespace {

/// Code points of valid UTF-8 (the parser has refused anything else).
std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The next code point of valid UTF-8, which is taken off.
char32_t take_point(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return point;
}

struct Points {
    char32_t first, last;
};
template <std::size_t N>
bool among(const Points (&ranges)[N], char32_t point) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [&](const Points& range) { return point >= range.first && point <= range.last; });
}

/// Unicode's control characters, C0 and C1.
bool is_control(char32_t point) { return point < 0x20 || (point >= 0x7F && point <= 0x9F); }

/// What has no place in one line: other line breaks, and marks that turn the direction of everything around them, by
/// which one name passes for another (Unicode Technical Report 36, section 2.4).
bool breaks_line(char32_t point) {
    constexpr Points kRanges[] = {{0x2028, 0x202E}, {0x2066, 0x206F}, {0xFFF9, 0xFFFB}, {0xE0001, 0xE0001}};
    return among(kRanges, point);
}

/// Nothing is seen of it: spaces, joiners, fillers, variation selectors, tags.
bool is_invisible(char32_t point) {
    constexpr Points kRanges[] = {
        {0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},       {0xAD, 0xAD},      {0x34F, 0x34F},   {0x61C, 0x61C},
        {0x115F, 0x1160}, {0x1680, 0x1680}, {0x17B4, 0x17B5},   {0x180B, 0x180F},  {0x2000, 0x200F}, {0x2028, 0x202F},
        {0x205F, 0x206F}, {0x2800, 0x2800}, {0x3000, 0x3000},   {0x3164, 0x3164},  {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
    return among(kRanges, point);
}

bool has_bad_characters(std::string_view text, const TextLimits& limits) {
    const bool many = limits.lines == TextLimits::Lines::many;
    // Nobody reads a secret: it is taken as it comes, but for what no keyboard has.
    const bool shown = limits.trim == TextLimits::Trim::yes;
    while (!text.empty()) {
        const auto point = take_point(text);
        if (many && (point == '\n' || point == '\t' || point == '\r')) continue;
        if (point < 0x20 || point == 0x7F || (shown && is_control(point))) return true;
        if (shown && !many && breaks_line(point)) return true;
    }
    return false;
}

bool is_blank(std::string_view text) {
    while (!text.empty())
        if (!is_invisible(take_point(text))) return false;
    return true;
}

/// Boost.JSON reads 1e400 as infinity, which it then writes in a way that it refuses to read.
bool is_finite(const Value& value) {
    if (const auto* number = value.if_double()) return std::isfinite(*number);
    if (const auto* array = value.if_array()) return std::all_of(array->begin(), array->end(), is_finite);
    if (const auto* object = value.if_object())
        return std::all_of(object->begin(), object->end(), [](const auto& item) { return is_finite(item.value()); });
    return true;
}

}  // namespace

Result<Value> parse(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::json::error_code ec;
    try {
        Value value = boost::json::parse(text, ec, {}, options);
        if (!ec && is_finite(value)) return value;
        if (!ec) ec = boost::json::error::exponent_overflow;
    } catch (const std::exception& e) {
        return Error{.kind = ErrorKind::too_large,
                     .code = "malformed_json",
                     .detail = "The JSON is too large.",
                     .cause = e.what()};
    }
    return Error{.kind = ErrorKind::invalid,
                 .code = "malformed_json",
                 .detail = "The body is not valid JSON.",
                 .cause = ec.message()};
}

std::string serialize(const Value& value) { return boost::json::serialize(value); }

struct Reader::State {
    const Object* object = nullptr;
    std::vector<std::string_view> taken;
    std::vector<FieldError> errors;
};

Reader::Reader(const Value& value) : state_(std::make_unique<State>()) {
    state_->object = value.if_object();
    if (!state_->object) fail("", "not_an_object", "A JSON object is expected.");
}

Reader::~Reader() = default;

const Value* Reader::take(std::string_view field, bool required) {
    state_->taken.push_back(field);
    if (!state_->object) return nullptr;
    const Value* value = state_->object->if_contains(field);
    if (value && !value->is_null()) return value;
    if (required) fail(field, "required", "This field is required.");
    return nullptr;
}

std::string Reader::checked_text(std::string_view field, const Value& value, TextLimits limits) {
    const auto* raw = value.if_string();
    if (!raw) {
        fail(field, "not_a_string", "A text is expected.");
        return {};
    }
    std::string_view text{raw->data(), raw->size()};
    if (limits.trim == TextLimits::Trim::yes) text = trimmed(text);
    // Where something is asked for, something must be seen.
    const bool blank = limits.trim == TextLimits::Trim::yes && is_blank(text);
    const std::size_t length = blank && limits.min > 0 ? 0 : code_points(text);
    if (length < limits.min) {
        fail(field, length == 0 ? "required" : "too_short",
             length == 0 ? "This field is required." : "At least " + std::to_string(limits.min) + " characters.");
        return {};
    }
    if (length > limits.max) {
        fail(field, "too_long", "At most " + std::to_string(limits.max) + " characters.");
        return {};
    }
    if (has_bad_characters(text, limits)) {
        fail(field, "bad_characters", "Control characters are not allowed.");
        return {};
    }
    return std::string{text};
}

std::int64_t Reader::checked_integer(std::string_view field, const Value& value, IntegerLimits limits) {
    if (!value.is_int64() && !(value.is_uint64() && value.as_uint64() <= INT64_MAX)) {
        fail(field, "not_an_integer", "A whole number is expected.");
        return limits.min;
    }
    const std::int64_t number = value.is_int64() ? value.as_int64() : static_cast<std::int64_t>(value.as_uint64());
    if (number < limits.min || number > limits.max) {
        fail(field, "out_of_range",
             "Between " + std::to_string(limits.min) + " and " + std::to_string(limits.max) + " is expected.");
        return limits.min;
    }
    return number;
}

std::string Reader::text(std::string_view field, TextLimits limits) {
    // A text that may be empty is still there: absent and empty are told apart.
    const Value* value = take(field, true);
    return value ? checked_text(field, *value, limits) : std::string{};
}

std::optional<std::string> Reader::optional_text(std::string_view field, TextLimits limits) {
    const Value* value = take(field, false);
    if (!value) return {};
    return checked_text(field, *value, limits);
}

std::int64_t Reader::integer(std::string_view field, IntegerLimits limits) {
    const Value* value = take(field, true);
    return value ? checked_integer(field, *value, limits) : limits.min;
}

std::optional<std::int64_t> Reader::optional_integer(std::string_view field, IntegerLimits limits) {
    const Value* value = take(field, false);
    if (!value) return {};
    return checked_integer(field, *value, limits);
}

bool Reader::boolean(std::string_view field) {
    const Value* value = take(field, true);
    if (value && !value->is_bool()) fail(field, "not_a_boolean", "true or false is expected.");
    return value && value->is_bool() && value->as_bool();
}

std::optional<bool> Reader::optional_boolean(std::string_view field) {
    const Value* value = take(field, false);
    if (!value) return {};
    if (!value->is_bool()) {
        fail(field, "not_a_boolean", "true or false is expected.");
        return {};
    }
    return value->as_bool();
}

const Value* Reader::optional_value(std::string_view field) { return take(field, false); }

void Reader::fail(std::string_view field, std::string_view code, std::string_view detail) {
    state_->errors.push_back({std::string{field}, std::string{code}, std::string{detail}});
}

bool Reader::has(std::string_view field) const { return state_->object && state_->object->contains(field); }

Status Reader::finish() {
    if (state_->object)
        for (const auto& entry : *state_->object) {
            const auto& taken = state_->taken;
            if (std::find(taken.begin(), taken.end(), std::string_view{entry.key()}) == taken.end())
                fail(std::string_view{entry.key()}.substr(0, 64), "unknown_field", "This field is not known.");
        }
    if (state_->errors.empty()) return {};
    return validation_error(std::move(state_->errors));
}

}  // namespace confidente::json
