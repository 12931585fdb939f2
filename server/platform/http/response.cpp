#include <boost/json/value.hpp>

#include "platform/http/http.hpp"

namespace confidente::http {

Response Response::json(int status, const json::Value& value) {
    return {status, {}, json::serialize(value), "application/json"};
}

Response Response::text(int status, std::string body, std::string content_type) {
    return {status, {}, std::move(body), std::move(content_type)};
}

Response Response::empty(int status) { return {status, {}, {}, {}}; }

Response&& Response::with(std::string name, std::string value) && {
    headers.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

}  // namespace confidente::http
