// What the running server keeps for accounts beside the slices: the keys that sign, the sessions that ended, the audit
// log's witnesses, and the mail that leaves. One object, so that serve and the offline commands wire it the same way.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "app/config.hpp"
#include "domain/auth/recovery.hpp"
#include "domain/auth/revocations.hpp"
#include "domain/auth/routes.hpp"
#include "domain/auth/service.hpp"
#include "platform/audit/checkpoints.hpp"
#include "platform/crypto/key_ring.hpp"
#include "platform/crypto/password.hpp"
#include "platform/crypto/tokens.hpp"
#include "platform/mail/mailer.hpp"
#include "platform/mail/outbox.hpp"

namespace confidente::app {

/// The audit log's witnesses in `<data-dir>/audit`, signed with a key of their own.
Result<audit::Checkpoints> open_checkpoints(const std::filesystem::path& data_dir, Random& random);
/// The mailer that the configuration names: the folder `<data-dir>/mail`, or SMTP.
Result<std::unique_ptr<mail::Mailer>> open_mailer(const Config& config, const std::filesystem::path& data_dir,
                                                  const Clock& clock, Random& random);

class Accounts {
public:
    static Result<std::unique_ptr<Accounts>> open(const Config& config, const std::filesystem::path& data_dir,
                                                  const Clock& clock, Random& random);

    http::Authenticator authenticator() const { return auth::make_authenticator(tokens, clock_, &ended); }
    /// The routes' needs; `close_session` closes a session's sockets.
    auth::Deps deps(db::Database& db, const Config& config, std::function<void(std::string_view)> close_session);
    /// Learns which sessions have ended lately. Before the first request.
    Status recall(db::Database& db);
    /// `url` is where the web app is; links in mails begin with it.
    void start_mail(db::Database& db, std::string url);
    void stop_mail() { job_.reset(); }
    /// Once a second. Blocks for a moment.
    void tick(db::Database& db, const std::function<void(std::string_view)>& close_session);
    /// Signs the last link of the audit log.
    void witness(db::Database& db) const;

private:
    Accounts(std::filesystem::path keys_folder, std::vector<crypto::TimedKey> keys, audit::Checkpoints checkpoints,
             audit::Pseudonyms known, std::unique_ptr<mail::Mailer> mailer, auth::MailSettings mail_settings,
             const Clock& clock, Random& random);
    void look_for_keys();
    void hourly(db::Database& db);
    Status note_roll(db::Database& db, const std::string& kid) const;

    const Clock& clock_;
    Random& random_;
    std::filesystem::path keys_folder_;
    std::filesystem::file_time_type keys_seen_{};
    audit::Checkpoints checkpoints_;
    std::unique_ptr<mail::Mailer> mailer_;
    Instant next_hourly_{};
    std::string rolled_at_start_;  ///< the new key's name, until the audit log has it

public:
    crypto::TokenAuthority tokens;
    crypto::PasswordHasher hasher;
    auth::Service service;
    auth::Recovery recovery;
    auth::Revocations ended;
    audit::Pseudonyms pseudonyms;

private:
    std::unique_ptr<mail::Job> job_;  // last: it uses all of the above
};

}  // namespace confidente::app
