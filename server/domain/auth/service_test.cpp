#include "domain/auth/service.hpp"

#include <boost/json.hpp>

#include "domain/auth/password_rules.hpp"
#include "domain/auth/routes.hpp"
#include "testing/database.hpp"

namespace confidente::auth {
namespace {

struct Fixture {
    std::unique_ptr<db::Database> db = testing::migrated_database();
    ManualClock clock;
    SeededRandom random{5};
    crypto::TokenAuthority authority{*crypto::SigningKey::generate(random), "confidente", random};
    Service service{authority, clock, random};

    Result<User> add(std::string email, Date birth = {1990, 1, 1}) {
        const Registration registration{"client", std::move(email), "hash", "Ana", birth};
        return db->write_blocking([&](db::Transaction& tx) { return service.register_user(tx, registration); });
    }
    Tokens open(const User& user) {
        return db->write_blocking([&](db::Transaction& tx) { return service.open_session(tx, user.id, user.type); })
            .value();
    }
    Refreshed refresh(const std::string& token) {
        return db->write_blocking([&](db::Transaction& tx) { return service.refresh(tx, token); }).value();
    }
};

}  // namespace

EACH_DATABASE_TEST("an address belongs to one account, whatever its case") {
    Fixture f;
    CHECK(f.add(normal_email("Ana@Example.com").value()));
    CHECK(f.add(normal_email("aNA@example.COM").value()).error().code == "email_taken");
    for (const auto* bad : {"", "@", "a@", "@b.c", "a b@c.d", "a@b", "a@@b.c", "a@b.", "a\n@b.c"}) {
        CAPTURE(bad);
        CHECK_FALSE(normal_email(bad));
    }
}

EACH_DATABASE_TEST("nobody below eighteen gets an account, and everybody does on their birthday") {
    Fixture f;
    const auto today = date_of(f.clock.utc_now());
    CHECK(f.add("a@b.c", {today.year - 18, today.month, today.day}));
    CHECK(f.add("b@b.c", {today.year - 17, today.month, today.day}).error().code == "under_age");
    CHECK(check_password("Password").error().fields.at(0).code == "too_common");
    CHECK(check_password("1234567").error().fields.at(0).code == "too_short");
    CHECK(check_password("a fine long sentence"));
}

EACH_DATABASE_TEST("a refresh token works once; used again it ends the whole family, and no other") {
    Fixture f;
    const auto user = f.add("a@b.c").value();
    const auto other = f.open(user);
    const auto first = f.open(user);
    const auto second = f.refresh(first.refresh).tokens.value();
    CHECK(second.refresh != first.refresh);
    const auto reused = f.refresh(first.refresh);
    CHECK_FALSE(reused.tokens);
    CHECK_FALSE(reused.revoked_session.empty());
    CHECK_FALSE(f.refresh(second.refresh).tokens);
    CHECK(f.refresh(other.refresh).tokens);
    CHECK_FALSE(f.refresh("nothing").tokens);
}

EACH_DATABASE_TEST("a session ends with logout and with time") {
    Fixture f;
    const auto user = f.add("a@b.c").value();
    const auto gone = f.open(user);
    CHECK(f.db->write_blocking([&](db::Transaction& tx) { return f.service.logout(tx, gone.refresh); }).has_value());
    CHECK_FALSE(f.refresh(gone.refresh).tokens);
    const auto old = f.open(user);
    f.clock.advance(session_life("client").idle);
    CHECK_FALSE(f.refresh(old.refresh).tokens);
}

EACH_DATABASE_TEST("an access token names its user, session and role") {
    Fixture f;
    const auto user = f.add("a@b.c").value();
    const auto authenticate = make_authenticator(f.authority, f.clock);
    const auto tokens = f.open(user);
    const auto principal = authenticate(tokens.access).value();
    CHECK(principal.user_id == user.id);
    CHECK(principal.role == http::Role::client);
    f.clock.advance(kAccessTokenLife);
    CHECK(authenticate(tokens.access).error().code == "expired_token");
}

EACH_DATABASE_TEST("e-mail and settings are shown to their owner alone") {
    Fixture f;
    const auto user = f.add("a@b.c").value();
    CHECK(user_json(user, Viewer::owner).as_object().contains("email"));
    CHECK_FALSE(user_json(user, Viewer::other).as_object().contains("email"));
    CHECK_FALSE(user_json(user, Viewer::other).as_object().contains("settings"));
}

EACH_DATABASE_TEST("a user is signed in as long as one session has neither been ended nor has run out") {
    Fixture f;
    const auto [user, other] = std::pair{f.add("a@b.c").value(), f.add("b@b.c").value()};
    const auto signed_in = [&](const User& who) {
        return f.db->read_blocking([&](db::Transaction& tx) { return f.service.is_signed_in(tx, who.id); }).value();
    };
    const auto signed_out = [&](UtcTime since) {
        return f.db->read_blocking([&](db::Transaction& tx) { return f.service.signed_out_since(tx, since); }).value();
    };
    const auto log_out = [&](const Tokens& tokens) {
        REQUIRE(f.db->write_blocking([&](db::Transaction& tx) { return f.service.logout(tx, tokens.refresh); }));
    };
    const auto began = f.clock.utc_now();
    CHECK_FALSE(signed_in(user));
    const auto [first, second] = std::pair{f.open(user), f.open(user)};
    log_out(f.open(other));
    CHECK(signed_in(user));
    CHECK_FALSE(signed_in(other));
    log_out(first);
    CHECK(signed_in(user));
    CHECK(signed_out(began) == std::vector{other.id});
    f.clock.advance(1min);
    log_out(second);
    CHECK_FALSE(signed_in(user));
    CHECK(signed_out(began).size() == 2);
    CHECK(signed_out(began + 1s) == std::vector{user.id});
    (void)f.open(user);
    CHECK(signed_in(user));
    CHECK(signed_out(began + 1s).empty());
    f.clock.advance(std::chrono::hours{24 * 91});
    CHECK_FALSE(signed_in(user));
}

}  // namespace confidente::auth
