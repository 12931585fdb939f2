#include <algorithm>
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
    {"layer_not_found", "Esta live não tem essa qualidade.", "This live has no such quality.",
     "Este live no tiene esa calidad."},
    {"under_age", "É preciso ter 18 anos ou mais.", "You must be 18 or older.", "Debe tener 18 años o más."},
    {"live_ended", "Esta live já terminou.", "This live has ended.", "Este live ya terminó."},
    {"live_not_live", "Esta live não está no ar.", "This live is not on air.", "Este live no está al aire."},
    {"another_session", "Este acesso é de outra sessão.", "The token is of another session.",
     "Este acceso es de otra sesión."},
    {"too_many_sockets", "Há conexões demais abertas nesta conta.", "Too many sockets at once.",
     "Hay demasiadas conexiones abiertas en esta cuenta."},
    {"not_owner", "Isto pertence a outra pessoa.", "This belongs to somebody else.", "Esto pertenece a otra persona."},
    {"unsupported_picture", "Envie uma foto em JPEG, PNG ou WebP.", "Send a JPEG, PNG or WebP picture.",
     "Envíe una foto en JPEG, PNG o WebP."},
    {"picture_too_large", "A foto é grande demais: até 10 MB e 40 megapixels.",
     "A picture has at most 10 MiB, 10,000 pixels a side and 40 million in all.",
     "La foto es demasiado grande: hasta 10 MB y 40 megapíxeles."},
    {"broken_picture", "Não foi possível ler esta foto.", "The picture cannot be read.", "No se pudo leer esta foto."},
    {"storage_full", "O servidor está sem espaço para guardar isto.", "There is no space left to keep this.",
     "El servidor no tiene espacio para guardar esto."},
    {"busy", "Muitos pedidos agora. Tente de novo em instantes.", "Too much at the moment; try again shortly.",
     "Demasiadas solicitudes ahora. Intente de nuevo en un momento."},
    {"already_live", "Você já está no ar com outra live.", "You are on air with another live already.",
     "Ya está al aire con otro live."},
    {"bad_fragment", "Este fragmento ICE não pode ser usado.", "This ICE fragment cannot be used.",
     "Este fragmento ICE no se puede usar."},
    {"bad_offer", "Esta oferta de mídia não pode ser aceita.", "This media offer cannot be accepted.",
     "Esta oferta de medios no se puede aceptar."},
    {"bad_sdp", "A descrição SDP não pode ser lida.", "The SDP cannot be read.",
     "No se puede leer la descripción SDP."},
    {"blocked", "Vocês não podem interagir: há um bloqueio.", "You cannot do this: one of you has blocked the other.",
     "No pueden interactuar: hay un bloqueo."},
    {"cannot_chat_with_self", "Uma conversa precisa de duas pessoas.", "A chat needs two people.",
     "Una conversación necesita dos personas."},
    {"chat_not_found", "Esta conversa não existe.", "There is no such chat.", "Esta conversación no existe."},
    {"database_unavailable", "Serviço indisponível no momento. Tente novamente.", "Temporarily unavailable. Try again.",
     "Servicio no disponible por el momento. Intente de nuevo."},
    {"engine_busy", "O servidor de mídia está ocupado. Tente novamente.", "The media engine is busy. Try again.",
     "El servidor de medios está ocupado. Intente de nuevo."},
    {"engine_closed", "O servidor de mídia está sendo encerrado.", "The media engine is closing.",
     "El servidor de medios se está cerrando."},
    {"entry_required", "Compre sua entrada para esta live.", "Please buy your entry to this live.",
     "Compre su entrada a este live."},
    {"gift_not_found", "Este presente não existe.", "There is no such gift.", "Este regalo no existe."},
    {"idempotency_key_invalid", "A Idempotency-Key deve ter de 1 a 128 caracteres visíveis.",
     "The idempotency key must be 1 to 128 printable characters.",
     "La Idempotency-Key debe tener de 1 a 128 caracteres visibles."},
    {"invalid_cursor", "A posição na lista não é válida.", "The list position is not valid.",
     "La posición en la lista no es válida."},
    {"invalid_limit", "O limite da lista não é válido.", "The limit of the list is not valid.",
     "El límite de la lista no es válido."},
    {"invalid_payload", "O evento precisa de um objeto JSON.", "The payload must be one JSON object.",
     "El evento necesita un objeto JSON."},
    {"invalid_query", "Um parâmetro da lista não é válido.", "A parameter of the list is not valid.",
     "Un parámetro de la lista no es válido."},
    {"invalid_sort", "Esta ordenação não existe.", "There is no such order.", "Este orden no existe."},
    {"invalid_status", "Este estado não existe.", "There is no such state.", "Este estado no existe."},
    {"live_not_found", "Esta live não existe.", "There is no such live.", "Este live no existe."},
    {"message_not_found", "Esta mensagem não existe.", "There is no such message.", "Este mensaje no existe."},
    {"package_not_found", "Este pacote não existe.", "There is no such package.", "Este paquete no existe."},
    {"precondition_failed", "Isto mudou desde que você abriu. Recarregue e tente novamente.",
     "This has changed since you opened it. Reload and try again.",
     "Esto cambió desde que lo abrió. Recargue e intente de nuevo."},
    {"purchase_canceled", "A compra foi cancelada.", "The purchase was canceled.", "La compra fue cancelada."},
    {"purchase_not_found", "Esta compra não existe.", "There is no such purchase.", "Esta compra no existe."},
    {"session_not_found", "Esta sessão de mídia não existe.", "There is no such media session.",
     "Esta sesión de medios no existe."},
    {"too_many_rooms", "Você está em lives demais ao mesmo tempo.", "You are in too many lives at once.",
     "Está en demasiados lives a la vez."},
    {"too_many_sessions", "O servidor não aceita mais transmissões agora.",
     "This server carries no more media sessions.", "El servidor no acepta más transmisiones ahora."},
    {"unknown_event", "Este evento não existe.", "There is no such event.", "Este evento no existe."},
    {"user_not_found", "Esta pessoa não existe.", "There is no such person.", "Esta persona no existe."},
    {"currency_not_supported", "Moeda não aceita.", "This currency is not accepted.", "Moneda no aceptada."},
    {"invalid_date", "Data inválida.", "Not a valid date.", "Fecha inválida."},
    {"invalid_email", "E-mail inválido.", "Not an e-mail address.", "Correo inválido."},
    {"invalid_time", "Horário inválido.", "Not a valid time.", "Hora inválida."},
    {"must_accept", "É preciso aceitar.", "This must be accepted.", "Es necesario aceptarlo."},
    {"not_supported", "Ainda não é possível.", "This is not supported yet.", "Aún no es posible."},
    {"unknown_value", "Valor desconhecido.", "Not one of the known values.", "Valor desconocido."},
    {"wrong_type", "Tipo de valor incorreto.", "A value of another type is expected.", "Tipo de valor incorrecto."},
    {"required", "Campo obrigatório.", "This field is required.", "Campo obligatorio."},
    {"too_short", "Curto demais.", "Too short.", "Demasiado corto."},
    {"too_long", "Longo demais.", "Too long.", "Demasiado largo."},
    {"too_common", "Muito comum: é uma das primeiras que qualquer um tentaria.",
     "Too common: it is one of the first that anybody would try.",
     "Demasiado común: es una de las primeras que cualquiera probaría."},
    {"invalid_reset_token", "O link expirou ou já foi usado. Peça um novo.",
     "The link has expired or was used already. Ask for a new one.", "El enlace venció o ya se usó. Pida uno nuevo."},
    {"out_of_range", "Valor fora do limite.", "Out of range.", "Valor fuera de rango."},
    {"unknown_field", "Campo desconhecido.", "This field is not known.", "Campo desconocido."},
    {"bad_characters", "Há caracteres não permitidos.", "It has characters that are not allowed.",
     "Hay caracteres no permitidos."},
    {"not_a_string", "Deve ser um texto.", "A text is expected.", "Debe ser un texto."},
    {"not_an_integer", "Deve ser um número inteiro.", "A whole number is expected.", "Debe ser un número entero."},
    {"not_a_boolean", "Deve ser verdadeiro ou falso.", "true or false is expected.", "Debe ser verdadero o falso."},
    {"not_an_object", "Um objeto JSON é esperado.", "A JSON object is expected.", "Se espera un objeto JSON."},
};

/// These tell a programmer what is wrong with a document; the words alone would not help.
bool is_technical(std::string_view code) { return code == "bad_offer" || code == "bad_sdp" || code == "bad_fragment"; }

/// English keeps the author's own detail where there is one: it says more ("At most 40 characters.").
std::string detail_for(std::string_view code, std::string_view own, std::string_view language) {
    const auto* words = std::ranges::find(kDetails, code, &Words::code);
    if (words == std::end(kDetails)) return std::string{own};
    if (language == "en") return std::string{own.empty() ? words->en : own};
    std::string detail{language == "es" ? words->es : words->pt};
    if (is_technical(code) && !own.empty()) detail.append(" (").append(own).append(")");
    return detail;
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
