#include <array>
#include <boost/json/value.hpp>

#include "platform/base/check.hpp"
#include "platform/http/http.hpp"
#include "platform/http/text.hpp"

namespace confidente::http {

std::string_view to_string(Method method) {
    static constexpr std::array<std::string_view, 7> kNames = {"GET",   "HEAD",   "POST",   "PUT",
                                                               "PATCH", "DELETE", "OPTIONS"};
    return kNames[static_cast<std::size_t>(method)];
}

const std::string& Request::param(std::string_view name) const {
    const std::string* found = nullptr;
    for (const auto& [key, value] : params)
        if (key == name) found = &value;
    check(found != nullptr);
    return *found;
}

std::optional<std::string> Request::query_param(std::string_view name) const {
    for (std::string_view rest = query; !rest.empty();) {
        const auto end = rest.find('&');
        const auto pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        const auto equals = pair.find('=');
        const auto key = percent_decoded(pair.substr(0, equals), Plus::space);
        if (!key || *key != name) continue;
        if (equals == std::string_view::npos) return std::string{};
        auto value = percent_decoded(pair.substr(equals + 1), Plus::space);
        if (!value || !is_utf8(*value)) return std::nullopt;
        return value;
    }
    return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (equals_ignoring_case(key, name)) return value;
    return std::nullopt;
}

std::optional<std::string_view> Request::bearer() const {
    constexpr std::string_view kScheme = "Bearer ";
    const auto value = header("Authorization");
    if (!value || value->size() <= kScheme.size()) return std::nullopt;
    if (!equals_ignoring_case(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
    return trimmed(value->substr(kScheme.size()));
}

Result<json::Value> Request::json_body() const {
    const auto type = header("Content-Type").value_or("");
    if (!equals_ignoring_case(trimmed(type.substr(0, type.find(';'))), "application/json"))
        return Error{ErrorKind::unsupported_media, "unsupported_media_type", "Send the body as application/json."};
    return json::parse(body);
}

std::string_view Request::language() const {
    const auto list = header("Accept-Language");
    if (!list) return "pt-BR";
    struct Known {
        std::string_view answer;
        std::array<std::string_view, 4> tags;
    };
    static constexpr std::array<Known, 3> kLanguages = {{{"pt-BR", {"pt-BR", "pt", "pt-PT", "pt"}},
                                                         {"en", {"en", "en-US", "en-GB", "en"}},
                                                         {"es", {"es", "es-ES", "es-419", "es-MX"}}}};
    std::string_view best = "pt-BR";
    double best_quality = 0;
    for (const auto& [answer, tags] : kLanguages) {
        double q = 0;
        for (const auto tag : tags) q = std::max(q, quality(*list, tag));
        if (q > best_quality) {
            best_quality = q;
            best = answer;
        }
    }
    return best;
}

}  // namespace confidente::http
