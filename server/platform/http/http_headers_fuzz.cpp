// Header values: languages, encodings, token lists, versions, bearer tokens, content types; and UTF-8 beside
// Boost.JSON's reader. Range is not among them: nothing is served in parts.
#include <boost/json.hpp>
#include <cmath>

#include "platform/http/compression.hpp"
#include "platform/http/http.hpp"
#include "platform/http/text.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

void check_utf8(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return;
    check(json::parse('"' + std::string{text} + '"').has_value() == is_utf8(text));
}

/// Dates are written only; each has the one form of RFC 9110 §5.6.7.
void check_date(Bytes bytes) {
    const auto date = http_date(UtcTime{std::int64_t{testing::FuzzInput{bytes}.u32()} * 1000});
    check(date.size() == 29 && date.ends_with(" GMT") && date[3] == ',' && date[19] == ':' && date[22] == ':');
}

/// Versions (RFC 9110 §13.1): a list names one exactly where one of its items, weak or strong, is that one.
void check_versions(std::string_view list) {
    static const std::string ours = etag_of("the bytes of an answer");
    const bool matches = etag_matches(list, ours);
    check(!matches || trimmed(list) == "*" || list.find(ours) != std::string_view::npos);
    if (trimmed(list) != "*") check(etag_matches(std::string{list} + ", W/" + ours, ours));
    Request request;
    request.headers = {{"If-Match", std::string{list}}};
    const auto status = check_if_match(request, ours);
    check(status.has_value() == matches && (matches || status.error().code == "precondition_failed"));
    // A list of its own alone, however it is written, names itself.
    if (!list.empty() && list.find(',') == std::string_view::npos) check(etag_matches(list, trimmed(list)));
}

}  // namespace

FUZZ(input) {
    const auto text = as_text(input);
    check_utf8(text);
    check_versions(text);
    check_date(input);
    for (const std::string_view name : {"gzip", "br", "pt-BR", ""}) {
        const double q = quality(text, name);
        check(q >= 0 && q <= 1);
    }
    check(has_token("keep-alive, Upgrade", text) ==
          (equals_ignoring_case(text, "keep-alive") || equals_ignoring_case(text, "upgrade")));
    if (has_token(text, "upgrade")) check(text.size() >= 7);
    check(trimmed(trimmed(text)) == trimmed(text));
    const auto encoding = choose_encoding(text);
    if (encoding != Encoding::identity) check(quality(text, to_string(encoding)) > 0 || quality(text, "*") > 0);
    is_compressible(text);

    Request request;
    request.body = "{}";
    request.headers = {{"Accept-Language", std::string{text}},
                       {"Authorization", std::string{text}},
                       {"Content-Type", std::string{text}}};
    const auto language = request.language();
    check(language == "pt-BR" || language == "en" || language == "es");
    if (const auto token = request.bearer()) check(token->size() < text.size());
    const auto body = request.json_body();
    check(body.has_value() || body.error().kind == ErrorKind::unsupported_media);
}
