#include "media/engine/engine.hpp"

#include <charconv>

#include "media/engine/socket_address.hpp"
#include "media/engine/tcp_gateway.hpp"
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
/// `192.0.2.1`, `2001:db8::1`, `192.0.2.1:41000`, `[2001:db8::1]:41000`
std::optional<SocketAddress> read_announced(std::string_view text, std::uint16_t port) {
    if (const auto plain = SocketAddress::parse(text, port)) return plain;
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto ip = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || number == 0) return std::nullopt;
    return SocketAddress::parse(ip, number);
}

/// Where browsers are told to come, UDP before TCP. A port that was announced stands for both.
Result<std::vector<HostCandidate>> candidates_of(const EngineConfig& config, const SocketAddress& local,
                                                 std::optional<std::uint16_t> tcp_port) {
    auto announced = config.announced;
    if (announced.empty() && is_any(local)) announced = reachable_addresses(local.family);
    if (announced.empty()) announced.push_back(config.listen_ip);
    std::vector<HostCandidate> udp, tcp;
    for (const auto& text : announced) {
        const auto address = read_announced(text, local.port);
        if (!address)
            return Error{ErrorKind::invalid, "bad_config", "media.announced: " + text + " is not an IP address."};
        udp.push_back({address->ip_text(), address->port, CandidateProtocol::udp});
        if (!tcp_port) continue;
        const auto port = address->port == local.port ? *tcp_port : address->port;
        tcp.push_back({address->ip_text(), port, CandidateProtocol::tcp});
    }
    udp.insert(udp.end(), tcp.begin(), tcp.end());
    return udp;
}

/// On a UDP port that the system chose, the same number may be taken for TCP: then any will do.
Result<std::unique_ptr<TcpGateway>> open_gateway(const EngineConfig& config, const SocketAddress& local,
                                                 const Clock& clock) {
    auto engine = local;
    if (is_any(local)) {
        engine.ip = {};
        engine.ip[local.family == AddressFamily::v4 ? 0 : 15] = local.family == AddressFamily::v4 ? 127 : 1;
        if (local.family == AddressFamily::v4) engine.ip[3] = 1;
    }
    const auto port = *config.tcp_port != 0 ? *config.tcp_port : local.port;
    auto opened = TcpGateway::open({.listen_ip = config.listen_ip, .port = port, .engine = engine}, clock);
    if (opened || config.port != 0 || *config.tcp_port != 0) return opened;
    return TcpGateway::open({.listen_ip = config.listen_ip, .port = 0, .engine = engine}, clock);
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

/// Members in the order of their lives: the worker stops first, then what carries its goodbyes over TCP, then the
/// thumbnails' thread.
struct Engine::Parts {
    SystemClock clock;
    std::unique_ptr<Certificate> certificate;
    std::unique_ptr<Thumbnailer> thumbnailer;
    std::unique_ptr<TcpGateway> gateway;
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
    std::optional<std::uint16_t> tcp_port;
    if (config.tcp_port) {
        TRY(parts->gateway, open_gateway(config, socket.local(), parts->clock));
        tcp_port = parts->gateway->port();
    }
    SwitchboardConfig board{
        .candidates = {}, .thumbnail_interval = config.thumbnail_interval, .max_publish_bps = config.max_publish_bps};
    TRY(board.candidates, candidates_of(config, socket.local(), tcp_port));
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
std::uint16_t Engine::tcp_port() const { return parts_->gateway ? parts_->gateway->port() : std::uint16_t{0}; }

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

void Engine::trickle(std::string session_id, std::string fragment, std::function<void(Result<std::string>)> done) {
    parts_->ask<Result<std::string>>(
        [id = std::move(session_id), text = std::move(fragment)](Switchboard& board,
                                                                 Instant now) -> Result<std::string> {
            TRY(const auto parsed, TrickleFragment::parse(text));
            return board.trickle(id, parsed, now);
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
    if (parts_->gateway) {
        const auto tcp = parts_->gateway->stats();
        stats.tcp_open = tcp.open;
        stats.tcp_refused = tcp.refused;
        stats.tcp_closed = tcp.closed_unproven + tcp.closed_idle + tcp.closed_stalled + tcp.closed_broken;
        stats.tcp_dropped = tcp.dropped;
    }
    return stats;
}

std::vector<StreamStats> Engine::streams() const { return parts_->worker->streams(); }

}  // namespace confidente::media
