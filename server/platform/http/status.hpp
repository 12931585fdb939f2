// Status codes beyond what an ErrorKind says (408, 431). Internal to this room.
#pragma once

#include <string_view>

#include "platform/http/http.hpp"

namespace confidente::http {

std::string_view reason_phrase(int status);
Response problem_with_status(int status, const Error& error, std::string_view language, std::string_view request_id);

}  // namespace confidente::http
