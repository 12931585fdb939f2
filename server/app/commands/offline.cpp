// Commands that need the data folder and no network.
#include <cstdio>
#include <iostream>

#include "app/accounts.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/store.hpp"
#include "domain/auth/password_rules.hpp"
#include "domain/auth/service.hpp"
#include "domain/gifts/service.hpp"
#include "domain/wallet/verify.hpp"
#include "platform/crypto/password.hpp"

namespace confidente::app {

int fail(const Error& error) {
    std::fprintf(stderr, "error: %s%s%s%s\n", error.detail.empty() ? error.code.c_str() : error.detail.c_str(),
                 error.cause.empty() ? "" : " (", error.cause.c_str(), error.cause.empty() ? "" : ")");
    return 1;
}

int migrate(const Config& config) {
    const SystemClock clock;
    const auto data_dir = open_data_dir(config);
    if (!data_dir) return fail(data_dir.error());
    const auto database = open_database(config, *data_dir, clock, Patience::command);
    if (!database) return fail(database.error());
    std::puts("the database is up to date");
    return 0;
}

int ledger_verify(const Config& config) {
    const SystemClock clock;
    const auto data_dir = open_data_dir(config);
    if (!data_dir) return fail(data_dir.error());
    const auto database = open_database(config, *data_dir, clock, Patience::command);
    if (!database) return fail(database.error());
    auto work = [](db::Transaction& tx) -> Result<wallet::VerifyReport> {
        TRY(auto report, wallet::verify(tx));
        if (!report.clean()) return report;
        TRY(const auto unmatched, gifts::first_unmatched(tx));
        if (unmatched)
            report.wrong = wallet::Wrong{"I9", "gifts", *unmatched, "gift, transfer and event do not stand one to one"};
        return report;
    };
    const auto report = (*database)->read_blocking(work);
    if (!report) return fail(report.error());
    if (report->wrong) {
        const auto& wrong = *report->wrong;
        std::fprintf(stderr, "error: %s does not hold: table %s, row %s: %s\n", wrong.invariant.c_str(),
                     wrong.table.c_str(), wrong.row.c_str(), wrong.what.c_str());
        return 1;
    }
    std::printf("the ledger holds: %lld transfers, %lld entries, %lld accounts\n",
                static_cast<long long>(report->transfers), static_cast<long long>(report->entries),
                static_cast<long long>(report->accounts));
    return 0;
}

int audit_verify(const Config& config) {
    const SystemClock clock;
    SystemRandom random;
    const auto data_dir = open_data_dir(config);
    if (!data_dir) return fail(data_dir.error());
    const auto verify = [&]() -> Result<audit::Report> {
        TRY(const auto checkpoints, open_checkpoints(*data_dir, random));
        TRY(const auto known, checkpoints.read());
        TRY(const auto database, open_database(config, *data_dir, clock, Patience::command));
        auto work = [&](db::Transaction& tx) { return audit::verify(tx, known); };
        return database->read_blocking(work);
    };
    const auto report = verify();
    if (!report) return fail(report.error());
    if (report->wrong) {
        std::fprintf(stderr, "error: the audit log does not hold: row %lld %s\n",
                     static_cast<long long>(report->wrong->seq), report->wrong->what.c_str());
        return 1;
    }
    std::printf("the audit log holds: %lld rows\n", static_cast<long long>(report->rows));
    return 0;
}

int keys_roll(const Config& config) {
    const SystemClock clock;
    SystemRandom random;
    const auto data_dir = open_data_dir(config);
    if (!data_dir) return fail(data_dir.error());
    const auto roll = [&]() -> Result<std::string> {
        const auto now = clock.utc_now();
        TRY(const auto before, crypto::load_keys(*data_dir / "keys", now, random));
        TRY_VOID(crypto::roll_keys(*data_dir / "keys", now, random));
        TRY(const auto keys, crypto::load_keys(*data_dir / "keys", now, random));
        const auto kid = keys.back().key.kid();
        TRY(const auto database, open_database(config, *data_dir, clock, Patience::command));
        auto note = [&](db::Transaction& tx) { return audit::append(tx, {.action = "keys.roll", .object = kid}, now); };
        TRY_VOID(database->write_blocking(note));
        return kid;
    };
    const auto rolled = roll();
    if (!rolled) return fail(rolled.error());
    std::printf("the key %s signs in a few seconds; the one before stays valid for an hour\n", rolled->c_str());
    return 0;
}

int admin_create(const Config& config, const std::string& email, const std::string& name) {
    std::string password;
    std::getline(std::cin, password);
    SystemClock clock;
    SystemRandom random;
    const auto data_dir = open_data_dir(config);
    if (!data_dir) return fail(data_dir.error());
    const auto work = [&]() -> Status {
        const auto address = auth::normal_email(email);
        if (!address) return Error{.code = "validation_failed", .detail = "This is not an e-mail address: " + email};
        TRY_VOID(auth::check_password(password));
        TRY(auto keys, crypto::load_keys(*data_dir / "keys", clock.utc_now(), random));
        const crypto::TokenAuthority tokens{std::move(keys), "confidente", random};
        const auth::Service service{tokens, clock, random};
        TRY(auto hash, crypto::PasswordHasher{}.hash_blocking(password));
        TRY(const auto database, open_database(config, *data_dir, clock, Patience::command));
        auto write = [&](db::Transaction& tx) {
            return service.register_user(
                tx,
                {.type = "admin", .email = *address, .password_hash = hash, .name = name, .birth_date = {1970, 1, 1}});
        };
        TRY_VOID(database->write_blocking(write));
        return {};
    };
    const auto made = work();
    if (!made) return fail(made.error());
    std::printf("made the administrator %s\n", email.c_str());
    return 0;
}

}  // namespace confidente::app
