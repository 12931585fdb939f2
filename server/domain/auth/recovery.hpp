// A forgotten password: a link by mail, and the new password that it allows.
//
// Invariants: asking takes the same steps whoever asks for whom: the request only notes the order, and whether the
// address has an account is looked up when the mail is written; a link's token is made at that moment, so that its ten
// minutes begin when the mail leaves and no token ever lies readable in the database; it works once, and a newer link
// ends the older ones; the new password ends every session of the account, and its owner is told.
//
// Ten minutes, because a link in a mailbox is an out-of-band secret (OWASP ASVS 5.0, 6.5.5 wants no more). A mail that
// was held up on its way longer than that is answered by asking again.
//
// Errors: 422 `invalid_reset_token`, for unknown, used, replaced and expired ones alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/auth/service.hpp"
#include "platform/mail/outbox.hpp"

namespace confidente::auth {

inline constexpr Duration kResetTokenLife = 10min;

/// What the words of a mail need to know.
struct MailSettings {
    std::string public_url;  ///< of the web app, without a slash at its end
    std::int64_t resets_per_hour = 3;
};

class Recovery {
public:
    Recovery(const Service& service, MailSettings settings, const Clock& clock, Random& random)
        : service_(service), settings_(std::move(settings)), clock_(clock), random_(random) {}

    /// `pseudonym` stands for the address in the audit log.
    Status request(db::Transaction& tx, std::string_view email, std::string_view pseudonym, std::string_view language,
                   const audit::Origin& from) const;
    /// Whose token this is, before anything costly is done for it.
    Result<std::string> owner(db::Transaction& tx, std::string_view token) const;
    /// The ids of the sessions that ended.
    Result<std::vector<std::string>> reset(db::Transaction& tx, std::string_view token, std::string_view password_hash,
                                           std::string_view language, const audit::Origin& from) const;
    /// Tells a user by mail that a session was ended because its token was used twice.
    Status tell_of_reuse(db::Transaction& tx, std::string_view user_id, std::string_view language) const;

    /// Writes the mails of this slice: mail::Writer.
    Result<std::optional<mail::Message>> write(db::Transaction& tx, const mail::Order& order) const;
    void set_public_url(std::string url) { settings_.public_url = std::move(url); }

private:
    Result<std::optional<mail::Message>> write_reset(db::Transaction& tx, const mail::Order& order) const;
    const Service& service_;
    MailSettings settings_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace confidente::auth
