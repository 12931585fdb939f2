#include "app/csp_report_routes.hpp"

#include <boost/json.hpp>

#include "platform/base/log.hpp"
#include "platform/base/metrics.hpp"
#include "platform/http/csp_report.hpp"

namespace confidente::app {
namespace {

/// A broken page reports on each of its views; whoever floods learns nothing and fills no log.
constexpr http::Rate kReports{20, 20};

void note(const http::CspReport& report) {
    // The directives that are known are few, so the series are too.
    metrics::registry()
        .counter("confidente_csp_reports_total", "What browsers said that the Content-Security-Policy stopped",
                 "directive=\"" + std::string{report.directive} + "\"")
        .add();
    log::warning("csp.report",
                 {{"csp.directive", report.directive}, {"csp.blocked", report.blocked}, {"csp.page", report.page}});
}

Task<Result<http::Response>> take(http::Request request) {
    CO_TRY(const auto reports, http::parse_csp_reports(request));
    for (const auto& report : reports) note(report);
    co_return http::Response::empty(204);
}

}  // namespace

void add_csp_report_routes(http::Router& router) {
    router.add({http::Method::post, "/api/csp-reports", http::Access::anyone(), kReports,
                [](http::Request request) { return take(std::move(request)); }, http::kMaxCspBody});
}

}  // namespace confidente::app
