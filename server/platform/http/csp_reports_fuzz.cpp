// Reports about the Content-Security-Policy, which anybody may send: what is kept of one is a word of ours, or looks
// like nothing but a host or a page's name.
#include <algorithm>

#include "platform/http/csp_report.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::http;

namespace {

void check_report(const CspReport& report) {
    check(report.directive.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    check(report.blocked.size() < 120 && report.blocked.find_first_of("@?# \"<>") == std::string::npos);
    const auto scheme = report.blocked.find("://");
    check(report.blocked.find('/', scheme == std::string::npos ? 0 : scheme + 3) == std::string::npos);
    check(report.page == "other" || (report.page.starts_with('/') && report.page.size() < 30));
    for (const std::string_view text : {std::string_view{report.blocked}, std::string_view{report.page}})
        check(std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; }));
}

}  // namespace

FUZZ(input) {
    for (const char* type : {"application/reports+json", "application/csp-report"}) {
        Request request;
        request.headers = {{"Content-Type", type}};
        request.body = as_text(input);
        const auto reports = parse_csp_reports(request);
        if (!reports) {
            check(reports.error().code == "malformed_json" || reports.error().code == "validation_failed");
            continue;
        }
        check(reports->size() <= kMaxCspReports);
        for (const auto& report : *reports) check_report(report);
    }
}
