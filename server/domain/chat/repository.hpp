// SQL of conversations, and how they are refused. Private to this slice.
#pragma once

#include "domain/chat/service.hpp"

namespace confidente::chat {

Error chat_not_found();
Error blocked();

/// A user's way into a chat.
struct Membership {
    std::string kind, status;
    std::optional<std::string> live_id, live_status, model_id;  ///< for a live's chat
};

/// Nothing when the chat does not exist or is not this user's.
Result<std::optional<Membership>> select_membership(db::Transaction& tx, const std::string& chat_id,
                                                    const std::string& user);
Result<bool> user_exists(db::Transaction& tx, const std::string& id);
Result<std::optional<std::string>> select_pair(db::Transaction& tx, const std::string& pair_key);
Status insert_chat(db::Transaction& tx, const std::string& id, const std::string& kind,
                   const std::optional<std::string>& pair_key, UtcTime now);
Status insert_member(db::Transaction& tx, const std::string& chat_id, const std::string& user);
Result<std::vector<Person>> select_members(db::Transaction& tx, const std::string& chat_id);
Result<std::vector<Chat>> select_chats(db::Transaction& tx, const std::string& user, const Activity& before,
                                       std::int64_t limit);
Result<std::optional<Chat>> select_chat(db::Transaction& tx, const std::string& user, const std::string& chat_id);

/// A row of `messages m` with its sender's `name` and `avatar_key`.
Message message_of(const db::Row& row);
Result<std::optional<Message>> select_message(db::Transaction& tx, const std::string& chat_id, const std::string& id);
Result<std::vector<Message>> select_messages(db::Transaction& tx, const std::string& chat_id, std::int64_t before,
                                             std::int64_t limit);
/// The people whose unread messages up to `seq` are now read.
Result<std::vector<std::string>> mark_read_up_to(db::Transaction& tx, const std::string& chat_id,
                                                 const std::string& reader, std::int64_t seq, UtcTime now);
Status set_last_read(db::Transaction& tx, const std::string& chat_id, const std::string& reader,
                     const std::string& message_id, std::int64_t seq);

}  // namespace confidente::chat
