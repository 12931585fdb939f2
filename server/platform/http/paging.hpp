// Lists: `?limit=&cursor=` in, `{"items": […], "nextCursor": …}` out.
//
// A cursor holds the position (the sort key) of the last item seen and a seal over it. Invariants: a cursor opens only
// for the list that gave it, in the order that gave it, for the one who asked; what was changed does not open; items
// that come or go meanwhile neither repeat nor hide others, because a position names an item and not a count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/http/http.hpp"

namespace confidente::http {

inline constexpr std::int64_t kLargestPage = 100;
inline constexpr std::size_t kMaxCursor = 512;  ///< characters

/// Seals positions with a key that all nodes of one installation share. Immutable, thread-safe.
class Cursors {
public:
    explicit Cursors(std::string key) : key_(std::move(key)) {}
    /// `list` names the list, its order and filters, and whose it is: `messages <chat>`.
    std::string seal(std::string_view list, std::string_view position) const;
    /// 400 `invalid_cursor` for anything that seal() did not make for this list.
    Result<std::string> open(std::string_view list, std::string_view cursor) const;

private:
    std::string seal_of(std::string_view list, std::string_view position) const;
    std::string key_;
};

struct PageRequest {
    std::int64_t limit = 0;
    std::optional<std::string> after;  ///< position of the last item seen
};

/// Errors: 400 `invalid_limit`, `invalid_cursor`. A limit above kLargestPage is cut to it.
Result<PageRequest> page_of(const Request& request, std::int64_t default_limit, const Cursors& cursors,
                            std::string_view list);
json::Value page_view(json::Array&& items, std::optional<std::string> next_cursor);

Error invalid_cursor();
/// The whole number that a position, or a part of one, is.
Result<std::int64_t> position_number(std::string_view text);

}  // namespace confidente::http
