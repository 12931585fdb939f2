// Which passwords are taken: long enough, and none that anybody would try first. No rules about kinds of characters:
// they make passwords that are written down (OWASP ASVS 5.0, 6.2).
#pragma once

#include <string_view>

#include "platform/base/result.hpp"

namespace confidente::auth {

inline constexpr std::size_t kMinPassword = 8, kMaxPassword = 256;  ///< bytes

/// 422 `validation_failed`: `too_short`, `too_long`, `too_common`.
Status check_password(std::string_view password);

}  // namespace confidente::auth
