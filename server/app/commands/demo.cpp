// Fills a running server by its public API: models with their profiles, planned lives, and one live on air, published
// by WHIP like any other. May be run again: people who are there already only sign in.
#include <signal.h>

#include <boost/json.hpp>
#include <cstdio>
#include <map>

#include "app/commands/commands.hpp"
#include "app/commands/http_client.hpp"
#include "app/demo/pictures.hpp"
#include "media/client/synthetic_publisher.hpp"
#include "platform/base/stop_signals.hpp"
#include "platform/json/json.hpp"

namespace confidente::app {
namespace {

constexpr const char* kPassword = "demonstracao-local";  // of a place that shows itself, on this machine only

struct Person {
    const char *type, *email, *name, *bio, *location, *picture;
};
constexpr Person kPeople[] = {
    {"model", "luna@demo.invalid", "Luna Ferraz", "Violão, café e conversa boa nas noites de semana.", "Recife, PE",
     "luna"},
    {"model", "maya@demo.invalid", "Maya Prado", "Pintura ao vivo: da primeira mancha ao quadro pronto.",
     "Curitiba, PR", "maya"},
    {"model", "iris@demo.invalid", "Íris Camargo", "Dança contemporânea e bastidores de ensaio.", "Salvador, BA",
     "iris"},
    {"client", "davi@demo.invalid", "Davi", "", "", ""},
};

Result<json::Object> call(const HttpClient& client, std::string_view method, const std::string& path,
                          const json::Object& body, const std::string& token = {}) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!token.empty()) headers.emplace_back("authorization", "Bearer " + token);
    TRY(auto answer, client.send(method, path, json::serialize(body), "application/json", headers));
    const auto parsed = json::parse(answer.body);
    if (answer.status >= 300 || !parsed || !parsed->is_object())
        return Error{.code = "demo_failed",
                     .detail = std::string{method} + " " + path + " answered " + std::to_string(answer.status),
                     .cause = answer.body.substr(0, 200)};
    return parsed->as_object();
}

std::string text_at(const json::Object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

Status show_picture(const HttpClient& client, const Person& person, const std::string& id, const std::string& token) {
    for (const DemoPicture& picture : demo_pictures()) {
        if (picture.name != std::string_view{person.picture}) continue;
        TRY(const auto answer, client.send("PUT", "/api/users/" + id + "/avatar", picture.webp, "image/webp",
                                           {{"authorization", "Bearer " + token}}));
        if (answer.status != 200)
            return Error{.code = "demo_failed", .detail = "a picture was refused", .cause = answer.body};
    }
    return {};
}

struct SignedIn {
    std::string id, token;
};

Result<SignedIn> sign_in(const HttpClient& client, const Person& person) {
    auto session = call(client, "POST", "/api/auth/login", {{"email", person.email}, {"password", kPassword}});
    if (!session)
        session = call(client, "POST", "/api/auth/register",
                       {{"type", person.type},
                        {"email", person.email},
                        {"password", kPassword},
                        {"name", person.name},
                        {"birthDate", "1996-03-14"},
                        {"acceptTerms", true}});
    if (!session) return session.error();
    SignedIn signed_in{text_at(session->at("user").as_object(), "id"), text_at(*session, "accessToken")};
    if (*person.bio != '\0') {
        const json::Array schedule{json::Object{{"day", "Terça"}, {"from", "20:00"}, {"to", "22:00"}},
                                   json::Object{{"day", "Sexta"}, {"from", "21:00"}, {"to", "23:30"}}};
        TRY_VOID(call(
            client, "PUT", "/api/users/" + signed_in.id,
            {{"profile", json::Object{{"bio", person.bio}, {"location", person.location}, {"schedule", schedule}}}},
            signed_in.token));
        TRY_VOID(show_picture(client, person, signed_in.id, signed_in.token));
    }
    return signed_in;
}

/// A live planned for some days ahead, unless the model has one already.
Status plan(const HttpClient& client, const SignedIn& model, const char* title, std::int64_t price, Duration ahead) {
    TRY(const auto known, client.send("GET", "/api/lives?status=scheduled&modelId=" + model.id));
    const auto parsed = json::parse(known.body);
    if (parsed && parsed->is_object() && !parsed->at("items").as_array().empty()) return {};
    const SystemClock clock;
    TRY_VOID(call(client, "POST", "/api/lives",
                  {{"title", title},
                   {"description", "Traga suas perguntas."},
                   {"price", price},
                   {"scheduledFor", to_iso8601(clock.utc_now() + ahead)}},
                  model.token));
    return {};
}

/// The live of this model that is on, or a new one, started; its WHIP path and key.
Result<json::Object> go_live(const HttpClient& client, const SignedIn& model) {
    TRY(const auto known, client.send("GET", "/api/lives?status=live&modelId=" + model.id));
    const auto parsed = json::parse(known.body);
    std::string id;
    if (parsed && parsed->is_object() && !parsed->at("items").as_array().empty())
        id = text_at(parsed->at("items").as_array().front().as_object(), "id");
    if (id.empty()) {
        TRY(const auto live, call(client, "POST", "/api/lives",
                                  {{"title", "Luzes da noite: sinal de teste"},
                                   {"description", "Uma imagem em movimento, feita pelo próprio servidor."},
                                   {"price", 0}},
                                  model.token));
        id = text_at(live, "id");
    }
    return call(client, "PUT", "/api/lives/" + id + "/start", {}, model.token);
}

Result<std::unique_ptr<media::SyntheticPublisher>> broadcast(const HttpClient& client, const SignedIn& model,
                                                             Random& random, const Clock& clock) {
    TRY(const auto started, go_live(client, model));
    const auto& publish = started.at("publish").as_object();
    std::string whip = text_at(publish, "whipUrl");
    if (const auto path = whip.find("/api/"); path != std::string::npos) whip = whip.substr(path);
    const std::string key = text_at(publish, "streamKey");
    const auto post = [&](std::string offer) -> Result<std::string> {
        TRY(auto answer, client.send("POST", whip, offer, "application/sdp", {{"authorization", "Bearer " + key}}));
        if (answer.status != 201)
            return Error{.code = "demo_failed",
                         .detail = "WHIP answered " + std::to_string(answer.status),
                         .cause = answer.body.substr(0, 200)};
        return std::move(answer.body);
    };
    return media::SyntheticPublisher::start({}, post, random, clock);
}

Status run_demo(const std::string& url, const sigset_t& stop_signals) {
    TRY(const auto client, HttpClient::make(url));
    std::map<std::string, SignedIn> people;
    for (const Person& person : kPeople) {
        TRY(people[person.email], sign_in(client, person));
    }
    TRY_VOID(plan(client, people["maya@demo.invalid"], "Aquarela de domingo", 30, std::chrono::hours{48}));
    TRY_VOID(plan(client, people["iris@demo.invalid"], "Ensaio aberto", 0, std::chrono::hours{72}));
    SystemRandom random;
    const SystemClock clock;
    TRY(const auto publisher, broadcast(client, people["luna@demo.invalid"], random, clock));
    std::printf("the demo is live at %s\n", url.c_str());
    std::fflush(stdout);
    const timespec second{1, 0};
    while (publisher->running() && sigtimedwait(&stop_signals, nullptr, &second) < 0) continue;
    publisher->stop();
    return {};
}

}  // namespace

int demo(const std::string& url) {
    const auto done = run_demo(url, block_stop_signals());
    return done ? 0 : fail(done.error());
}

}  // namespace confidente::app
