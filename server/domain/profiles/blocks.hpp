// Who has blocked whom. A block works both ways: neither reaches the other.
#pragma once

#include <string_view>

#include "platform/base/result.hpp"
#include "platform/db/database.hpp"

namespace confidente::profiles {

/// Whether one of the two has blocked the other.
Result<bool> blocked_between(db::Transaction& tx, std::string_view a, std::string_view b);

}  // namespace confidente::profiles
