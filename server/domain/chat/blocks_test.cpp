// Blocks and positions: who may still write, what a list of chats tells, and where its next page begins.
#include "domain/auth/service.hpp"
#include "domain/chat/service.hpp"
#include "testing/database.hpp"

namespace confidente::chat {
namespace {

struct World {
    explicit World(db::Database& database) : db(database) {}
    db::Database& db;
    ManualClock clock;
    SeededRandom random{7};
    crypto::TokenAuthority authority{*crypto::SigningKey::generate(random), "confidente", random};
    auth::Service accounts{authority, clock, random};
    Service chats{clock, random};

    std::string person(const char* email) {
        const auto work = [&](db::Transaction& tx) {
            return accounts.register_user(tx, {"client", email, "hash", "Name", {1990, 1, 1}});
        };
        return db.write_blocking(work).value().id;
    }
    Result<Service::Opened> open(const std::string& one, const std::string& other) {
        return db.write_blocking([&](db::Transaction& tx) { return chats.open_private(tx, one, other); });
    }
    std::string write(const std::string& chat, const std::string& who) {
        const auto work = [&](db::Transaction& tx) { return chats.send(tx, {chat, who, "Oi", "text", {}}); };
        const auto sent = db.write_blocking(work);
        return sent ? "ok" : sent.error().code;
    }
    std::string typing(const std::string& chat, const std::string& who) {
        const auto told = db.read_blocking([&](db::Transaction& tx) { return chats.others(tx, who, chat); });
        return told ? "ok" : told.error().code;
    }
    std::vector<Chat> list(const std::string& who, const std::optional<Activity>& before, std::int64_t limit) {
        return db.read_blocking([&](db::Transaction& tx) { return chats.list(tx, who, before, limit); }).value();
    }
    void block(const std::string& blocker, const std::string& blocked) {
        REQUIRE(db.run_script("INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES ('" + blocker + "', '" +
                              blocked + "', 1)"));
    }
};

template <class Story>
void in_world(Story story) {
    testing::each_database([&](db::Database& db) {
        World world{db};
        story(world);
    });
}

}  // namespace

TEST("a block silences both, shows in both lists, and harms nobody else") {
    in_world([](World& world) {
        const auto ana = world.person("a@x.y"), bia = world.person("b@x.y"), cris = world.person("c@x.y");
        const auto chat = world.open(ana, bia).value().chat.id, other = world.open(ana, cris).value().chat.id;
        CHECK(world.write(chat, bia) == "ok");
        world.block(ana, bia);
        for (const auto& who : {ana, bia}) {
            CHECK(world.write(chat, who) == "blocked");
            CHECK(world.typing(chat, who) == "blocked");
            for (const auto& shown : world.list(who, {}, 10))
                CHECK(shown.status == (shown.id == chat ? "blocked" : "active"));
            CHECK(world.open(who, who == ana ? bia : ana).value().chat.status == "blocked");
        }
        CHECK(world.write(other, cris) == "ok");
        CHECK(world.typing(other, cris) == "ok");
        CHECK(world.list(cris, {}, 10).at(0).status == "active");
    });
}

TEST("no new chat is opened across a block") {
    in_world([](World& world) {
        const auto ana = world.person("a@x.y"), bia = world.person("b@x.y");
        world.block(bia, ana);
        CHECK(world.open(ana, bia).error().code == "blocked");
        CHECK(world.open(bia, ana).error().code == "blocked");
    });
}

TEST("chats that were touched in the same millisecond are each on one page") {
    in_world([](World& world) {
        const auto ana = world.person("a@x.y");
        for (const char* email : {"1@x.y", "2@x.y", "3@x.y", "4@x.y", "5@x.y"})
            REQUIRE(world.open(ana, world.person(email)));
        std::vector<std::string> all, seen;
        for (const auto& chat : world.list(ana, {}, 10)) all.push_back(chat.id);
        REQUIRE(all.size() == 5);
        std::optional<Activity> before;
        for (int turn = 0; turn < 3; ++turn) {
            const auto page = world.list(ana, before, 2);
            for (const auto& chat : page) seen.push_back(chat.id);
            before = Activity{page.back().updated_at, page.back().id};
        }
        CHECK(seen == all);
        CHECK(world.list(ana, before, 2).empty());
    });
}

}  // namespace confidente::chat
