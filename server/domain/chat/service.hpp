// Conversations: between two people, and in a live's room. Messages that wait at the same time are written together,
// table by table (batch()).
//
// Invariants: the messages of a chat have a total order (`seq`), given inside the transaction; a message sent twice
// with the same clientId is one message; who is not in a chat learns nothing of it (`chat_not_found`).
// Errors: 404 `chat_not_found`, `message_not_found`, `user_not_found`; 403 `blocked`; 409 `live_not_live`;
// 422 `cannot_chat_with_self`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "platform/base/ids.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/db/database.hpp"

namespace confidente::chat {

inline constexpr std::string_view kTopic = "message";  ///< of the outbox
inline constexpr std::size_t kMaxContent = 2000;       ///< Unicode code points
inline constexpr std::int64_t kPage = 50;

struct Person {
    std::string id, name;
    std::optional<std::string> avatar = {};  ///< key of a picture
};

struct Message {
    std::string id, chat_id;
    std::int64_t seq = 0;
    Person sender;
    std::string content, type;
    std::optional<std::string> client_id;
    UtcTime created_at{};
    std::optional<UtcTime> read_at;
};

struct Chat {
    std::string id, kind, status;
    std::vector<Person> participants;
    std::optional<Message> last_message;
    std::int64_t unread_count = 0;  ///< for the user who asks
    UtcTime created_at{}, updated_at{};
};

/// Where a chat stands in a list by activity.
struct Activity {
    UtcTime at{};
    std::string id;
};

struct SendMessage {
    std::string chat_id, sender_id, content, type;
    std::optional<std::string> client_id;
};

/// What a reader has seen, for the people who wrote it.
struct ReadReceipt {
    std::string message_id;
    std::vector<std::string> writers;
};

class Service {
public:
    Service(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
    Service(const Service&) = delete;  // the batch knows where it stands
    Service& operator=(const Service&) = delete;

    struct Opened {
        Chat chat;
        bool created = false;
    };
    Result<Opened> open_private(db::Transaction& tx, const std::string& user, const std::string& other);
    /// An empty chat for a live's room.
    Result<std::string> open_for_live(db::Transaction& tx);
    /// Newest activity first, from below `before`.
    Result<std::vector<Chat>> list(db::Transaction& tx, const std::string& user, const std::optional<Activity>& before,
                                   std::int64_t limit) const;
    /// Newest first, from below `before` (a seq).
    Result<std::vector<Message>> history(db::Transaction& tx, const std::string& user, const std::string& chat_id,
                                         std::optional<std::int64_t> before, std::int64_t limit) const;
    Result<Message> send(db::Transaction& tx, const SendMessage& command);
    /// One answer for each, decided in their order; who is refused harms nobody else.
    Result<std::vector<Result<Message>>> send_all(db::Transaction& tx, std::span<const SendMessage* const> commands);
    /// send_all() for db.write_batched().
    const db::Batch<SendMessage, Message>& batch() const { return batch_; }
    /// Everything up to this message has been read; nothing when that was known.
    Result<std::optional<ReadReceipt>> mark_read(db::Transaction& tx, const std::string& user,
                                                 const std::string& chat_id, const std::string& message_id);
    /// The others in the chat, for events that are not kept. Private chats only; `blocked` where a block stands.
    Result<std::vector<std::string>> others(db::Transaction& tx, const std::string& user,
                                            const std::string& chat_id) const;

private:
    const Clock& clock_;
    Random& random_;
    db::Batch<SendMessage, Message> batch_{
        [this](db::Transaction& tx, std::span<const SendMessage* const> commands) { return send_all(tx, commands); }};
};

}  // namespace confidente::chat
