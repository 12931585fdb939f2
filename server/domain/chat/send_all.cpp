// Sending many messages as one: ask in one go for all that they need, decide each in its turn, write table by table.
#include <boost/json.hpp>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "domain/chat/repository.hpp"
#include "domain/chat/view.hpp"
#include "platform/bus/outbox.hpp"
#include "platform/json/rows.hpp"

namespace confidente::chat {

namespace {

/// Who may write where: members, a live's model, and who has entered the live.
constexpr db::Query kWays{
    "chat_ways",
    "WITH p AS (SELECT r.value ->> 0 AS chat_id, r.value ->> 1 AS user_id FROM json_each(:pairs) r) "
    "SELECT p.chat_id, p.user_id, l.id AS live_id, l.status AS live_status, "
    "EXISTS (SELECT 1 FROM blocks b WHERE (b.blocker_id = p.user_id AND b.blocked_id = l.model_id) "
    "OR (b.blocker_id = l.model_id AND b.blocked_id = p.user_id)) AS blocked_with_model, "
    "EXISTS (SELECT 1 FROM chat_members o JOIN blocks b ON (b.blocker_id = p.user_id AND b.blocked_id = o.user_id) "
    "OR (b.blocker_id = o.user_id AND b.blocked_id = p.user_id) WHERE o.chat_id = p.chat_id) AS blocked_with_member "
    "FROM p JOIN chats c ON c.id = p.chat_id LEFT JOIN lives l ON l.chat_id = c.id WHERE "
    "EXISTS (SELECT 1 FROM chat_members m WHERE m.chat_id = c.id AND m.user_id = p.user_id) "
    "OR l.model_id = p.user_id "
    "OR EXISTS (SELECT 1 FROM live_entries e WHERE e.live_id = l.id AND e.user_id = p.user_id)"};
constexpr db::Query kSenders{
    "chat_senders", "SELECT u.id, u.name, u.avatar_key FROM json_each(:ids) r JOIN users u ON u.id = r.value ->> 0"};
constexpr db::Query kChatMembers{"chat_members_of_many",
                                 "SELECT m.chat_id, m.user_id FROM json_each(:ids) r "
                                 "JOIN chat_members m ON m.chat_id = r.value ->> 0 ORDER BY m.chat_id, m.user_id"};
constexpr db::Query kLastSeq{"chat_last_seq",
                             "SELECT c.id, COALESCE((SELECT MAX(m.seq) FROM messages m WHERE m.chat_id = c.id), 0) "
                             "AS seq FROM json_each(:ids) r JOIN chats c ON c.id = r.value ->> 0"};
constexpr db::Query kByClientIds{
    "messages_by_client_ids",
    "SELECT m.id, m.chat_id, m.seq, m.sender_id, u.name, u.avatar_key, m.content, m.type, m.client_id, m.created_at, "
    "m.read_at FROM json_each(:rows) r JOIN messages m ON m.chat_id = r.value ->> 0 AND m.sender_id = r.value ->> 1 "
    "AND m.client_id = r.value ->> 2 JOIN users u ON u.id = m.sender_id"};
constexpr db::Query kInsert{
    "insert_messages",
    "INSERT INTO messages (id, chat_id, seq, sender_id, content, type, client_id, created_at) "
    "SELECT r.value ->> 0, r.value ->> 1, CAST(r.value ->> 2 AS BIGINT), r.value ->> 3, r.value ->> 4, r.value ->> 5, "
    "r.value ->> 6, CAST(:now AS BIGINT) FROM json_each(:rows) r"};
constexpr db::Query kTouch{"touch_chats",
                           "UPDATE chats SET last_message_id = r.value ->> 1, updated_at = CAST(:now AS BIGINT) "
                           "FROM json_each(:rows) r WHERE chats.id = r.value ->> 0"};
constexpr db::Query kCountUnread{"count_unread",
                                 "UPDATE chat_members SET unread_count = unread_count + CAST(r.value ->> 2 AS BIGINT) "
                                 "FROM json_each(:rows) r "
                                 "WHERE chat_members.chat_id = r.value ->> 0 AND chat_members.user_id = r.value ->> 1"};

using Commands = std::span<const SendMessage* const>;
using Pair = std::pair<std::string, std::string>;
using Once = std::tuple<std::string, std::string, std::string>;  ///< chat, sender and clientId

Once once_of(const SendMessage& command) { return {command.chat_id, command.sender_id, *command.client_id}; }

std::string ids_of(const std::set<std::string>& ids) {
    json::Rows rows;
    for (const auto& id : ids) rows.add(id);
    return rows.text();
}

/// What the database says of the chats and people of a batch, and what becomes of it on the way.
class Scene {
public:
    static Result<Scene> load(db::Transaction& tx, Commands commands) {
        std::set<Pair> pairs;
        std::set<std::string> chats, people;
        json::Rows known;
        for (const auto* command : commands) {
            pairs.insert({command->chat_id, command->sender_id});
            chats.insert(command->chat_id);
            people.insert(command->sender_id);
            if (command->client_id) known.add(command->chat_id, command->sender_id, *command->client_id);
        }
        json::Rows ways;
        for (const auto& [chat, user] : pairs) ways.add(chat, user);
        const std::string chat_ids = ids_of(chats);
        auto asked_ways = tx.ask(kWays, {{"pairs", ways.text()}});
        auto asked_senders = tx.ask(kSenders, {{"ids", ids_of(people)}});
        auto asked_members = tx.ask(kChatMembers, {{"ids", chat_ids}});
        auto asked_last = tx.ask(kLastSeq, {{"ids", chat_ids}});
        std::optional<db::Asked> asked_known;
        if (!known.empty()) asked_known.emplace(tx.ask(kByClientIds, {{"rows", known.text()}}));

        Scene scene;
        TRY(const auto found_ways, asked_ways.rows());
        for (const auto& row : found_ways)
            scene.ways_[{row.text("chat_id"), row.text("user_id")}] = {
                row.optional_text("live_id"), row.optional_text("live_status"), row.integer("blocked_with_model") != 0,
                row.integer("blocked_with_member") != 0};
        TRY(const auto senders, asked_senders.rows());
        for (const auto& row : senders)
            scene.senders_[row.text("id")] = {row.text("id"), row.text("name"), row.optional_text("avatar_key")};
        TRY(const auto members, asked_members.rows());
        for (const auto& row : members) scene.members_[row.text("chat_id")].push_back(row.text("user_id"));
        TRY(const auto last, asked_last.rows());
        for (const auto& row : last) scene.last_seq_[row.text("id")] = row.integer("seq");
        if (asked_known) {
            TRY(const auto sent, asked_known->rows());
            for (const auto& row : sent) scene.remember(message_of(row));
        }
        return scene;
    }

