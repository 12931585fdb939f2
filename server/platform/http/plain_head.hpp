// The common head of a request, read in place: GET or HEAD in HTTP/1.1 without a body, whole, and each of its lines as
// the strictest reader wants it. Anything else (another method, a body, an upgrade, an odd character, a head of which a
// part is missing) is left to Beast, which begins at the same first byte. So this never refuses, and what it accepts
// means the same to every reader. The fuzz target http_request holds the two against each other: bytes that come one
// by one go to Beast alone. Internal to this room.
#pragma once

#include <optional>
#include <string_view>

#include "platform/http/http.hpp"

namespace confidente::http {

struct PlainHead {
    Method method = Method::get;
    std::string_view target;
    bool keep_alive = true;
    std::size_t size = 0;  ///< bytes
};

inline constexpr std::size_t kMaxPlainFields = 64;

/// The head that `bytes` begin with; nothing when it is not a plain one. `headers` get its fields.
std::optional<PlainHead> read_plain_head(std::string_view bytes, Headers& headers);

}  // namespace confidente::http
