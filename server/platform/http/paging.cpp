#include "platform/http/paging.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"

namespace confidente::http {
namespace {

constexpr std::size_t kSealBytes = 16;  // 128 bits of HMAC-SHA-256

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

Error invalid_cursor() {
    return {.kind = ErrorKind::invalid, .code = "invalid_cursor", .detail = "The list position is not valid."};
}

Result<std::int64_t> position_number(std::string_view text) {
    const auto number = whole_number(text);
    if (!number) return invalid_cursor();
    return *number;
}

std::string Cursors::seal_of(std::string_view list, std::string_view position) const {
    // The length keeps "ab" + "c" and "a" + "bc" apart.
    const auto text = std::to_string(list.size()) + ':' + std::string{list} + std::string{position};
    std::uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const auto bytes = as_bytes(text);
    check(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes.data(), bytes.size(), digest, &size));
    return std::string{as_text(Bytes{digest, kSealBytes})};
}

std::string Cursors::seal(std::string_view list, std::string_view position) const {
    const auto sealed = seal_of(list, position) + std::string{position};
    return to_base64url(as_bytes(sealed));
}

Result<std::string> Cursors::open(std::string_view list, std::string_view cursor) const {
    if (cursor.size() > kMaxCursor) return invalid_cursor();
    const auto bytes = from_base64url(cursor);
    if (!bytes || bytes->size() <= kSealBytes) return invalid_cursor();
    std::string position{as_text(Bytes{*bytes}.subspan(kSealBytes))};
    const auto seal = seal_of(list, position);
    if (CRYPTO_memcmp(seal.data(), bytes->data(), kSealBytes) != 0) return invalid_cursor();
    return position;
}

Result<PageRequest> page_of(const Request& request, std::int64_t default_limit, const Cursors& cursors,
                            std::string_view list) {
    PageRequest page{default_limit, {}};
    if (const auto text = request.query_param("limit")) {
        const auto limit = whole_number(*text);
        if (!limit || *limit < 1)
            return Error{.kind = ErrorKind::invalid, .code = "invalid_limit", .detail = "The limit must be from 1."};
        page.limit = std::min(*limit, kLargestPage);
    }
    if (const auto cursor = request.query_param("cursor")) {
        TRY(page.after, cursors.open(list, *cursor));
    }
    return page;
}

json::Value page_view(json::Array&& items, std::optional<std::string> next_cursor) {
    json::Object page{{"items", std::move(items)}, {"nextCursor", nullptr}};
    if (next_cursor) page["nextCursor"] = std::move(*next_cursor);
    return page;
}

}  // namespace confidente::http
