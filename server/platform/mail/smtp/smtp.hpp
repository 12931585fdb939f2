// Mail over SMTP (RFC 5321) with STARTTLS (RFC 3207) or from the first byte on (RFC 8314), through libcurl.
//
// Invariants: without `tls` the mail and the credentials go in clear, which is accepted for a relay on this machine
// only; the certificate is always checked; the password is in no log and no error.
#pragma once

#include <memory>
#include <string>

#include "platform/mail/mailer.hpp"

namespace confidente::mail {

struct SmtpConfig {
    std::string url;  ///< `smtp://host:587` or `smtps://host:465`
    std::string user = {}, password = {};
    std::string ca_file = {};  ///< PEM; empty: the system's
    bool tls_required = true;
};

/// Errors: `bad_config`, in words for an operator.
Result<std::unique_ptr<Mailer>> make_smtp_mailer(SmtpConfig config, Sender sender, const Clock& clock, Random& random);

}  // namespace confidente::mail
