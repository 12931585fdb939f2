#include "app/accounts.hpp"

#include <utility>

#include "platform/base/log.hpp"
#include "platform/mail/smtp/smtp.hpp"

namespace confidente::app {
namespace {

constexpr Duration kHour = std::chrono::hours{1};
constexpr const char* kSenderName = "Live Confidente";

void warn(std::string_view event, const Error& error) {
    log::warning(event, {{"error.code", error.code}, {"error.message", error.cause}});
}

std::filesystem::file_time_type changed_at(const std::filesystem::path& folder) {
    std::error_code ignored;
    return std::filesystem::last_write_time(folder, ignored);
}

}  // namespace

Result<audit::Checkpoints> open_checkpoints(const std::filesystem::path& data_dir, Random& random) {
    TRY(auto key, crypto::SigningKey::load_or_create(data_dir / "keys" / "audit.key", random));
    std::error_code failed;
    std::filesystem::create_directories(data_dir / "audit", failed);
    if (failed) return internal_error("cannot make the folder " + (data_dir / "audit").string());
    return audit::Checkpoints{data_dir / "audit" / "checkpoints.txt", std::move(key)};
}

Result<std::unique_ptr<mail::Mailer>> open_mailer(const Config& config, const std::filesystem::path& data_dir,
                                                  const Clock& clock, Random& random) {
    const mail::Sender sender{config.text("mail.from"), kSenderName};
    if (!mail::is_address(sender.address))
        return Error{.kind = ErrorKind::invalid, .code = "bad_config", .detail = "mail.from must be one bare address"};
    const auto& tls = config.text("mail.smtp_tls");
    if (tls != "required" && tls != "none")
        return Error{.kind = ErrorKind::invalid, .code = "bad_config", .detail = "mail.smtp_tls is required or none"};
    const auto& url = config.text("mail.smtp_url");
    if (url.empty()) return mail::make_folder_mailer(data_dir / "mail", sender, clock, random);
    const mail::SmtpConfig smtp{url, config.text("mail.smtp_user"), config.text("mail.smtp_password"),
                                config.text("mail.smtp_ca_file"), tls == "required"};
    return mail::make_smtp_mailer(smtp, sender, clock, random);
}

Result<std::unique_ptr<Accounts>> Accounts::open(const Config& config, const std::filesystem::path& data_dir,
                                                 const Clock& clock, Random& random) {
    const auto folder = data_dir / "keys";
    TRY(auto keys, crypto::load_keys(folder, clock.utc_now(), random));
    std::string rolled;
    if (crypto::roll_is_due(keys, clock.utc_now())) {
        TRY_VOID(crypto::roll_keys(folder, clock.utc_now(), random));
        TRY(keys, crypto::load_keys(folder, clock.utc_now(), random));
        rolled = keys.back().key.kid();
    }
    TRY(auto witness_key, crypto::SigningKey::load_or_create(folder / "audit.key", random));
    TRY(auto checkpoints, open_checkpoints(data_dir, random));
    TRY(auto mailer, open_mailer(config, data_dir, clock, random));
    const auth::MailSettings settings{.public_url = {},
                                      .resets_per_hour = config.integer("auth.resets_per_account_per_hour")};
    std::unique_ptr<Accounts> accounts{new Accounts{folder, std::move(keys), std::move(checkpoints),
                                                    audit::Pseudonyms{witness_key}, std::move(mailer), settings, clock,
                                                    random}};
    accounts->rolled_at_start_ = std::move(rolled);
    return accounts;
}

Accounts::Accounts(std::filesystem::path keys_folder, std::vector<crypto::TimedKey> keys,
                   audit::Checkpoints checkpoints, audit::Pseudonyms known, std::unique_ptr<mail::Mailer> mailer,
                   auth::MailSettings mail_settings, const Clock& clock, Random& random)
    : clock_(clock),
      random_(random),
      keys_folder_(std::move(keys_folder)),
      checkpoints_(std::move(checkpoints)),
      mailer_(std::move(mailer)),
      next_hourly_(clock.now() + 1min),
      tokens(std::move(keys), "confidente", random),
      service(tokens, clock, random),
      recovery(service, std::move(mail_settings), clock, random),
      pseudonyms(std::move(known)) {}

auth::Deps Accounts::deps(db::Database& db, const Config& config, std::function<void(std::string_view)> close_session) {
    const auto limit = [&](std::string_view key) { return static_cast<std::uint32_t>(config.integer(key)); };
    const auto logins = limit("auth.login_attempts_per_minute");
    const auto guesses = limit("auth.login_attempts_per_account");
    const auto refreshes = limit("auth.refreshes_per_minute");
    auth::Limits limits;
    limits.register_user = http::Rate::per_hour(limit("auth.registrations_per_hour"));
    limits.login = {logins, logins};
    limits.login_account = {guesses, guesses, 15};
    limits.login_network = http::Rate::per_hour(limit("auth.login_attempts_per_network"));
    limits.forgot = http::Rate::per_hour(limit("auth.resets_per_hour"));
    limits.forgot_account = http::Rate::per_hour(limit("auth.resets_per_account_per_hour"));
    limits.refresh_session = {refreshes, refreshes};
    return {.db = db,
            .service = service,
            .recovery = recovery,
            .hasher = hasher,
            .pseudonyms = pseudonyms,
            .clock = clock_,
            .session_ended =
                [this, close = std::move(close_session)](std::string_view session) {
                    ended.add(session, clock_.utc_now());
                    close(session);
                },
            .mail_waits =
                [this] {
                    if (job_) job_->wake();
                },
            .limits = limits};
}

Status Accounts::recall(db::Database& db) {
    if (!rolled_at_start_.empty()) TRY_VOID(note_roll(db, std::exchange(rolled_at_start_, {})));
    TRY_VOID(ended.refresh(db, clock_.utc_now()));
    return {};
}

Status Accounts::note_roll(db::Database& db, const std::string& kid) const {
    log::info("keys.rolled", {{"key.id", kid}});
    auto note = [&](db::Transaction& tx) {
        return audit::append(tx, {.action = "keys.roll", .object = kid, .reason = "age"}, clock_.utc_now());
    };
    return db.write_blocking(note);
}

void Accounts::start_mail(db::Database& db, std::string url) {
    recovery.set_public_url(std::move(url));
    job_ = std::make_unique<mail::Job>(
        db, *mailer_, [this](db::Transaction& tx, const mail::Order& order) { return recovery.write(tx, order); },
        clock_);
}

void Accounts::look_for_keys() {
    const auto changed = changed_at(keys_folder_);
    if (changed == keys_seen_) return;
    auto keys = crypto::load_keys(keys_folder_, clock_.utc_now(), random_);
    // A key that is just being written is whole a second later.
    if (!keys) return warn("keys.unreadable", keys.error());
    keys_seen_ = changed;
    tokens.set_keys(std::move(*keys));
}

void Accounts::tick(db::Database& db, const std::function<void(std::string_view)>& close_session) {
    const auto fresh = ended.refresh(db, clock_.utc_now());
    if (!fresh) {
        warn("sessions.unreadable", fresh.error());
    } else {
        for (const auto& session : *fresh) close_session(session);
    }
    look_for_keys();
    if (clock_.now() < next_hourly_) return;
    next_hourly_ = clock_.now() + kHour;
    hourly(db);
}

void Accounts::hourly(db::Database& db) {
    witness(db);
    auto sweep = [this](db::Transaction& tx) { return service.sweep(tx); };
    for (std::int64_t swept = 1; swept > 0;) {
        const auto done = db.write_blocking(sweep);
        if (!done) warn("sessions.sweep_failed", done.error());
        swept = done ? *done : 0;
    }
    const auto now = clock_.utc_now();
    const auto keys = crypto::load_keys(keys_folder_, now, random_);
    if (!keys) return warn("keys.unreadable", keys.error());
    if (crypto::roll_is_due(*keys, now)) {
        const auto rolled = crypto::roll_keys(keys_folder_, now, random_);
        if (!rolled) warn("keys.roll_failed", rolled.error());
        const auto after = crypto::load_keys(keys_folder_, now, random_);
        const auto noted = rolled && after ? note_roll(db, after->back().key.kid()) : Status{};
        if (!noted) warn("keys.roll_not_noted", noted.error());
    }
    crypto::retire_keys(keys_folder_, *keys, now);
}

void Accounts::witness(db::Database& db) const {
    auto read = [](db::Transaction& tx) { return audit::head(tx); };
    const auto head = db.read_blocking(read);
    if (!head) return warn("audit.unreadable", head.error());
    if (head->seq == 0) return;
    const auto written = checkpoints_.write(*head, clock_.utc_now());
    if (!written) warn("audit.checkpoint_failed", written.error());
}

}  // namespace confidente::app
