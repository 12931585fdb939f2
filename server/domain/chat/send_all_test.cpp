// Messages that are written together, on every engine: each is decided as if it had come alone.
#include <atomic>
#include <set>
#include <thread>

#include "domain/chat/service.hpp"
#include "testing/database.hpp"
#include "testing/test.hpp"

namespace confidente::chat {
namespace {

constexpr const char* kPeople = R"(
INSERT INTO users (id, type, email, password_hash, name, birth_date, created_at, updated_at) VALUES
  ('ana', 'client', 'a@x', 'h', 'Ana', '1990-01-01', 1, 1), ('bia', 'client', 'b@x', 'h', 'Bia', '1990-01-01', 1, 1),
  ('cris', 'client', 'c@x', 'h', 'Cris', '1990-01-01', 1, 1), ('luna', 'model', 'l@x', 'h', 'Luna', '1990-01-01', 1, 1);
INSERT INTO chats (id, kind, status, created_at, updated_at) VALUES
  ('room', 'live', 'active', 1, 1), ('past', 'live', 'active', 1, 1), ('pair', 'private', 'active', 1, 1),
  ('blocked', 'private', 'active', 1, 1);
INSERT INTO chat_members (chat_id, user_id) VALUES
  ('pair', 'ana'), ('pair', 'bia'), ('blocked', 'ana'), ('blocked', 'cris');
INSERT INTO lives (id, model_id, chat_id, title, description, price, status, created_at, updated_at) VALUES
  ('on', 'luna', 'room', 't', 'd', 0, 'live', 1, 1), ('over', 'luna', 'past', 't', 'd', 0, 'ended', 1, 1);
INSERT INTO live_entries (live_id, user_id, paid, created_at) VALUES
  ('on', 'ana', 0, 1), ('on', 'bia', 0, 1), ('over', 'ana', 0, 1);
INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES ('cris', 'ana', 1), ('luna', 'bia', 1);
)";
constexpr db::Query kStored{"test_stored", "SELECT id, seq, content FROM messages WHERE chat_id = :chat ORDER BY seq"};
constexpr db::Query kEvents{"test_events", "SELECT key, payload FROM outbox WHERE topic = 'message' ORDER BY seq"};
constexpr db::Query kUnread{"test_unread",
                            "SELECT unread_count FROM chat_members WHERE chat_id = 'pair' AND user_id = :user"};
constexpr db::Query kLastOf{"test_last_of", "SELECT last_message_id FROM chats WHERE id = :chat"};

struct World {
    explicit World(db::Database& database) : db(database) { REQUIRE(db.run_script(kPeople).has_value()); }
    db::Database& db;
    ManualClock clock;
    SystemRandom random;
    Service chats{clock, random};

