#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "platform/http/http.hpp"
#include "platform/http/status.hpp"

namespace confidente::http {
namespace {

struct Words {
    std::string_view code, pt, en, es;
};

// What people read. Codes that are not here keep the detail their slice wrote.
constexpr Words kDetails[] = {
    {"validation_failed", "Alguns campos precisam de correção.", "Some fields need correction.",
     "Algunos campos necesitan corrección."},
    {"malformed_json", "O corpo da requisição não é um JSON válido.", "The request body is not valid JSON.",
     "El cuerpo de la solicitud no es un JSON válido."},
    {"malformed_request", "A requisição está malformada.", "The request is malformed.",
     "La solicitud está mal formada."},
    {"unsupported_media_type", "Envie o corpo como application/json.", "Send the body as application/json.",
     "Envíe el cuerpo como application/json."},
    {"invalid_credentials", "E-mail ou senha incorretos.", "Wrong e-mail or password.",
     "Correo o contraseña incorrectos."},
    {"invalid_token", "Entre na sua conta para continuar.", "Sign in to continue.", "Inicie sesión para continuar."},
    {"expired_token", "Sua sessão expirou. Entre novamente.", "Your session has expired. Sign in again.",
     "Su sesión expiró. Inicie sesión de nuevo."},
    {"two_factor_required", "Informe o código de verificação.", "Enter the verification code.",
     "Ingrese el código de verificación."},
    {"insufficient_tokens", "Saldo de tokens insuficiente.", "Not enough tokens.", "Saldo de tokens insuficiente."},
    {"payment_required", "É preciso pagar para continuar.", "Payment is required to continue.",
     "Es necesario pagar para continuar."},
    {"not_found", "Não encontramos o que você procura.", "What you are looking for was not found.",
     "No encontramos lo que busca."},
    {"forbidden", "Você não tem permissão para isso.", "You are not allowed to do this.",
     "No tiene permiso para hacer esto."},
    {"origin_not_allowed", "Esta origem não tem permissão.", "This origin is not allowed.",
     "Este origen no está permitido."},
    {"rate_limited", "Muitas tentativas. Aguarde um momento.", "Too many requests. Wait a moment.",
     "Demasiados intentos. Espere un momento."},
    {"email_taken", "Este e-mail já está em uso.", "This e-mail is already in use.", "Este correo ya está en uso."},
    {"method_not_allowed", "Este método não é aceito aqui.", "This method is not allowed here.",
     "Este método no se acepta aquí."},
    {"payload_too_large", "O conteúdo enviado é grande demais.", "The content sent is too large.",
     "El contenido enviado es demasiado grande."},
    {"headers_too_large", "Os cabeçalhos são grandes demais.", "The headers are too large.",
     "Los encabezados son demasiado grandes."},
    {"request_timeout", "A requisição demorou demais para chegar.", "The request took too long to arrive.",
     "La solicitud tardó demasiado en llegar."},
    {"upgrade_required", "Este endereço aceita apenas WebSocket.", "This address accepts only WebSocket.",
     "Esta dirección acepta solo WebSocket."},
    {"internal", "Algo deu errado do nosso lado.", "Something went wrong on our side.",
     "Algo salió mal de nuestro lado."},
    {"unavailable", "Serviço indisponível no momento. Tente novamente.", "Temporarily unavailable. Try again.",
     "Servicio no disponible por el momento. Intente de nuevo."},
    {"idempotency_key_required", "Falta o cabeçalho Idempotency-Key.", "The Idempotency-Key header is missing.",
     "Falta el encabezado Idempotency-Key."},
    {"idempotency_key_reused", "Esta Idempotency-Key já foi usada com outro pedido.",
     "This Idempotency-Key was already used for another request.",
     "Esta Idempotency-Key ya se usó con otra solicitud."},
    {"not_publishing", "A transmissão ainda não começou.", "The broadcast has not started yet.",
     "La transmisión aún no ha comenzado."},
    {"under_age", "É preciso ter 18 anos ou mais.", "You must be 18 or older.", "Debe tener 18 años o más."},
    {"live_ended", "Esta live já terminou.", "This live has ended.", "Este live ya terminó."},
    {"live_not_live", "Esta live não está no ar.", "This live is not on air.", "Este live no está al aire."},
    {"required", "Campo obrigatório.", "This field is required.", "Campo obligatorio."},
    {"too_short", "Curto demais.", "Too short.", "Demasiado corto."},
    {"too_long", "Longo demais.", "Too long.", "Demasiado largo."},
    {"too_common", "Muito comum: é uma das primeiras que qualquer um tentaria.",
     "Too common: it is one of the first that anybody would try.",
     "Demasiado común: es una de las primeras que cualquiera probaría."},
    {"invalid_reset_token", "O link expirou ou já foi usado. Peça um novo.",
     "The link has expired or was used already. Ask for a new one.", "El enlace venció o ya se usó. Pida uno nuevo."},
    {"invalid_email", "Não é um endereço de e-mail.", "This is not an e-mail address.", "No es un correo válido."},
    {"busy", "Muitos pedidos ao mesmo tempo. Tente de novo em instantes.",
     "Too many requests at once. Try again shortly.",
     "Demasiadas solicitudes a la vez. Intente de nuevo en un momento."},
    {"out_of_range", "Valor fora do limite.", "Out of range.", "Valor fuera de rango."},
    {"unknown_field", "Campo desconhecido.", "This field is not known.", "Campo desconocido."},
    {"bad_characters", "Há caracteres não permitidos.", "It has characters that are not allowed.",
     "Hay caracteres no permitidos."},
    {"not_a_string", "Deve ser um texto.", "A text is expected.", "Debe ser un texto."},
    {"not_an_integer", "Deve ser um número inteiro.", "A whole number is expected.", "Debe ser un número entero."},
    {"not_a_boolean", "Deve ser verdadeiro ou falso.", "true or false is expected.", "Debe ser verdadero o falso."},
    {"not_an_object", "Um objeto JSON é esperado.", "A JSON object is expected.", "Se espera un objeto JSON."},
};

/// English keeps the author's own detail where there is one: it says more ("At most 40 characters.").
std::string detail_for(std::string_view code, std::string_view own, std::string_view language) {
    for (const auto& words : kDetails) {
        if (words.code != code) continue;
        if (language == "es") return std::string{words.es};
        if (language == "en") return std::string{own.empty() ? words.en : own};
        return std::string{words.pt};
    }
    return std::string{own};
}

}  // namespace

int status_of(ErrorKind kind) {
    static constexpr std::array<int, 15> kStatus = {400, 422, 401, 402, 403, 404, 405, 406,
                                                    409, 412, 413, 415, 429, 500, 503};
    return kStatus[static_cast<std::size_t>(kind)];
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return status < 400 ? "OK" : "Error";
    }
}

