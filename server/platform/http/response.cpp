#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>

#include "platform/base/bytes.hpp"
#include "platform/http/http.hpp"
#include "platform/http/text.hpp"

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

std::string etag_of(std::string_view body) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return '"' + to_base64url(Bytes{digest.data(), 16}) + '"';
}

bool etag_matches(std::string_view list, std::string_view etag) {
    const auto strong = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
    if (trimmed(list) == "*") return true;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (strong(trimmed(list.substr(0, comma))) == strong(etag)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

Response tagged(Response response, Audience audience) {
    response.headers.emplace_back("ETag", etag_of(response.body));
    if (audience == Audience::everyone) response.headers.emplace_back("Cache-Control", "no-cache");
    return response;
}

std::shared_ptr<const Response> fixed(Response response) {
    // Where the answer is copied after all, its body is not.
    response.shared_body = std::make_shared<const std::string>(std::exchange(response.body, {}));
    return std::make_shared<const Response>(std::move(response));
}

Status check_if_match(const Request& request, std::string_view etag) {
    const auto wanted = request.header("If-Match");
    if (!wanted || etag_matches(*wanted, etag)) return {};
    return Error{.kind = ErrorKind::precondition_failed,
                 .code = "precondition_failed",
                 .detail = "This has changed since you opened it. Reload and try again."};
}

}  // namespace confidente::http
