// Header values: languages, encodings, token lists, bearer tokens, content types; and UTF-8 beside Boost.JSON's reader.
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

}  // namespace

FUZZ(input) {
    const auto text = as_text(input);
    check_utf8(text);
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
