#include "domain/lives/service.hpp"

#include "domain/auth/service.hpp"
#include "domain/lives/audience.hpp"
#include "testing/database.hpp"

namespace confidente::lives {
namespace {

struct Fixture {
    std::unique_ptr<db::Database> db = testing::migrated_database();
    ManualClock clock;
    SeededRandom random{9};
    crypto::TokenAuthority authority{*crypto::SigningKey::generate(random), "confidente", random};
    auth::Service accounts{authority, clock, random};
    chat::Service chats{clock, random};
    std::vector<Ticket> charged;
    bool broke = false;
    Service lives{clock, random, chats, [this](db::Transaction&, const Ticket& ticket) -> Status {
                      if (broke) return Error{.kind = ErrorKind::payment_required, .code = "insufficient_tokens"};
                      charged.push_back(ticket);
                      return {};
                  }};
    std::string model = person("model", "m@x.y"), viewer = person("client", "v@x.y");

    template <class F>
    auto write(F work) {
        return db->write_blocking(std::move(work));
    }
    std::string person(const char* type, const char* email) {
        const auto work = [&](db::Transaction& tx) {
            return accounts.register_user(tx, {type, email, "hash", "Name", {1990, 1, 1}});
        };
        return write(work).value().id;
    }
    Live plan(std::int64_t price) {
        NewLive live;
        live.model_id = model;
        live.title = "Noite";
        live.price = price;
        return write([&](db::Transaction& tx) { return lives.create(tx, live); }).value();
    }
    Result<Service::Started> start(const Live& live, const std::string& who) {
        return write([&](db::Transaction& tx) { return lives.start(tx, live.id, who); });
    }
    Result<Live> enter(const Live& live, const std::string& who) {
        return write([&](db::Transaction& tx) { return lives.enter(tx, live.id, who); });
    }
    Result<Live> visit(const Live& live, const std::string& who) {
        return write([&](db::Transaction& tx) { return lives.visit(tx, live.id, who); });
    }
    Result<Live> end(const Live& live, const std::string& who) {
        return write([&](db::Transaction& tx) { return lives.end(tx, live.id, who); });
    }
};

template <class T>
std::string code(const Result<T>& result) {
    return result ? "ok" : result.error().code;
}

}  // namespace

EACH_DATABASE_TEST("a live goes from planned to on air to ended, and never back") {
    Fixture f;
    const auto live = f.plan(0);
    CHECK(live.status == "scheduled");
    CHECK(code(f.enter(live, f.viewer)) == "live_not_live");
    CHECK(code(f.start(live, f.viewer)) == "not_owner");
    CHECK(f.start(live, f.model).value().live.status == "live");
    CHECK(code(f.start(f.plan(0), f.model)) == "already_live");
    CHECK(code(f.end(live, f.viewer)) == "not_owner");
    CHECK(f.end(live, f.model).value().status == "ended");
    CHECK(f.end(live, f.model).value().status == "ended");
    CHECK(code(f.start(live, f.model)) == "live_ended");
    CHECK(code(f.enter(live, f.viewer)) == "live_not_live");
}

EACH_DATABASE_TEST("a viewer pays once; the model never; who cannot pay does not enter") {
    Fixture f;
    const auto live = f.plan(25);
    REQUIRE(f.start(live, f.model));
    CHECK(code(f.visit(live, f.viewer)) == "entry_required");
    f.broke = true;
    CHECK(code(f.enter(live, f.viewer)) == "insufficient_tokens");
    CHECK(code(f.visit(live, f.viewer)) == "entry_required");
    f.broke = false;
    CHECK(f.enter(live, f.viewer));
    CHECK(f.enter(live, f.viewer));
    CHECK(f.enter(live, f.model));
    REQUIRE(f.charged.size() == 1);
    CHECK(f.charged[0].price == 25);
    CHECK(f.visit(live, f.viewer));
}

EACH_DATABASE_TEST("a live without a price is entered through its room, and its chat opens with it") {
    Fixture f;
    const auto live = f.plan(0);
    REQUIRE(f.start(live, f.model));
    const auto say = [&](const std::string& who) {
        return f.write([&](db::Transaction& tx) { return f.chats.send(tx, {live.chat_id, who, "oi", "text", {}}); });
    };
    CHECK(code(say(f.viewer)) == "chat_not_found");
    CHECK(f.visit(live, f.viewer));
    CHECK(code(say(f.viewer)) == "ok");
    CHECK(code(say(f.model)) == "ok");
}

EACH_DATABASE_TEST("only the newest stream key opens a live, and none after its end") {
    Fixture f;
    const auto live = f.plan(0);
    const auto first = f.start(live, f.model).value().stream_key;
    const auto second = f.start(live, f.model).value().stream_key;
    const auto find = [&](const std::string& key) {
        return code(f.write([&](db::Transaction& tx) { return f.lives.find_by_key(tx, live.id, key); }));
    };
    CHECK(find(first) == "live_not_found");
    CHECK(find(second) == "ok");
    CHECK(find("") == "live_not_found");
    REQUIRE(f.end(live, f.model));
    CHECK(find(second) == "live_not_found");
}

EACH_DATABASE_TEST("a live whose publisher stays away ends, once") {
    Fixture f;
    const auto live = f.plan(0);
    REQUIRE(f.start(live, f.model));
    const auto lost = [&] {
        return f.write([&](db::Transaction& tx) { return f.lives.publisher_lost(tx, live.id); }).value();
    };
    CHECK(lost());
    CHECK_FALSE(lost());
}

EACH_DATABASE_TEST("who has blocked, or is blocked by, the model neither enters nor pays, not even with a ticket") {
    for (const bool by_model : {true, false}) {
        Fixture f;
        const auto live = f.plan(30);
        REQUIRE(f.start(live, f.model));
        const auto late = f.person("client", "late@x.y");
        REQUIRE(f.enter(live, f.viewer));
        const auto [blocker, blocked] = by_model ? std::pair{f.model, f.viewer} : std::pair{f.viewer, f.model};
        REQUIRE(f.db->run_script("INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES ('" + blocker +
                                 "', '" + blocked + "', 1)"));
        CHECK(code(f.enter(live, f.viewer)) == "blocked");
        CHECK(code(f.visit(live, f.viewer)) == "blocked");
        CHECK(f.charged.size() == 1);
        CHECK(code(f.enter(live, late)) == "ok");
    }
}

EACH_DATABASE_TEST("lives are listed newest first, by state and by model, page after page") {
    Fixture f;
    const auto first = f.plan(0);
    f.clock.advance(1s);
    const auto second = f.plan(0);
    REQUIRE(f.start(second, f.model));
    const auto list = [&](const Filter& filter) {
        std::vector<std::string> ids;
        for (const auto& live : f.write([&](db::Transaction& tx) { return f.lives.list(tx, filter); }).value())
            ids.push_back(live.id);
        return ids;
    };
    CHECK(list({}) == std::vector{second.id, first.id});
    CHECK(list({.status = "live"}) == std::vector{second.id});
    CHECK(list({.model_id = f.viewer}).empty());
    CHECK(list({.before = second.id}) == std::vector{first.id});
}

EACH_DATABASE_TEST("a room counts people, not sockets, and never the model") {
    Audience audience;
    audience.join({"live", "ana", "s1", false}, "live");
    audience.join({"live", "ana", "s2", false}, "live");
    audience.join({"live", "bia", "s3", false}, "live");
    audience.join({"live", "model", "s4", true}, "live");
    CHECK(audience.viewers("live") == 2);
    REQUIRE(audience.take_changes().size() == 1);
    CHECK(audience.take_changes().empty());
    audience.drop("s1");
    CHECK(audience.viewers("live") == 2);
    audience.leave("live", "s2");
    const auto changes = audience.take_changes();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].viewers == 1);
}

}  // namespace confidente::lives
