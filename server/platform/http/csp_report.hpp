// What browsers tell of things that the Content-Security-Policy kept from happening, in both of their formats: the
// Reporting API's list (application/reports+json) and the older single report (application/csp-report).
//
// A report names the page's address and a piece of what was blocked. Both may hold what is nobody's business (ids,
// tokens of a link, text that somebody typed), so only what follows is read of it; each is one of few words or a host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/http/http.hpp"

namespace confidente::http {

inline constexpr std::size_t kMaxCspBody = 16 * 1024;  ///< bytes
inline constexpr std::size_t kMaxCspReports = 20;      ///< of one body; the rest is left unread

struct CspReport {
    std::string_view directive;  ///< a literal: one that we know, or `other`
    std::string blocked;         ///< `inline`, `eval`, another word of the standard, `https://host:port`, or `other`
    std::string page;            ///< first segment of the page's path: `/live`, never its ids
};

/// Errors: 415 `unsupported_media_type`, 400 `malformed_json`, 422 `validation_failed` where it is no report at all.
/// Reports about anything else than the policy are left out.
Result<std::vector<CspReport>> parse_csp_reports(const Request& request);

}  // namespace confidente::http
