#include "media/engine/engine.hpp"

#include "media/engine/thumbnailer.hpp"
#include "media/engine/worker.hpp"

namespace confidente::media {

namespace {
Error busy() { return Error{ErrorKind::unavailable, "engine_busy", "The media engine has too much to do.", {}, {}, 1}; }
Error closed() { return Error{ErrorKind::unavailable, "engine_closed", "The media engine is closing."}; }

Result<SessionDescription> read_offer(const std::string& sdp) {
    if (sdp.size() > kMaxOfferBytes)
        return Error{ErrorKind::unprocessable, "bad_offer", "The offer is longer than 64 KiB."};
    auto offer = SessionDescription::parse(sdp);
    if (offer) return offer;
    auto error = std::move(offer).error();
    error.code = "bad_offer";
    return error;
}
}  // namespace

std::string_view to_string(HangUpReason reason) {
    switch (reason) {
        case HangUpReason::client:
            return "client";
        case HangUpReason::live_ended:
            return "live_ended";
        case HangUpReason::lost:
            return "lost";
        case HangUpReason::replaced:
            return "replaced";
        case HangUpReason::shutdown:
            return "shutdown";
        case HangUpReason::abusive:
            return "abusive";
    }
    return "unknown";
}

/// Members in the order of their lives: the worker stops first, then the thumbnails' thread.
struct Engine::Parts {
    SystemClock clock;
    std::unique_ptr<Certificate> certificate;
    std::unique_ptr<Thumbnailer> thumbnailer;
    std::unique_ptr<Worker> worker;

    /// `work` runs on the worker; `done` gets what it says, or why it could not run.
    template <class Outcome>
    void ask(std::function<Outcome(Switchboard&, Instant)> work, std::function<void(Outcome)> done) {
        auto shared = std::make_shared<std::function<void(Outcome)>>(std::move(done));
        const bool posted = worker->post([work = std::move(work), shared](Switchboard* switchboard, Instant now) {
            (*shared)(switchboard ? work(*switchboard, now) : Outcome{closed()});
        });
        if (!posted) (*shared)(Outcome{busy()});
    }
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(EngineConfig config, EngineEvents& events, Random& random) {
    auto parts = std::make_unique<Parts>();
    TRY(parts->certificate, Certificate::make());
    TRY(auto socket, UdpSocket::open(config.listen_ip, config.port));
    const auto port = socket.local().port;
    if (config.announced_ips.empty()) config.announced_ips.push_back(config.listen_ip);
    SwitchboardConfig board{
        .candidates = {}, .thumbnail_interval = config.thumbnail_interval, .max_publish_bps = config.max_publish_bps};
    for (const auto& ip : config.announced_ips) {
        if (!SocketAddress::parse(ip, port))
            return Error{ErrorKind::invalid, "bad_config", "announced_ips: " + ip + " is not an IP address."};
        board.candidates.push_back({ip, port});
    }
    parts->thumbnailer = std::make_unique<Thumbnailer>(
        [&events](std::string_view stream, Buffer jpeg) { events.thumbnail(stream, std::move(jpeg)); });
    SwitchboardPorts ports{
        .events = events,
        .random = random,
        .certificate = *parts->certificate,
        .keyframe = [thumbnailer = parts->thumbnailer.get()](
                        const std::string& stream, Buffer annexb) { thumbnailer->add(stream, std::move(annexb)); },
        .flush = {}};
    TRY(parts->worker, Worker::start(std::move(socket), std::move(board), std::move(ports), parts->clock));
    return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

std::uint16_t Engine::port() const { return parts_->worker->port(); }

void Engine::publish(std::string stream, std::string offer_sdp, std::function<void(Result<Answer>)> done) {
    parts_->ask<Result<Answer>>(
        [stream = std::move(stream), sdp = std::move(offer_sdp)](Switchboard& board, Instant now) -> Result<Answer> {
            TRY(const auto offer, read_offer(sdp));
            return board.publish(stream, offer, now);
        },
        std::move(done));
}

void Engine::play(std::string stream, std::string offer_sdp, std::function<void(Result<Answer>)> done) {
    parts_->ask<Result<Answer>>(
        [stream = std::move(stream), sdp = std::move(offer_sdp)](Switchboard& board, Instant now) -> Result<Answer> {
            TRY(const auto offer, read_offer(sdp));
            return board.play(stream, offer, now);
        },
        std::move(done));
}

void Engine::trickle(std::string session_id, std::string fragment, std::function<void(Status)> done) {
    parts_->ask<Status>(
        [id = std::move(session_id), text = std::move(fragment)](Switchboard& board, Instant) -> Status {
            TRY(const auto parsed, TrickleFragment::parse(text));
            return board.trickle(id, parsed);
        },
        std::move(done));
}

void Engine::hang_up(std::string session_id, std::function<void(Status)> done) {
    parts_->ask<Status>(
        [id = std::move(session_id)](Switchboard& board, Instant now) -> Status { return board.hang_up(id, now); },
        std::move(done));
}

void Engine::layers(std::string session_id, std::function<void(Result<ViewedLayers>)> done) {
    parts_->ask<Result<ViewedLayers>>(
        [id = std::move(session_id)](const Switchboard& board, Instant now) { return board.layers(id, now); },
        std::move(done));
}

void Engine::choose_layer(std::string session_id, std::optional<std::string> encoding_id,
                          std::function<void(Result<ViewedLayers>)> done) {
    parts_->ask<Result<ViewedLayers>>(
        [id = std::move(session_id), encoding = std::move(encoding_id)](Switchboard& board, Instant now) {
            return board.choose_layer(id, encoding, now);
        },
        std::move(done));
}

void Engine::end_stream(std::string stream) {
    const auto end = [stream = std::move(stream)](Switchboard* board, Instant now) {
        if (board) board->end_stream(stream, now);
    };
    // A live that was ended must not go on because many want to join; a worker that stops ends it anyway.
    (void)parts_->worker->post(end, Worker::Admission::always);
}

EngineStats Engine::stats() const {
    auto stats = parts_->worker->stats();
    stats.thumbnails = parts_->thumbnailer->made();
    stats.thumbnails_failed = parts_->thumbnailer->failed();
    return stats;
}

std::vector<StreamStats> Engine::streams() const { return parts_->worker->streams(); }

}  // namespace confidente::media