    struct Way {
        std::optional<std::string> live_id, live_status;
        bool blocked_with_model = false, blocked_with_member = false;
    };
    /// The message that the same sender sent with the same clientId before; or the sender's way to send a new one.
    Result<std::variant<Message, Way>> way_of(const SendMessage& command) const {
        const auto way = ways_.find({command.chat_id, command.sender_id});
        if (way == ways_.end()) return chat_not_found();
        if (way->second.blocked_with_model) return blocked();
        if (command.client_id) {
            const auto sent = sent_.find(once_of(command));
            if (sent != sent_.end()) return std::variant<Message, Way>{sent->second};
        }
        if (way->second.live_id && way->second.live_status != "live")
            return Error{.kind = ErrorKind::conflict, .code = "live_not_live", .detail = "This live is not on."};
        if (way->second.blocked_with_member) return blocked();
        return std::variant<Message, Way>{way->second};
    }
    const Person& sender(const std::string& id) const { return senders_.at(id); }
    std::int64_t next_seq(const std::string& chat_id) { return ++last_seq_.at(chat_id); }
    const std::vector<std::string>& members(const std::string& chat_id) { return members_[chat_id]; }
    void remember(const Message& message) {
        if (message.client_id) sent_[{message.chat_id, message.sender.id, *message.client_id}] = message;
    }

private:
    std::map<Pair, Way> ways_;
    std::map<std::string, Person> senders_;
    std::map<std::string, std::vector<std::string>> members_;
    std::map<std::string, std::int64_t> last_seq_;
    std::map<Once, Message> sent_;
};

/// What is written of the messages that were taken.
class Writing {
public:
    void add(const Message& message, const Scene::Way& way, const std::vector<std::string>& members) {
        rows_.add(message.id, message.chat_id, message.seq, message.sender.id, message.content, message.type,
                  message.client_id);
        last_of_[message.chat_id] = message.id;
        for (const auto& member : members) {
            if (member != message.sender.id) ++unread_[{message.chat_id, member}];
        }
        json::Object event{{"message", message_view(message)}};
        if (way.live_id) event["liveId"] = *way.live_id;
        event["participants"] = json::Array(members.begin(), members.end());
        events_.push_back({message.id, boost::json::serialize(event)});
    }
    void write(db::Transaction& tx, UtcTime now) const {
        if (events_.empty()) return;
        tx.send(kInsert, {{"rows", rows_.text()}, {"now", now.ms}});
        bus::append_all(tx, kTopic, events_, now);
        json::Rows touched, unread;
        for (const auto& [chat, message] : last_of_) touched.add(chat, message);
        tx.send(kTouch, {{"rows", touched.text()}, {"now", now.ms}});
        for (const auto& [whose, count] : unread_) unread.add(whose.first, whose.second, count);
        if (!unread.empty()) tx.send(kCountUnread, {{"rows", unread.text()}});
    }

private:
    json::Rows rows_;
    std::vector<bus::Event> events_;
    std::map<std::string, std::string> last_of_;  ///< the newest message of each chat
    std::map<Pair, std::int64_t> unread_;         ///< by chat and member
};

}  // namespace

Result<std::vector<Result<Message>>> Service::send_all(db::Transaction& tx, Commands commands) {
    TRY(auto scene, Scene::load(tx, commands));
    const UtcTime now = clock_.utc_now();
    Writing writing;
    const auto send_one = [&](const SendMessage& command) -> Result<Message> {
        TRY(auto way, scene.way_of(command));
        if (auto* sent = std::get_if<Message>(&way)) return std::move(*sent);
        Message message{.id = MessageId::make(now, random_).value,
                        .chat_id = command.chat_id,
                        .seq = scene.next_seq(command.chat_id),
                        .sender = scene.sender(command.sender_id),
                        .content = command.content,
                        .type = command.type,
                        .client_id = command.client_id,
                        .created_at = now,
                        .read_at = {}};
        writing.add(message, std::get<Scene::Way>(way), scene.members(command.chat_id));
        scene.remember(message);
        return message;
    };
    std::vector<Result<Message>> sent;
    for (const auto* command : commands) sent.push_back(send_one(*command));
    writing.write(tx, now);
    return sent;
}

Result<Message> Service::send(db::Transaction& tx, const SendMessage& command) {
    const SendMessage* one = &command;
    TRY(auto sent, send_all(tx, {&one, 1}));
    return std::move(sent.front());
}

}  // namespace confidente::chat
