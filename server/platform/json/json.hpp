// Reading and writing JSON (Boost.JSON) the same way in every route and event: an object's fields are taken by name
// and type, every wrong one is collected, and the caller gets all of them as one `validation_failed`.
//
//   json::Reader body{value};
//   const auto email = body.text("email", {.min = 3, .max = 254});
//   const auto price = body.integer("price", {.min = 0, .max = 100'000});
//   TRY_VOID(body.finish());     // refuses unknown fields too
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace confidente::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

/// Nesting of what comes from outside.
inline constexpr std::size_t kMaxDepth = 32;

/// 400 `malformed_json` when `text` is not one JSON document in UTF-8, or nested deeper than kMaxDepth.
Result<Value> parse(std::string_view text);
std::string serialize(const Value& value);

struct TextLimits {
    std::size_t min = 1;    ///< Unicode code points, after trimming
    std::size_t max = 200;  ///< Unicode code points
    enum class Trim : bool { no, yes } trim = Trim::yes;
    enum class Lines : bool {
        one,
        many
    } lines = Lines::one;  ///< `one` refuses control characters and marks of direction; `many` allows the latter, \n
                           ///< and \t
};
struct IntegerLimits {
    std::int64_t min = 0;
    std::int64_t max = INT64_MAX;
};

/// Takes fields out of one JSON object. Each call notes what is wrong and returns a harmless value; finish() tells.
class Reader {
public:
    /// `value` must outlive the reader. Anything but an object is an error that finish() gives.
    explicit Reader(const Value& value);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    std::string text(std::string_view field, TextLimits limits = {});
    std::optional<std::string> optional_text(std::string_view field, TextLimits limits = {});
    std::int64_t integer(std::string_view field, IntegerLimits limits = {});
    std::optional<std::int64_t> optional_integer(std::string_view field, IntegerLimits limits = {});
    bool boolean(std::string_view field);
    std::optional<bool> optional_boolean(std::string_view field);
    /// The raw value; null when absent.
    const Value* optional_value(std::string_view field);

    /// Notes an error of the caller's own.
    void fail(std::string_view field, std::string_view code, std::string_view detail);
    bool has(std::string_view field) const;
    /// 422 `validation_failed` with every field that was wrong, missing or unknown.
    Status finish();

private:
    const Value* take(std::string_view field, bool required);
    std::string checked_text(std::string_view field, const Value& value, TextLimits limits);
    std::int64_t checked_integer(std::string_view field, const Value& value, IntegerLimits limits);
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace confidente::json
