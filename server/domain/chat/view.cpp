#include "domain/chat/view.hpp"

#include <boost/json.hpp>

#include "domain/auth/user.hpp"

namespace confidente::chat {

json::Value person_view(const Person& person) { return auth::person_json(person.id, person.name, person.avatar); }

json::Value message_view(const Message& message) {
    json::Object view{
        {"id", message.id},           {"chatId", message.chat_id}, {"sender", person_view(message.sender)},
        {"content", message.content}, {"type", message.type},      {"createdAt", to_iso8601(message.created_at)},
        {"readAt", nullptr}};
    if (message.read_at) view["readAt"] = to_iso8601(*message.read_at);
    if (message.client_id) view["clientId"] = *message.client_id;
    return view;
}

json::Value chat_view(const Chat& chat) {
    json::Array participants;
    for (const auto& person : chat.participants) participants.push_back(person_view(person));
    json::Object view{{"id", chat.id},
                      {"participants", std::move(participants)},
                      {"status", chat.status},
                      {"lastMessage", nullptr},
                      {"unreadCount", chat.unread_count},
                      {"createdAt", to_iso8601(chat.created_at)},
                      {"updatedAt", to_iso8601(chat.updated_at)}};
    if (chat.last_message) view["lastMessage"] = message_view(*chat.last_message);
    return view;
}

}  // namespace confidente::chat