Response problem_with_status(int status, const Error& error, std::string_view language, std::string_view request_id) {
    json::Object body;
    const bool plain = error.code == "internal" || error.code == "not_found";
    body["type"] = plain ? "about:blank" : "urn:confidente:problem:" + error.code;
    body["title"] = reason_phrase(status);
    body["status"] = status;
    body["detail"] = detail_for(error.code, error.detail, language);
    body["code"] = error.code;
    body["instance"] = request_id;
    if (!error.fields.empty()) {
        json::Array errors;
        for (const auto& field : error.fields)
            errors.push_back(json::Object{{"field", field.field},
                                          {"code", field.code},
                                          {"detail", detail_for(field.code, field.detail, language)}});
        body["errors"] = std::move(errors);
    }
    Response response = Response::json(status, body);
    response.content_type = "application/problem+json";
    response.headers.emplace_back("Content-Language", language);
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"confidente\"");
    if (status == 429 || status == 503) {
        const std::uint32_t seconds = error.retry_after_s ? error.retry_after_s : 1;
        response.headers.emplace_back("Retry-After", std::to_string(seconds));
    }
    return response;
}

Response problem(const Error& error, std::string_view language, std::string_view request_id) {
    return problem_with_status(status_of(error.kind), error, language, request_id);
}

}  // namespace confidente::http
