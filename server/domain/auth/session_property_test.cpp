// Sessions under thousands of orders of events: whatever clients and thieves do, one refresh token at most is alive.
#include <atomic>
#include <thread>

#include "domain/auth/service.hpp"
#include "testing/database.hpp"

namespace confidente::auth {
namespace {

constexpr db::Query kAlive{"test_alive_successors",
                           "SELECT COUNT(*) AS n FROM sessions s JOIN session_families f ON f.id = s.family_id "
                           "WHERE f.user_id = :user_id AND f.revoked_at IS NULL AND s.used_at IS NULL"};

struct Fixture {
    explicit Fixture(db::Database& engine) : db(engine) {}
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    crypto::TokenAuthority authority{*crypto::SigningKey::generate(random), "confidente", random};
    Service service{authority, clock, random};

    User add(const std::string& email, std::string type = "client") {
        const Registration registration{std::move(type), email, "hash", "Ana", {1990, 1, 1}};
        auto work = [&](db::Transaction& tx) { return service.register_user(tx, registration); };
        return db.write_blocking(work).value();
    }
};

/// One session's life: every token it ever had, and whether the family must be dead by now.
struct Life {
    std::vector<std::string> tokens;  ///< generation by generation; the last one is the only good one
    bool ended = false;
};

Status step(Fixture& f, db::Transaction& tx, Life& life, SeededRandom& dice) {
    const auto pick = dice.below(10);
    if (pick < 5 || life.tokens.size() < 2) {  // the client refreshes with what it holds
        TRY(const auto refreshed, f.service.refresh(tx, life.tokens.back()));
        CHECK(refreshed.tokens.has_value() == !life.ended);
        if (refreshed.tokens) life.tokens.push_back(refreshed.tokens->refresh);
    } else if (pick < 8) {  // any earlier generation, one or many back
        const auto old = dice.below(life.tokens.size() - 1);
        TRY(const auto refreshed, f.service.refresh(tx, life.tokens[old]));
        CHECK_FALSE(refreshed.tokens);
        CHECK(refreshed.revoked_session.empty() == life.ended);
        life.ended = true;
    } else {  // logout, with the current or an earlier token
        TRY(const auto session, f.service.logout(tx, life.tokens[dice.below(life.tokens.size())]));
        CHECK_FALSE(session.empty());
        life.ended = true;
    }
    return {};
}

}  // namespace

TEST("in 10 000 random orders of refresh, reuse and logout no session ever has two living tokens") {
    auto db = testing::migrated_database();
    Fixture f{*db};
    const auto user = f.add("a@b.c");
    SeededRandom dice{20261125};
    for (int round = 0; round < 10'000; ++round) {
        CAPTURE(round);
        auto work = [&](db::Transaction& tx) -> Status {
            TRY(const auto opened, f.service.open_session(tx, user.id, user.type));
            Life life{{opened.refresh}, false};
            const auto steps = 1 + dice.below(6);
            for (std::uint64_t i = 0; i < steps; ++i) TRY_VOID(step(f, tx, life, dice));
            TRY(const auto alive, tx.query(kAlive, {{"user_id", user.id}}));
            CHECK(alive[0].integer("n") == (life.ended ? 0 : 1));
            TRY_VOID(f.service.end_all_sessions(tx, user.id));
            return {};
        };
        REQUIRE(db->write_blocking(work).has_value());
    }
}

TEST("one token presented by many at the same moment has one successor at most") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        const auto user = f.add("a@b.c");
        for (int round = 0; round < 20; ++round) {
            auto open = [&](db::Transaction& tx) { return f.service.open_session(tx, user.id, user.type); };
            const auto token = db.write_blocking(open).value().refresh;
            std::atomic<int> renewed{0};
            std::vector<std::thread> clients;
            for (int i = 0; i < 4; ++i)
                clients.emplace_back([&] {
                    auto work = [&](db::Transaction& tx) { return f.service.refresh(tx, token); };
                    const auto refreshed = db.write_blocking(work);
                    if (refreshed && refreshed->tokens) ++renewed;
                });
            for (auto& client : clients) client.join();
            CHECK(renewed == 1);
            auto count = [&](db::Transaction& tx) { return tx.query(kAlive, {{"user_id", user.id}}); };
            CHECK(db.read_blocking(count).value()[0].integer("n") == 0);  // the others' tries ended the family
        }
    });
}

TEST("a session ends when it idles, and at its absolute end however busy it is") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        for (const auto* type : {"client", "model", "admin"}) {
            CAPTURE(type);
            const auto user = f.add(std::string{type} + "@b.c", type);
            const auto life = session_life(type);
            auto open = [&](db::Transaction& tx) { return f.service.open_session(tx, user.id, user.type); };
            const auto refresh = [&](const std::string& token) {
                auto work = [&](db::Transaction& tx) { return f.service.refresh(tx, token); };
                return db.write_blocking(work).value().tokens;
            };
            const auto idle = db.write_blocking(open).value().refresh;
            f.clock.advance(life.idle);
            CHECK_FALSE(refresh(idle));

            auto token = db.write_blocking(open).value().refresh;
            Duration lived{};
            for (; lived + life.idle - 1s < life.absolute; lived += life.idle - 1s) {
                f.clock.advance(life.idle - 1s);
                const auto renewed = refresh(token);
                REQUIRE(renewed);
                token = renewed->refresh;
            }
            f.clock.advance(life.absolute - lived - 1s);
            const auto last = refresh(token);
            REQUIRE(last);
            CHECK(last->expires_in_s == 1);  // the access token does not outlive the session either
            f.clock.advance(1s);
            CHECK_FALSE(refresh(last->refresh));
        }
    });
}

TEST("sessions that ended are forgotten after a while, living ones are not") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        const auto admin = f.add("admin@b.c", "admin"), client = f.add("client@b.c");
        auto open = [&](db::Transaction& tx) -> Result<Tokens> {
            TRY_VOID(f.service.open_session(tx, admin.id, admin.type));
            return f.service.open_session(tx, client.id, client.type);
        };
        const auto kept = db.write_blocking(open).value();
        auto sweep = [&](db::Transaction& tx) { return f.service.sweep(tx); };
        CHECK(db.write_blocking(sweep).value() == 0);
        f.clock.advance(std::chrono::hours{24 * 3});
        CHECK(db.write_blocking(sweep).value() == 1);
        auto refresh = [&](db::Transaction& tx) { return f.service.refresh(tx, kept.refresh); };
        CHECK(db.write_blocking(refresh).value().tokens.has_value());
    });
}

}  // namespace confidente::auth
