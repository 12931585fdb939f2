#include "domain/chat/service.hpp"

#include <algorithm>

#include "domain/chat/repository.hpp"
#include "domain/profiles/blocks.hpp"

namespace confidente::chat {

Error chat_not_found() {
    return {.kind = ErrorKind::not_found, .code = "chat_not_found", .detail = "There is no such chat."};
}
Error blocked() {
    return {.kind = ErrorKind::forbidden, .code = "blocked", .detail = "You cannot write to this person."};
}

namespace {

Result<Membership> membership(db::Transaction& tx, const std::string& chat_id, const std::string& user) {
    TRY(auto found, select_membership(tx, chat_id, user));
    if (!found) return chat_not_found();
    if (found->model_id && *found->model_id != user) {
        TRY(const bool is_blocked, profiles::blocked_between(tx, user, *found->model_id));
        if (is_blocked) return blocked();
    }
    return std::move(*found);
}

Status check_no_block(db::Transaction& tx, const std::string& user, const std::vector<Person>& people) {
    for (const auto& person : people) {
        TRY(const bool is_blocked, profiles::blocked_between(tx, user, person.id));
        if (is_blocked) return blocked();
    }
    return {};
}

/// Two people have one chat, whoever began it.
std::string pair_key(const std::string& a, const std::string& b) { return std::min(a, b) + ":" + std::max(a, b); }

}  // namespace

Result<Service::Opened> Service::open_private(db::Transaction& tx, const std::string& user, const std::string& other) {
    if (user == other)
        return Error{
            .kind = ErrorKind::unprocessable, .code = "cannot_chat_with_self", .detail = "A chat needs two people."};
    TRY(const bool exists, user_exists(tx, other));
    if (!exists)
        return Error{.kind = ErrorKind::not_found, .code = "user_not_found", .detail = "There is no such person."};
    TRY(auto id, select_pair(tx, pair_key(user, other)));
    const bool created = !id.has_value();
    if (created) {
        TRY(const bool is_blocked, profiles::blocked_between(tx, user, other));
        if (is_blocked) return blocked();
        const UtcTime now = clock_.utc_now();
        id = ChatId::make(now, random_).value;
        TRY_VOID(insert_chat(tx, *id, "private", pair_key(user, other), now));
        TRY_VOID(insert_member(tx, *id, user));
        TRY_VOID(insert_member(tx, *id, other));
    }
    TRY(auto chat, select_chat(tx, user, *id));
    if (!chat) return chat_not_found();
    return Opened{std::move(*chat), created};
}

Result<std::string> Service::open_for_live(db::Transaction& tx) {
    const UtcTime now = clock_.utc_now();
    const std::string id = ChatId::make(now, random_).value;
    TRY_VOID(insert_chat(tx, id, "live", {}, now));
    return id;
}

Result<std::vector<Chat>> Service::list(db::Transaction& tx, const std::string& user,
                                        const std::optional<Activity>& before, std::int64_t limit) const {
    return select_chats(tx, user, before.value_or(Activity{UtcTime{INT64_MAX}, {}}), limit);
}

Result<std::vector<Message>> Service::history(db::Transaction& tx, const std::string& user, const std::string& chat_id,
                                              std::optional<std::int64_t> before, std::int64_t limit) const {
    TRY_VOID(membership(tx, chat_id, user));
    return select_messages(tx, chat_id, before.value_or(INT64_MAX), limit);
}

Result<std::optional<ReadReceipt>> Service::mark_read(db::Transaction& tx, const std::string& user,
                                                      const std::string& chat_id, const std::string& message_id) {
    TRY_VOID(membership(tx, chat_id, user));
    TRY(const auto message, select_message(tx, chat_id, message_id));
    if (!message)
        return Error{.kind = ErrorKind::not_found, .code = "message_not_found", .detail = "There is no such message."};
    TRY(auto writers, mark_read_up_to(tx, chat_id, user, message->seq, clock_.utc_now()));
    TRY_VOID(set_last_read(tx, chat_id, user, message_id, message->seq));
    if (writers.empty()) return std::optional<ReadReceipt>{};
    std::sort(writers.begin(), writers.end());
    writers.erase(std::unique(writers.begin(), writers.end()), writers.end());
    return std::optional{ReadReceipt{message_id, std::move(writers)}};
}

Result<std::vector<std::string>> Service::others(db::Transaction& tx, const std::string& user,
                                                 const std::string& chat_id) const {
    TRY_VOID(membership(tx, chat_id, user));
    TRY(const auto people, select_members(tx, chat_id));
    TRY_VOID(check_no_block(tx, user, people));
    std::vector<std::string> ids;
    for (const auto& person : people)
        if (person.id != user) ids.push_back(person.id);
    return ids;
}

}  // namespace confidente::chat
