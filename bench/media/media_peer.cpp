// media_peer: the server's own media engine behind WHIP and WHEP, and nothing else: no accounts, limits or database.
// What the load measures is then the engine.
//
//   media_peer [workers]       POST /whip/NAME and /whep/NAME; prints `listening on PORT`
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "media/engine/engine.hpp"
#include "platform/base/log.hpp"
#include "platform/base/stop_signals.hpp"
#include "platform/http/server.hpp"

namespace {

using namespace confidente;

struct Deaf final : media::EngineEvents {
    void publisher_connected(std::string_view) override {}
    void publisher_gone(std::string_view, media::HangUpReason) override {}
    void viewer_connected(std::string_view, std::string_view) override {}
    void viewer_gone(std::string_view, std::string_view, media::HangUpReason) override {}
    void thumbnail(std::string_view, Buffer) override {}
    void layers_wanted(std::string_view, std::string_view, const std::vector<std::string>&) override {}
};

using Done = std::function<void(Result<media::Answer>)>;

Task<Result<http::Response>> answered(std::function<void(Done)> begin) {
    Callback<Result<media::Answer>> waiting{std::move(begin)};
    CO_TRY(const auto answer, co_await waiting);
    co_return http::Response{.status = 201, .body = answer.sdp, .content_type = "application/sdp"}.with(
        "Location", "/session/" + answer.session_id);
}

Task<Result<http::Response>> whip(media::Engine& engine, http::Request request) {
    std::function<void(Done)> begin = [&engine, name = request.param("name"), offer = request.body](Done done) {
        engine.publish(name, offer, std::move(done));
    };
    return answered(std::move(begin));
}

Task<Result<http::Response>> whep(media::Engine& engine, http::Request request) {
    std::function<void(Done)> begin = [&engine, name = request.param("name"), offer = request.body](Done done) {
        engine.play(name, offer, std::move(done));
    };
    return answered(std::move(begin));
}

}  // namespace

int main(int count, char** values) {
    const auto signals = block_stop_signals();
    signal(SIGPIPE, SIG_IGN);
    log::set_sink([](std::string_view) {});
    SystemClock clock;
    SystemRandom random;
    Deaf events;
    media::EngineConfig config;
    config.port = 0;
    config.thumbnail_interval = 0s;
    config.max_publish_bps = 100'000'000;
    config.workers = count > 1 ? static_cast<unsigned>(std::atoi(values[1])) : 1;
    auto engine = media::Engine::open(config, events, random);
    if (!engine) {
        std::fprintf(stderr, "%s\n", engine.error().detail.c_str());
        return 1;
    }
    http::Router router;
    router.add({http::Method::post, "/whip/:name", http::Access::anyone(), http::Rate{},
                [&](http::Request request) { return whip(**engine, std::move(request)); }});
    router.add({http::Method::post, "/whep/:name", http::Access::anyone(), http::Rate{},
                [&](http::Request request) { return whep(**engine, std::move(request)); }});
    http::ServerConfig listener{.port = 0, .threads = 1};
    listener.general_rate = {};
    const auto nobody = [](std::string_view) -> Result<http::Principal> {
        return Error{ErrorKind::unauthenticated, "invalid_token", "Nobody signs in here."};
    };
    auto server = http::Server::open(listener, std::move(router), nobody, {}, clock, random);
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().detail.c_str());
        return 1;
    }
    std::printf("listening on %u\n", (*server)->port());
    std::fflush(stdout);
    int number = 0;
    sigwait(&signals, &number);
    (*server)->drain(1s);
    return 0;
}
