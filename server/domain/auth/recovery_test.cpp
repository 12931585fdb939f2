#include "domain/auth/recovery.hpp"

#include <future>

#include "domain/auth/password_rules.hpp"
#include "domain/auth/revocations.hpp"
#include "platform/crypto/password.hpp"
#include "testing/database.hpp"

namespace confidente::auth {
namespace {

constexpr db::Query kActions{"test_audit_actions", "SELECT action, actor_id, object_id FROM audit_log ORDER BY seq"};
constexpr db::Query kHash{"test_password_hash", "SELECT password_hash FROM users WHERE id = :id"};
constexpr db::Query kTokenHashes{"test_reset_hashes", "SELECT token_hash FROM password_resets"};

class Mailbox final : public mail::Mailer {
public:
    Status send(const mail::Message& message) override {
        if (down) return Error{.kind = ErrorKind::unavailable, .code = "mail_unavailable"};
        letters.push_back(message);
        return {};
    }
    bool down = false;
    std::vector<mail::Message> letters;
};

struct Fixture {
    explicit Fixture(db::Database& engine) : db(engine) {}
    db::Database& db;
    ManualClock clock;
    SeededRandom random{5};
    crypto::TokenAuthority authority{*crypto::SigningKey::generate(random), "confidente", random};
    Service service{authority, clock, random};
    Recovery recovery{service, {.public_url = "https://example.org", .resets_per_hour = 3}, clock, random};
    Mailbox mailbox;

    User add(const std::string& email) {
        const Registration registration{"client", email, "old hash", "Ana <b>", {1990, 1, 1}};
        auto work = [&](db::Transaction& tx) { return service.register_user(tx, registration); };
        return db.write_blocking(work).value();
    }
    Tokens open(const User& user) {
        auto work = [&](db::Transaction& tx) { return service.open_session(tx, user.id, user.type); };
        return db.write_blocking(work).value();
    }
    void ask(const std::string& email, const std::string& language = "en") {
        auto work = [&](db::Transaction& tx) { return recovery.request(tx, email, "pseudonym", language, {}); };
        REQUIRE(db.write_blocking(work).has_value());
        deliver();
    }
    void deliver() {
        const mail::Writer writer = [this](db::Transaction& tx, const mail::Order& order) {
            return recovery.write(tx, order);
        };
        REQUIRE(mail::send_due(db, mailbox, writer, clock.utc_now()).has_value());
    }
    std::string token_of(const mail::Message& letter) const {
        const std::string mark = "https://example.org/redefinir-senha#token=";
        const auto at = letter.text.find(mark);
        REQUIRE(at != std::string::npos);
        return letter.text.substr(at + mark.size(), 43);
    }
    Result<std::vector<std::string>> reset(const std::string& token) {
        auto work = [&](db::Transaction& tx) { return recovery.reset(tx, token, "new hash", "en", {}); };
        return db.write_blocking(work);
    }
    db::Rows rows(const db::Query& query, const db::Params& params = {}) {
        auto work = [&](db::Transaction& tx) { return tx.query(query, params); };
        return db.read_blocking(work).value();
    }
};

}  // namespace

TEST("a link sets a new password once, ends every session, and its owner is told") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        const auto user = f.add("ana@b.c"), other = f.add("rui@b.c");
        const auto first = f.open(user), second = f.open(user), foreign = f.open(other);
        f.ask("ana@b.c");
        REQUIRE(f.mailbox.letters.size() == 1);
        CHECK(f.mailbox.letters[0].subject == "Reset your password");
        CHECK(f.mailbox.letters[0].html.find("Ana &lt;b&gt;") != std::string::npos);
        const auto token = f.token_of(f.mailbox.letters[0]);
        CHECK(f.rows(kTokenHashes)[0].text("token_hash") != token);
        CHECK(f.reset(token).value().size() == 2);
        CHECK(f.rows(kHash, {{"id", user.id}})[0].text("password_hash") == "new hash");
        CHECK(f.reset(token).error().code == "invalid_reset_token");
        auto refresh = [&](db::Transaction& tx) { return f.service.refresh(tx, second.refresh); };
        CHECK_FALSE(db.write_blocking(refresh).value().tokens);
        auto untouched = [&](db::Transaction& tx) { return f.service.refresh(tx, foreign.refresh); };
        CHECK(db.write_blocking(untouched).value().tokens.has_value());
        f.deliver();
        REQUIRE(f.mailbox.letters.size() == 2);
        CHECK(f.mailbox.letters[1].subject == "Your password was changed");
        CHECK(f.mailbox.letters[1].to == "ana@b.c");
    });
}

TEST("an address nobody has gets no mail, and the question looks the same") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.ask("nobody@b.c");
        CHECK(f.mailbox.letters.empty());
        const auto acts = f.rows(kActions);
        REQUIRE(acts.size() == 1);
        CHECK(acts[0].text("action") == "auth.password_reset_requested");
        CHECK(acts[0].text("object_id") == "pseudonym");
    });
}

