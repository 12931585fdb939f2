// Lists: `?limit=&cursor=` in, `{"items": […], "nextCursor": …}` out. A cursor is the sort key of the last item seen.
#pragma once

#include <cstdint>
#include <optional>

#include "platform/http/http.hpp"

namespace confidente::http {

inline constexpr std::int64_t kLargestPage = 100;

struct PageRequest {
    std::int64_t limit = 0;
    std::optional<std::int64_t> before;  ///< the cursor
};

/// Errors: 400 `invalid_limit`, `invalid_cursor`. A limit above kLargestPage is cut to it.
Result<PageRequest> page_of(const Request& request, std::int64_t default_limit);
json::Value page_view(json::Array&& items, std::optional<std::int64_t> next);

}  // namespace confidente::http
