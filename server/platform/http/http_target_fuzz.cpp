// Request targets: path, query, cursor, and the router behind them. A path that passes has one reading only.
#include <boost/json.hpp>

#include "platform/base/ids.hpp"
#include "platform/http/paging.hpp"
#include "platform/http/text.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

std::string encoded(std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        if (c == '/') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return out;
}

const Router& router() {
    static const Router made = [] {
        const auto handler = [](Request) -> Task<Result<Response>> { co_return Response::empty(204); };
        Router table;
        for (const std::string_view pattern :
             {"/", "/api/lives", "/api/lives/:id", "/api/lives/:id/join", "/api/:name/next", "/api/models/:name",
              "/api/lives/:id/:name", "/api/models/new", "/api/chats/:chatId/messages/:messageId"})
            table.add({Method::get, pattern, Access::anyone(), Rate{}, handler});
        table.add({Method::post, "/api/lives/:id/join", Access::signed_in(), Rate{}, handler});
        return table;
    }();
    return made;
}

void check_match(std::string_view path) {
    for (const Method method : {Method::get, Method::head, Method::post}) {
        const auto match = router().match(method, path);
        if (!match.route) continue;
        check(match.path_known &&
              to_string(match.route->method) == to_string(method == Method::head ? Method::get : method));
        Request request;
        request.params = match.params;
        for (const auto& [name, value] : match.params) check(request.param(name) == value);
        // Where a segment and a parameter both fit, the segment is meant.
        if (path == "/api/models/new") check(match.params.empty());
        for (const auto& [name, value] : match.params) {
            check(!value.empty() && value.size() <= 4 * 200 && value.find('/') == std::string::npos);
            if (name.ends_with("Id") || name == "id") check(is_uuid(value));
        }
    }
}

void check_query(std::string_view query) {
    Request request;
    request.query = query;
    for (const std::string_view name : {"q", "limit", "cursor", ""})
        if (const auto value = request.query_param(name)) check(is_utf8(*value) && value->size() <= query.size());
    static const Cursors cursors{"a key that strangers do not have"};
    if (const auto page = page_of(request, 20, cursors, "lives")) {
        check(page->limit >= 1 && page->limit <= kLargestPage);
        // No stranger seals a cursor.
        check(!page->after || cursors.seal("lives", *page->after) == request.query_param("cursor"));
        const auto view = page_view(json::Array{page->limit}, page->after);
        check(view.at("items").as_array().size() == 1 && view.at("nextCursor").is_null() == !page->after);
    } else {
        check(page.error().code == "invalid_limit" || page.error().code == "invalid_cursor");
    }
}

}  // namespace

FUZZ(input) {
    const auto text = as_text(input);
    check(percent_decoded(encoded(text), Plus::literal) == text);
    check_query(text);
    check_match(text);
    const auto target = parse_target(text);
    if (!target) return;
    check(target->path.starts_with('/') && is_utf8(target->path));
    check((target->path + "/").find("/../") == std::string::npos);
    check((target->path + "/").find("/./") == std::string::npos);
    for (const char c : target->path) check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\');
    const auto again = parse_target(encoded(target->path));
    check(again && again->path == target->path && again->query.empty());
    check_match(target->path);
    check_query(target->query);
}