TEST("a link lives ten minutes from the mail's leaving, and a newer one ends it") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.add("ana@b.c");
        f.mailbox.down = true;
        f.ask("ana@b.c");
        f.clock.advance(20min);  // the relay was away far longer than a link lives
        f.mailbox.down = false;
        f.deliver();
        REQUIRE(f.mailbox.letters.size() == 1);
        const auto first = f.token_of(f.mailbox.letters[0]);
        f.clock.advance(kResetTokenLife);
        CHECK(f.reset(first).error().code == "invalid_reset_token");
        f.ask("ana@b.c");
        f.ask("ana@b.c");
        REQUIRE(f.mailbox.letters.size() == 3);
        CHECK(f.reset(f.token_of(f.mailbox.letters[1])).has_error());
        CHECK(f.reset(f.token_of(f.mailbox.letters[2])).has_value());
        CHECK(f.reset("").has_error());
    });
}

TEST("three links an hour, whoever asks") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.add("ana@b.c");
        for (int i = 0; i < 5; ++i) f.ask("ana@b.c");
        CHECK(f.mailbox.letters.size() == 3);
        f.clock.advance(std::chrono::hours{1} + 1s);
        f.ask("ana@b.c");
        CHECK(f.mailbox.letters.size() == 4);
    });
}

TEST("every mail has its words in three languages") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        const auto user = f.add("ana@b.c");
        for (const auto* language : {"pt-BR", "en", "es"}) {
            auto tell = [&](db::Transaction& tx) { return f.recovery.tell_of_reuse(tx, user.id, language); };
            REQUIRE(db.write_blocking(tell).has_value());
            f.deliver();
            f.ask("ana@b.c", language);
        }
        REQUIRE(f.mailbox.letters.size() == 6);
        CHECK(f.mailbox.letters[1].subject == "Redefina sua senha");
        CHECK(f.mailbox.letters[3].subject == "Reset your password");
        CHECK(f.mailbox.letters[5].subject == "Restablece tu contraseña");
        for (const auto& letter : f.mailbox.letters) {
            CHECK(letter.text.find('{') == std::string::npos);
            CHECK(letter.text.find("https://example.org/") != std::string::npos);
        }
    });
}

TEST("the end of a session is known at once here, and a moment later by others, for as long as its tokens live") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        const auto user = f.add("ana@b.c");
        const auto tokens = f.open(user);
        Revocations here, there;
        REQUIRE(there.refresh(db, f.clock.utc_now()).has_value());
        auto logout = [&](db::Transaction& tx) { return f.service.logout(tx, tokens.refresh); };
        const auto session = db.write_blocking(logout).value();
        CHECK(here.add(session, f.clock.utc_now()));
        CHECK_FALSE(here.add(session, f.clock.utc_now()));
        CHECK(here.refresh(db, f.clock.utc_now()).value() == std::vector<std::string>{session});
        CHECK(here.refresh(db, f.clock.utc_now()).value().empty());
        CHECK(there.refresh(db, f.clock.utc_now()).value() == std::vector<std::string>{session});
        CHECK(there.contains(session));
        Revocations restarted;
        f.clock.advance(kAccessTokenLife);
        REQUIRE(restarted.refresh(db, f.clock.utc_now()).has_value());
        CHECK(restarted.contains(session));
        f.clock.advance(2min);
        REQUIRE(there.refresh(db, f.clock.utc_now()).has_value());
        CHECK(there.size() == 0);
    });
}

TEST("acts are written down without secrets") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        const auto user = f.add("ana@b.c");
        const auto tokens = f.open(user);
        auto reuse = [&](db::Transaction& tx) -> Status {
            TRY_VOID(f.service.refresh(tx, tokens.refresh));
            TRY_VOID(f.service.refresh(tx, tokens.refresh));
            return {};
        };
        REQUIRE(db.write_blocking(reuse).has_value());
        std::vector<std::string> actions;
        for (const auto& row : f.rows(kActions)) actions.push_back(row.text("action"));
        CHECK(actions == std::vector<std::string>{"auth.register", "auth.login", "auth.refresh_reused"});
    });
}

TEST("the first guesses are refused, long sentences and odd bytes are not") {
    for (const auto* bad : {"Password", "qwertyuiop", "SENHA123", "12345678", "contraseña", "aaaaaaaa", "abcdefghij",
                            "87654321", "98765432"}) {
        CAPTURE(bad);
        CHECK(check_password(bad).error().fields.at(0).code == "too_common");
    }
    for (const auto* good :
         {"a fine long sentence", "uma senha comprida 2026", "qwertyuiop2!x", "ñandú ñandú", "  spaces  "})
        CHECK(check_password(good));
    CHECK(check_password(std::string(256, 'a') + "b").error().fields.at(0).code == "too_long");
    CHECK(check_password("short12").error().fields.at(0).code == "too_short");
}

TEST("a login costs one hash whether the account exists or not, and an old hash is seen as old") {
    crypto::PasswordHasher weak{{.memory_bytes = 8192 * 1024, .passes = 1}};
    crypto::PasswordHasher today{{.memory_bytes = 9000 * 1024, .passes = 1}};
    const auto old = weak.hash_blocking("correct horse").value();
    CHECK(today.outdated(old));
    CHECK_FALSE(weak.outdated(old));
    const auto ask = [&](std::optional<std::string> stored) {
        const auto before = weak.hashes_computed();
        std::promise<bool> answer;
        start<Result<bool>>(weak.verify(std::move(stored), "wrong horse"),
                            [&](Result<bool> r) { answer.set_value(r.value()); });
        CHECK_FALSE(answer.get_future().get());
        return weak.hashes_computed() - before;
    };
    CHECK(ask(old) == 1);
    CHECK(ask(std::nullopt) == 1);
}

}  // namespace confidente::auth
