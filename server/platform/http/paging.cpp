#include "platform/http/paging.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace confidente::http {
namespace {

Result<std::optional<std::int64_t>> positive(const Request& request, std::string_view name, const char* code) {
    const auto text = request.query_param(name);
    if (!text) return std::optional<std::int64_t>{};
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failed != std::errc{} || end != text->data() + text->size() || number < 1)
        return Error{.kind = ErrorKind::invalid, .code = code, .detail = "The list position is not valid."};
    return std::optional{number};
}

}  // namespace

Result<PageRequest> page_of(const Request& request, std::int64_t default_limit) {
    TRY(const auto limit, positive(request, "limit", "invalid_limit"));
    TRY(const auto before, positive(request, "cursor", "invalid_cursor"));
    return PageRequest{std::min(limit.value_or(default_limit), kLargestPage), before};
}

json::Value page_view(json::Array&& items, std::optional<std::int64_t> next) {
    json::Object page{{"items", std::move(items)}, {"nextCursor", nullptr}};
    if (next) page["nextCursor"] = std::to_string(*next);
    return page;
}

}  // namespace confidente::http
