// The words of this slice's mails, in three languages.
#pragma once

#include <string>
#include <string_view>

#include "platform/mail/message.hpp"

namespace confidente::auth {

/// To whom, and the address that the button opens.
struct Letter {
    std::string to, name, link;
    std::string language;
};

mail::Message reset_letter(const Letter& letter);
mail::Message password_changed_letter(const Letter& letter);
mail::Message session_ended_letter(const Letter& letter);

}  // namespace confidente::auth
