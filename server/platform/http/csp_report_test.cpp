#include "platform/http/csp_report.hpp"

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

Result<std::vector<CspReport>> parse(std::string type, std::string body) {
    Request request;
    request.headers = {{"Content-Type", std::move(type)}};
    request.body = std::move(body);
    return parse_csp_reports(request);
}

constexpr const char* kList = "application/reports+json";
constexpr const char* kOne = "application/csp-report";

/// The one report of a list about `body`.
CspReport report(const std::string& body) {
    const auto reports = parse(kList, R"([{"type": "csp-violation", "age": 1, "body": )" + body + "}]");
    REQUIRE(reports.has_value());
    REQUIRE(reports->size() == 1);
    return reports->front();
}

}  // namespace

TEST("a report of either format says what was blocked where, and nothing of who") {
    // As Chromium 130 and Firefox 115 send them, but for the host.
    const auto list =
        parse(kList, R"j([{"age":2,"body":{"blockedURL":"inline","columnNumber":39,"disposition":"enforce",
        "documentURL":"https://example.org/live/0190163d-8694-739b-aea5-966c26f8ad91?t=secret","effectiveDirective":
        "script-src-elem","lineNumber":121,"originalPolicy":"default-src 'none'","referrer":"https://example.org/",
        "sample":"alert(document.cookie)","sourceFile":"https://example.org/","statusCode":200},"type":"csp-violation",
        "url":"https://example.org/live/x","user_agent":"Mozilla/5.0"}])j");
    REQUIRE(list.has_value());
    REQUIRE(list->size() == 1);
    CHECK(list->front().directive == "script-src-elem");
    CHECK(list->front().blocked == "inline");
    CHECK(list->front().page == "/live");
    const auto one = parse(std::string{kOne} + "; charset=utf-8", R"({"csp-report":{"blocked-uri":
        "https://ana:pw@evil.example/x?y=z","document-uri":"https://example.org","violated-directive":
        "img-src 'self' blob:","script-sample":""}})");
    REQUIRE(one.has_value());
    CHECK(one->front().directive == "img-src");
    CHECK(one->front().blocked == "other");  // an address with somebody's name in it
    CHECK(one->front().page == "/");
}

TEST("what could be anybody's text is not repeated") {
    CHECK(report(R"({"effectiveDirective": "ana@example.com"})").directive == "other");
    CHECK(report(R"({"blockedURL": "https://evil.example:8443/ana@example.com"})").blocked ==
          "https://evil.example:8443");
    CHECK(report(R"({"blockedURL": "https://"})").blocked == "other");
    CHECK(report(R"({"blockedURL": "https://a\nb/"})").blocked == "other");
    CHECK(report("{\"blockedURL\": \"javascript:alert(1)\"}").blocked == "other");
    CHECK(report(R"({"blockedURL": "https://)" + std::string(101, 'a') + "\"}").blocked == "other");
    CHECK(report(R"({"documentURL": "https://example.org/0190163d-8694-739b-aea5-966c26f8ad91"})").page == "other");
    CHECK(report(R"({"documentURL": "https://example.org/entrar#token"})").page == "/entrar");
    CHECK(report(R"({"documentURL": "about:blank"})").page == "other");
    CHECK(report(R"({"documentURL": 7, "blockedURL": null})").page == "other");
}

TEST("other reports are left out, and a body that is none is refused") {
    const auto mixed =
        parse(kList, R"([{"type": "deprecation", "body": {}}, {"type": "csp-violation"}, {"body": {}}])");
    REQUIRE(mixed.has_value());
    CHECK(mixed->empty());
    for (const char* body : {"{}", "[1]", "null"}) CHECK(parse(kList, body).error().code == "validation_failed");
    for (const char* body : {"{}", "[]", R"({"csp-report": 1})"})
        CHECK(parse(kOne, body).error().code == "validation_failed");
    CHECK(parse(kOne, "{").error().code == "malformed_json");
    CHECK(parse("application/json", "{}").error().code == "unsupported_media_type");
}

TEST("a list is read up to its limit") {
    std::string body = "[";
    for (std::size_t i = 0; i < kMaxCspReports + 5; ++i)
        body += std::string{i ? "," : ""} + R"({"type":"csp-violation","body":{}})";
    CHECK(parse(kList, body + "]")->size() == kMaxCspReports);
}
