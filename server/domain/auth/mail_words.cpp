#include "domain/auth/mail_words.hpp"

#include <array>

namespace confidente::auth {
namespace {

struct Words {
    std::string_view subject, greeting, before, button, after;
};
/// Portuguese, English, Spanish.
using Languages = std::array<Words, 3>;

constexpr Languages kReset{{
    {"Redefina sua senha", "Olá, {name}!",
     "Recebemos um pedido para redefinir a senha da sua conta. O link abaixo vale por 10 minutos e só uma vez.",
     "Escolher uma nova senha",
     "Se não foi você quem pediu, não faça nada: sua senha continua a mesma. Não mostre este link a ninguém."},
    {"Reset your password", "Hello, {name}!",
     "We received a request to reset your account's password. The link below works for 10 minutes, and only once.",
     "Choose a new password",
     "If you did not ask for this, do nothing: your password stays as it is. Do not show this link to anyone."},
    {"Restablece tu contraseña", "¡Hola, {name}!",
     "Recibimos una solicitud para restablecer la contraseña de tu cuenta. El enlace vale 10 minutos y una sola vez.",
     "Elegir una contraseña nueva",
     "Si no fuiste tú, no hagas nada: tu contraseña sigue igual. No muestres este enlace a nadie."},
}};
constexpr Languages kChanged{{
    {"Sua senha foi alterada", "Olá, {name}!",
     "A senha da sua conta acaba de ser alterada, e todas as sessões abertas foram encerradas.", "Entrar",
     "Se não foi você, redefina sua senha agora pela página de entrada e verifique a segurança do seu e-mail."},
    {"Your password was changed", "Hello, {name}!",
     "Your account's password was just changed, and every open session was ended.", "Sign in",
     "If this was not you, reset your password now from the sign-in page and check the security of your mailbox."},
    {"Tu contraseña fue cambiada", "¡Hola, {name}!",
     "La contraseña de tu cuenta acaba de cambiar y todas las sesiones abiertas se cerraron.", "Entrar",
     "Si no fuiste tú, restablece tu contraseña ahora desde la página de entrada y revisa la seguridad de tu correo."},
}};
constexpr Languages kEnded{{
    {"Encerramos uma sessão por segurança", "Olá, {name}!",
     "Uma chave de acesso antiga da sua conta foi usada outra vez. Isso pode ser uma cópia em mãos erradas, então "
     "encerramos essa sessão.",
     "Entrar de novo", "Se você não reconhece isso, redefina sua senha: todas as outras sessões também terminam."},
    {"We ended a session for your safety", "Hello, {name}!",
     "An old access key of your account was used a second time. It may be a copy in the wrong hands, so we ended that "
     "session.",
     "Sign in again", "If you do not recognise this, reset your password: all other sessions end as well."},
    {"Cerramos una sesión por seguridad", "¡Hola, {name}!",
     "Una clave de acceso antigua de tu cuenta se usó otra vez. Puede ser una copia en malas manos, así que cerramos "
     "esa sesión.",
     "Entrar de nuevo", "Si no lo reconoces, restablece tu contraseña: las demás sesiones también terminan."},
}};

const Words& in(const Languages& languages, std::string_view language) {
    if (language == "en") return languages[1];
    if (language == "es") return languages[2];
    return languages[0];
}

mail::Message write(const Languages& languages, const Letter& letter) {
    const auto& words = in(languages, letter.language);
    std::string greeting{words.greeting};
    greeting.replace(greeting.find("{name}"), 6, letter.name);
    const auto html = [](std::string_view text) { return mail::html_escaped(text); };
    mail::Message message{
        .to = letter.to, .subject = std::string{words.subject}, .text = {}, .html = {}, .language = letter.language};
    message.text = greeting + "\n\n" + std::string{words.before} + "\n\n" + std::string{words.button} + ":\n" +
                   letter.link + "\n\n" + std::string{words.after} + "\n\nLive Confidente\n";
    message.html = "<!doctype html>\n<html lang=\"" + html(letter.language) +
                   "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\n"
                   "<body style=\"margin:0;background:#f7f2f5;color:#2a1430;font:16px/1.5 sans-serif\">\n"
                   "<div style=\"max-width:32rem;margin:0 auto;padding:2rem 1.25rem\">\n"
                   "<p style=\"font-weight:700;color:#c0266d\">Live Confidente</p>\n<p>" +
                   html(greeting) + "</p>\n<p>" + html(words.before) + "</p>\n<p><a href=\"" + html(letter.link) +
                   "\" style=\"display:inline-block;padding:.75rem 1.25rem;border-radius:.75rem;background:#c0266d;"
                   "color:#fff;text-decoration:none;font-weight:700\">" +
                   html(words.button) + "</a></p>\n<p style=\"color:#6b5670;font-size:14px\">" + html(words.after) +
                   "</p>\n</div>\n</body></html>\n";
    return message;
}

}  // namespace

mail::Message reset_letter(const Letter& letter) { return write(kReset, letter); }
mail::Message password_changed_letter(const Letter& letter) { return write(kChanged, letter); }
mail::Message session_ended_letter(const Letter& letter) { return write(kEnded, letter); }

}  // namespace confidente::auth
