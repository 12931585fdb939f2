// Chats and messages as the public contract writes them.
#pragma once

#include "domain/chat/service.hpp"
#include "platform/json/json.hpp"

namespace confidente::chat {

json::Value person_view(const Person& person);
json::Value message_view(const Message& message);
json::Value chat_view(const Chat& chat);

}  // namespace confidente::chat