    std::vector<Result<Message>> send(const std::vector<SendMessage>& commands) {
        auto work = [&](db::Transaction& tx) {
            std::vector<const SendMessage*> pointers;
            for (const auto& command : commands) pointers.push_back(&command);
            return chats.send_all(tx, pointers);
        };
        return db.write_blocking(work).value();
    }
    db::Rows rows(const db::Query& query, const db::Params& params = {}) {
        auto work = [&](db::Transaction& tx) { return tx.query(query, params); };
        return db.read_blocking(work).value();
    }
};

template <class Story>
void in_world(Story story) {
    testing::each_database([&](db::Database& db) {
        World world{db};
        story(world);
    });
}

SendMessage say(const char* chat, const char* who, const char* what, std::optional<std::string> client_id = {}) {
    return {chat, who, what, "text", std::move(client_id)};
}

TEST("who may not write is refused alone, and the others' messages have their order and their events") {
    in_world([](World& world) {
        const auto sent = world.send({say("room", "ana", "1"), say("room", "bia", "x"), say("blocked", "ana", "x"),
                                      say("room", "luna", "2"), say("room", "cris", "x"), say("past", "ana", "x"),
                                      say("pair", "ana", "3"), say("nowhere", "ana", "x"), say("room", "ana", "4")});
        for (const std::size_t i : {0, 3, 6, 8}) CHECK(sent[i].has_value());
        CHECK(sent[1].error().code == "blocked");
        CHECK(sent[2].error().code == "blocked");
        CHECK(sent[4].error().code == "chat_not_found");
        CHECK(sent[5].error().code == "live_not_live");
        CHECK(sent[7].error().code == "chat_not_found");
        CHECK(sent[3]->sender.name == "Luna");
        const auto stored = world.rows(kStored, {{"chat", "room"}});
        REQUIRE(stored.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) CHECK(stored[i].integer("seq") == static_cast<std::int64_t>(i) + 1);
        CHECK(stored[1].text("content") == "2");
        CHECK(world.rows(kLastOf, {{"chat", "room"}})[0].text("last_message_id") == sent[8]->id);
        const auto events = world.rows(kEvents);
        REQUIRE(events.size() == 4);
        const std::size_t order[] = {0, 3, 6, 8};
        for (std::size_t i = 0; i < 4; ++i) CHECK(events[i].text("key") == sent[order[i]]->id);
        CHECK(events[0].text("payload").find("\"liveId\":\"on\"") != std::string::npos);
        CHECK(events[2].text("payload").find("\"participants\":[\"ana\",\"bia\"]") != std::string::npos);
    });
}

TEST("what is unread is counted for everyone but the writer, over the whole batch") {
    in_world([](World& world) {
        (void)world.send({say("pair", "ana", "1"), say("pair", "ana", "2"), say("pair", "bia", "3")});
        (void)world.send({say("pair", "ana", "4")});
        CHECK(world.rows(kUnread, {{"user", "bia"}})[0].integer("unread_count") == 3);
        CHECK(world.rows(kUnread, {{"user", "ana"}})[0].integer("unread_count") == 1);
    });
}

TEST("one clientId is one message, in a batch and after it; another sender's is another") {
    in_world([](World& world) {
        const auto sent = world.send({say("room", "ana", "first", "k"), say("room", "ana", "again", "k"),
                                      say("room", "luna", "hers", "k"), say("pair", "ana", "elsewhere", "k")});
        CHECK(sent[1]->id == sent[0]->id);
        CHECK(sent[1]->content == "first");
        CHECK(sent[2]->id != sent[0]->id);
        CHECK(sent[3]->id != sent[0]->id);
        const auto later = world.send({say("room", "ana", "again", "k"), say("room", "ana", "new", "l")});
        CHECK(later[0]->id == sent[0]->id);
        CHECK(later[0]->seq == sent[0]->seq);
        CHECK(later[0]->sender.name == "Ana");
        CHECK(later[1]->seq == 3);
        CHECK(world.rows(kEvents).size() == 4);
        // What was sent stays sent, though the live has ended meanwhile.
        REQUIRE(world.db.run_script("UPDATE lives SET status = 'ended'").has_value());
        const auto repeated = world.send({say("room", "ana", "again", "k"), say("room", "ana", "late", "m")});
        CHECK(repeated[0]->id == sent[0]->id);
        CHECK(repeated[1].error().code == "live_not_live");
    });
}

TEST("a storm of writers leaves one total order without gaps, and an event for each message in that order") {
    in_world([](World& world) {
        constexpr int kThreads = 8, kEach = 25;
        std::atomic<int> sent{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] {
                std::int64_t last = 0;
                for (int i = 0; i < kEach; ++i) {
                    const auto message =
                        world.db.write_batched_blocking(world.chats.batch(), say("room", t % 2 ? "ana" : "luna", "oi"));
                    if (!message) continue;
                    CHECK(message->seq > last);
                    last = message->seq;
                    sent.fetch_add(1);
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(sent.load() == kThreads * kEach);
        const auto stored = world.rows(kStored, {{"chat", "room"}});
        const auto events = world.rows(kEvents);
        REQUIRE(stored.size() == kThreads * kEach);
        REQUIRE(events.size() == stored.size());
        for (std::size_t i = 0; i < stored.size(); ++i) {
            CHECK(stored[i].integer("seq") == static_cast<std::int64_t>(i) + 1);
            CHECK(events[i].text("key") == stored[i].text("id"));
        }
    });
}

}  // namespace
}  // namespace confidente::chat
