#include "domain/chat/repository.hpp"

namespace confidente::chat {
namespace {

constexpr db::Query kMembership{
    "chat_membership",
    "SELECT c.kind, c.status, l.id AS live_id, l.status AS live_status, l.model_id FROM chats c "
    "LEFT JOIN lives l ON l.chat_id = c.id WHERE c.id = :chat_id AND ("
    "EXISTS (SELECT 1 FROM chat_members m WHERE m.chat_id = c.id AND m.user_id = :user_id) OR l.model_id = :user_id OR "
    "EXISTS (SELECT 1 FROM live_entries e WHERE e.live_id = l.id AND e.user_id = :user_id))"};
constexpr db::Query kUserExists{"chat_user_exists", "SELECT 1 AS found FROM users WHERE id = :id"};
constexpr db::Query kPair{"chat_pair", "SELECT id FROM chats WHERE pair_key = :pair_key"};
constexpr db::Query kInsertChat{"insert_chat",
                                "INSERT INTO chats (id, kind, pair_key, status, created_at, updated_at) "
                                "VALUES (:id, :kind, :pair_key, 'active', :now, :now)"};
constexpr db::Query kInsertMember{"insert_chat_member",
                                  "INSERT INTO chat_members (chat_id, user_id) VALUES (:chat_id, :user_id)"};
constexpr db::Query kMembers{"chat_members",
                             "SELECT u.id, u.name, u.avatar_key FROM chat_members m JOIN users u ON u.id = m.user_id "
                             "WHERE m.chat_id = :chat_id ORDER BY u.id"};
#define SELECT_CHATS                                                                                                \
    "SELECT c.id, c.kind, c.last_message_id, c.created_at, c.updated_at, m.unread_count, "                          \
    "CASE WHEN EXISTS (SELECT 1 FROM chat_members o JOIN blocks b ON (b.blocker_id = m.user_id AND b.blocked_id = " \
    "o.user_id) OR (b.blocker_id = o.user_id AND b.blocked_id = m.user_id) WHERE o.chat_id = c.id) "                \
    "THEN 'blocked' ELSE c.status END AS status FROM chat_members m JOIN chats c ON c.id = m.chat_id "
constexpr db::Query kChats{"list_chats", SELECT_CHATS
                           "WHERE m.user_id = :user_id AND (c.updated_at < :before OR (c.updated_at = :before AND "
                           "c.id < :before_id)) ORDER BY c.updated_at DESC, c.id DESC LIMIT :limit"};
constexpr db::Query kChat{"select_chat", SELECT_CHATS "WHERE m.user_id = :user_id AND c.id = :chat_id"};
constexpr db::Query kMessage{
    "select_message",
    "SELECT m.id, m.chat_id, m.seq, m.sender_id, u.name, u.avatar_key, m.content, m.type, m.client_id, m.created_at, "
    "m.read_at "
    "FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.chat_id = :chat_id AND m.id = :id"};
constexpr db::Query kMessages{
    "list_messages",
    "SELECT m.id, m.chat_id, m.seq, m.sender_id, u.name, u.avatar_key, m.content, m.type, m.client_id, m.created_at, "
    "m.read_at "
    "FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.chat_id = :chat_id AND m.seq < :before "
    "ORDER BY m.seq DESC LIMIT :limit"};
constexpr db::Query kMarkRead{"mark_messages_read",
                              "UPDATE messages SET read_at = :now WHERE chat_id = :chat_id AND sender_id <> :reader "
                              "AND seq <= :seq AND read_at IS NULL RETURNING sender_id"};
constexpr db::Query kSetLastRead{
    "set_last_read",
    "UPDATE chat_members SET last_read_message_id = :message_id, unread_count = (SELECT COUNT(*) FROM messages m "
    "WHERE m.chat_id = :chat_id AND m.sender_id <> :reader AND m.seq > :seq) "
    "WHERE chat_id = :chat_id AND user_id = :reader"};

std::optional<Message> first_message(const db::Rows& rows) {
    return rows.empty() ? std::nullopt : std::optional{message_of(rows[0])};
}

Result<Chat> chat_of(db::Transaction& tx, const db::Row& row) {
    Chat chat{.id = row.text("id"),
              .kind = row.text("kind"),
              .status = row.text("status"),
              .participants = {},
              .last_message = {},
              .unread_count = row.integer("unread_count"),
              .created_at = {row.integer("created_at")},
              .updated_at = {row.integer("updated_at")}};
    TRY(chat.participants, select_members(tx, chat.id));
    if (const auto last = row.optional_text("last_message_id")) {
        TRY(chat.last_message, select_message(tx, chat.id, *last));
    }
    return chat;
}

}  // namespace

Message message_of(const db::Row& row) {
    const auto read_at = row.optional_integer("read_at");
    return {.id = row.text("id"),
            .chat_id = row.text("chat_id"),
            .seq = row.integer("seq"),
            .sender = {row.text("sender_id"), row.text("name"), row.optional_text("avatar_key")},
            .content = row.text("content"),
            .type = row.text("type"),
            .client_id = row.optional_text("client_id"),
            .created_at = {row.integer("created_at")},
            .read_at = read_at ? std::optional{UtcTime{*read_at}} : std::nullopt};
}

Result<std::optional<Membership>> select_membership(db::Transaction& tx, const std::string& chat_id,
                                                    const std::string& user) {
    TRY(auto rows, tx.query(kMembership, {{"chat_id", chat_id}, {"user_id", user}}));
    if (rows.empty()) return std::optional<Membership>{};
    const db::Row& row = rows[0];
    return std::optional{Membership{row.text("kind"), row.text("status"), row.optional_text("live_id"),
                                    row.optional_text("live_status"), row.optional_text("model_id")}};
}

Result<bool> user_exists(db::Transaction& tx, const std::string& id) {
    TRY(auto rows, tx.query(kUserExists, {{"id", id}}));
    return !rows.empty();
}

Result<std::optional<std::string>> select_pair(db::Transaction& tx, const std::string& pair_key) {
    TRY(auto rows, tx.query(kPair, {{"pair_key", pair_key}}));
    return rows.empty() ? std::optional<std::string>{} : std::optional{rows[0].text("id")};
}

Status insert_chat(db::Transaction& tx, const std::string& id, const std::string& kind,
                   const std::optional<std::string>& pair_key, UtcTime now) {
    TRY_VOID(tx.execute(kInsertChat, {{"id", id}, {"kind", kind}, {"pair_key", pair_key}, {"now", now.ms}}));
    return {};
}

Status insert_member(db::Transaction& tx, const std::string& chat_id, const std::string& user) {
    TRY_VOID(tx.execute(kInsertMember, {{"chat_id", chat_id}, {"user_id", user}}));
    return {};
}

Result<std::vector<Person>> select_members(db::Transaction& tx, const std::string& chat_id) {
    TRY(auto rows, tx.query(kMembers, {{"chat_id", chat_id}}));
    std::vector<Person> people;
    for (const auto& row : rows) people.push_back({row.text("id"), row.text("name"), row.optional_text("avatar_key")});
    return people;
}

Result<std::vector<Chat>> select_chats(db::Transaction& tx, const std::string& user, const Activity& before,
                                       std::int64_t limit) {
    TRY(auto rows,
        tx.query(kChats, {{"user_id", user}, {"before", before.at.ms}, {"before_id", before.id}, {"limit", limit}}));
    std::vector<Chat> chats;
    for (const auto& row : rows) {
        TRY(auto chat, chat_of(tx, row));
        chats.push_back(std::move(chat));
    }
    return chats;
}

Result<std::optional<Chat>> select_chat(db::Transaction& tx, const std::string& user, const std::string& chat_id) {
    TRY(auto rows, tx.query(kChat, {{"user_id", user}, {"chat_id", chat_id}}));
    if (rows.empty()) return std::optional<Chat>{};
    TRY(auto chat, chat_of(tx, rows[0]));
    return std::optional{std::move(chat)};
}

Result<std::optional<Message>> select_message(db::Transaction& tx, const std::string& chat_id, const std::string& id) {
    TRY(auto rows, tx.query(kMessage, {{"chat_id", chat_id}, {"id", id}}));
    return first_message(rows);
}

Result<std::vector<Message>> select_messages(db::Transaction& tx, const std::string& chat_id, std::int64_t before,
                                             std::int64_t limit) {
    TRY(auto rows, tx.query(kMessages, {{"chat_id", chat_id}, {"before", before}, {"limit", limit}}));
    std::vector<Message> messages;
    for (const auto& row : rows) messages.push_back(message_of(row));
    return messages;
}

Result<std::vector<std::string>> mark_read_up_to(db::Transaction& tx, const std::string& chat_id,
                                                 const std::string& reader, std::int64_t seq, UtcTime now) {
    TRY(auto rows, tx.query(kMarkRead, {{"chat_id", chat_id}, {"reader", reader}, {"seq", seq}, {"now", now.ms}}));
    std::vector<std::string> writers;
    for (const auto& row : rows) writers.push_back(row.text("sender_id"));
    return writers;
}

Status set_last_read(db::Transaction& tx, const std::string& chat_id, const std::string& reader,
                     const std::string& message_id, std::int64_t seq) {
    TRY_VOID(
        tx.execute(kSetLastRead, {{"chat_id", chat_id}, {"reader", reader}, {"message_id", message_id}, {"seq", seq}}));
    return {};
}

}  // namespace confidente::chat
