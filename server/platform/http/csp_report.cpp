#include "platform/http/csp_report.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "platform/http/text.hpp"

namespace confidente::http {
namespace {

constexpr std::string_view kOther = "other";
constexpr std::size_t kMaxHost = 100;    // characters of scheme, host and port
constexpr std::size_t kMaxSegment = 24;  // characters; every page of ours has a shorter one

/// CSP Level 3 §6, and Trusted Types.
constexpr std::array<std::string_view, 21> kDirectives = {
    "base-uri",        "child-src",       "connect-src",
    "default-src",     "font-src",        "form-action",
    "frame-ancestors", "frame-src",       "img-src",
    "manifest-src",    "media-src",       "object-src",
    "script-src",      "script-src-attr", "script-src-elem",
    "style-src",       "style-src-attr",  "style-src-elem",
    "trusted-types",   "worker-src",      "require-trusted-types-for"};
/// What stands for a blocked thing without an address (CSP Level 3 §5.3).
constexpr std::array<std::string_view, 9> kWords = {
    "inline", "eval", "wasm-eval", "data", "blob", "self", "filesystem", "trusted-types-policy", "trusted-types-sink"};

std::string_view text_of(const json::Object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string_view{*text} : std::string_view{};
}

/// The older format says it with everything that the policy allows behind it.
std::string_view directive_of(std::string_view said) {
    const auto name = said.substr(0, said.find(' '));
    const auto* known = std::ranges::find(kDirectives, name);
    return known == kDirectives.end() ? kOther : *known;
}

bool is_host(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{".-:[]"}.find(c) != std::string_view::npos;
}

/// `https://host` of an address, without who, path and query.
std::string origin_of(std::string_view address) {
    for (const std::string_view scheme : {"https://", "http://", "wss://", "ws://"}) {
        if (!address.starts_with(scheme)) continue;
        const auto rest = address.substr(scheme.size());
        const auto host = rest.substr(0, rest.find_first_of("/?#"));
        if (host.empty() || host.size() > kMaxHost || !std::ranges::all_of(host, is_host)) return {};
        return std::string{scheme} + std::string{host};
    }
    return {};
}

std::string blocked_of(std::string_view said) {
    if (const auto* word = std::ranges::find(kWords, said); word != kWords.end()) return std::string{*word};
    auto origin = origin_of(said);
    return origin.empty() ? std::string{kOther} : origin;
}

std::string page_of(std::string_view address) {
    const auto scheme = address.find("://");
    if (scheme == std::string_view::npos) return std::string{kOther};
    address.remove_prefix(scheme + 3);
    const auto path = address.find('/');
    if (path == std::string_view::npos) return "/";
    const auto segment = address.substr(path + 1, address.find_first_of("/?#", path + 1) - path - 1);
    const bool plain = segment.size() <= kMaxSegment &&
                       std::ranges::all_of(segment, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
    return plain ? '/' + std::string{segment} : std::string{kOther};
}

Error no_report() { return validation_error("", "not_an_object", "A report of a browser is expected."); }

/// `[{"type": "csp-violation", "body": {…}}, …]`
Result<std::vector<CspReport>> read_list(const json::Value& value) {
    const auto* list = value.if_array();
    if (!list) return no_report();
    std::vector<CspReport> reports;
    for (const auto& item : *list) {
        if (reports.size() == kMaxCspReports) break;
        const auto* entry = item.if_object();
        if (!entry) return no_report();
        const auto* found = entry->if_contains("body");
        const auto* body = found ? found->if_object() : nullptr;
        if (!body || text_of(*entry, "type") != "csp-violation") continue;
        reports.push_back({directive_of(text_of(*body, "effectiveDirective")), blocked_of(text_of(*body, "blockedURL")),
                           page_of(text_of(*body, "documentURL"))});
    }
    return reports;
}

/// `{"csp-report": {…}}`
Result<std::vector<CspReport>> read_one(const json::Value& value) {
    const auto* object = value.if_object();
    const auto* found = object ? object->if_contains("csp-report") : nullptr;
    const auto* body = found ? found->if_object() : nullptr;
    if (!body) return no_report();
    auto directive = text_of(*body, "effective-directive");
    if (directive.empty()) directive = text_of(*body, "violated-directive");
    std::vector<CspReport> reports;
    reports.push_back(
        {directive_of(directive), blocked_of(text_of(*body, "blocked-uri")), page_of(text_of(*body, "document-uri"))});
    return reports;
}

}  // namespace

Result<std::vector<CspReport>> parse_csp_reports(const Request& request) {
    const auto said = request.header("Content-Type").value_or("");
    const auto type = trimmed(said.substr(0, said.find(';')));
    const bool list = equals_ignoring_case(type, "application/reports+json");
    if (!list && !equals_ignoring_case(type, "application/csp-report"))
        return Error{ErrorKind::unsupported_media, "unsupported_media_type",
                     "Send application/reports+json or application/csp-report."};
    TRY(const auto value, json::parse(request.body));
    return list ? read_list(value) : read_one(value);
}

}  // namespace confidente::http
