// The server: chooses the adapters, wires the rooms, and takes them down in the order that loses nothing.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <cstdio>
#include <optional>
#include <thread>

#include "app/accounts.hpp"
#include "app/commands/commands.hpp"
#include "app/commands/folder_lock.hpp"
#include "app/commands/store.hpp"
#include "app/csp_report_routes.hpp"
#include "app/documentation_routes.hpp"
#include "app/engine_stage.hpp"
#include "app/route_table.hpp"
#include "app/system_routes.hpp"
#include "domain/auth/routes.hpp"
#include "domain/chat/events.hpp"
#include "domain/chat/routes.hpp"
#include "domain/gifts/events.hpp"
#include "domain/gifts/routes.hpp"
#include "domain/lives/events.hpp"
#include "domain/lives/routes.hpp"
#include "domain/lives/view.hpp"
#include "domain/payments/events.hpp"
#include "domain/payments/routes.hpp"
#include "domain/profiles/routes.hpp"
#include "domain/wallet/routes.hpp"
#include "migrations/migrate.hpp"
#include "platform/base/log.hpp"
#include "platform/base/stop_signals.hpp"
#include "platform/blobs/blobs.hpp"
#include "platform/bus/outbox.hpp"
#include "platform/db/sqlite/sqlite.hpp"
#include "platform/http/server.hpp"
#include "platform/images/sandbox.hpp"

extern char** environ;

namespace confidente::app {
namespace {

constexpr std::chrono::milliseconds kDrainLimit{5000};
constexpr Duration kSignedOutOverlap = 60s;  // clocks of several machines differ, and ticks may be late

/// Calls `work` once a second until it is destroyed.
class Ticker {
public:
    explicit Ticker(std::function<void()> work) : thread_([this, work = std::move(work)] { run(work); }) {}
    ~Ticker() {
        {
            const std::scoped_lock lock{mutex_};
            stopping_ = true;
        }
        wake_.notify_all();
        thread_.join();
    }

private:
    void run(const std::function<void()>& work) {
        std::unique_lock lock{mutex_};
        while (!wake_.wait_for(lock, std::chrono::seconds{1}, [this] { return stopping_; })) {
            lock.unlock();
            work();
            lock.lock();
        }
    }
    std::mutex mutex_;  ///< guards stopping_
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

/// The demo beside the server, as a process of its own: it uses the public API like everybody else.
class DemoProcess {
public:
    explicit DemoProcess(const std::string& url) {
        std::string self = "/proc/self/exe", name = "confidente", command = "demo", flag = "--url", address = url;
        char* arguments[] = {name.data(), command.data(), flag.data(), address.data(), nullptr};
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        if (posix_spawn(&pid_, self.c_str(), &actions, &attributes, arguments, environ) != 0) pid_ = -1;
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    ~DemoProcess() {
        if (pid_ <= 0) return;
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_ = -1;
};

/// Every room of the running server. Members stand in the order in which they come up.
struct Rooms {
    const Config& config;
    std::filesystem::path data_dir;
    SystemClock clock;
    SystemRandom random;
    std::unique_ptr<http::Server> server;  // outlives the database threads, which may still resume its handlers
    std::unique_ptr<db::Database> database;
    http::Cursors cursors;
    std::unique_ptr<Accounts> accounts;
    profiles::Service profiles{clock};
    wallet::Service wallet;
    payments::Sandbox provider;
    payments::Service payments{clock, random, wallet};
    chat::Service chats{clock, random};
    lives::Service lives;
    gifts::Service gifts{clock, random, wallet};
    lives::Audience audience;
    lives::MediaSessions media_sessions;
    lives::Thumbnails thumbnails{data_dir / "thumbnails"};
    blobs::FolderStore blobs{data_dir / "media", random};
    images::Recoder recoder{"/proc/self/exe"};
    EngineStage stage{thumbnails, media_sessions, clock,
                      [this](std::string_view live, std::string_view media, const std::vector<std::string>& wanted) {
                          const auto model = media_sessions.user_of(media);
                          if (sockets && model) lives::tell_layers(*sockets, *model, live, wanted);
                      }};
    std::unique_ptr<socketio::Server> sockets;

    Rooms(const Config& settings, std::filesystem::path folder, std::unique_ptr<db::Database> opened,
          const crypto::SigningKey& list_key)
        : config(settings),
          data_dir(std::move(folder)),
          database(std::move(opened)),
          cursors(list_key.sign("confidente list cursors")),  // Ed25519 is deterministic: the same on every node
          wallet(clock, random, {.commission = wallet::BasisPoints{config.integer("wallet.commission_basis_points")}}),
          lives(clock, random, chats,
                [this](db::Transaction& tx, const lives::Ticket& ticket) { return charge(tx, ticket); }) {}

    Status open_accounts() {
        TRY(accounts, Accounts::open(config, data_dir, clock, random));
        TRY_VOID(accounts->recall(*database));
        socketio::Config realtime;
        realtime.pace = socketio::kServingPace;
        realtime.volatile_events = {"user:typing"};
        sockets = socketio::Server::make(std::move(realtime), accounts->authenticator(), clock, random);
        return {};
    }

    void close_session(std::string_view id) {
        sockets->disconnect_session(id);
        for (auto& media : media_sessions.of_session(id)) stage.hang_up(std::move(media), [](const Status&) {});
    }

    /// A stream key is of no session: it ends with the last of its owner's.
    void end_keys() {
        auto work = [this](db::Transaction& tx) {
            return accounts->service.signed_out_since(tx, clock.utc_now() - kSignedOutOverlap);
        };
        const auto users = database->read_blocking(work);
        if (!users) return log::warning("sessions.unreadable", {{"error.message", users.error().cause}});
        for (const auto& user : *users)
            for (auto& media : media_sessions.of_keys(user)) stage.hang_up(std::move(media), [](const Status&) {});
    }

    Status charge(db::Transaction& tx, const lives::Ticket& ticket) {
        const std::string detail = "{\"liveId\":\"" + ticket.live_id + "\",\"from\":\"" + ticket.user_id +
                                   "\",\"to\":\"" + ticket.model_id + "\"}";
        TRY_VOID(wallet.pay_ticket(tx, {.key = wallet::Service::ticket_key(ticket.live_id, ticket.user_id),
                                        .from = ticket.user_id,
                                        .model_id = ticket.model_id,
                                        .amount = ticket.price,
                                        .detail = detail}));
        return {};
    }

    http::Router routes() {
        http::Router router;
        add_system_routes(router, *database);
        add_csp_report_routes(router);
        add_documentation_routes(router, config.text("web.root"));
        auth::add_routes(router, accounts->deps(*database, config, [this](std::string_view id) { close_session(id); }));
        profiles::add_routes(router, profile_deps());
        profiles::add_picture_routes(router, {*database, profiles, recoder, blobs});
        wallet::add_routes(router, {*database, wallet, cursors});
        payments::add_routes(router, {*database, payments, wallet, provider, clock});
        chat::add_routes(router, {*database, chats, cursors});
        const lives::Deps live_deps{
            .db = *database,
            .lives = lives,
            .audience = audience,
            .thumbnails = thumbnails,
            .stage = stage,
            .media_sessions = media_sessions,
            .tokens = accounts->tokens,
            .clock = clock,
            .cursors = cursors,
            .ended = [this](std::string_view id) { return accounts->ended.contains(id); },
            .signed_in = [this](db::Transaction& tx,
                                std::string_view user) { return accounts->service.is_signed_in(tx, user); },
            .public_url = config.text("http.public_url"),
            .limits = media_limits(),
            .turn = {config.list("turn.urls"), config.text("turn.secret")}};
        lives::add_routes(router, live_deps);
        lives::add_media_routes(router, live_deps);
        gifts::add_routes(router);
        return router;
    }

    lives::Limits media_limits() const {
        const auto publishes = static_cast<std::uint32_t>(config.integer("media.publishes_per_minute"));
        const auto plays = static_cast<std::uint32_t>(config.integer("media.plays_per_minute"));
        lives::Limits limits;
        limits.publish = {publishes, publishes};
        limits.play = {plays, plays};
        limits.playbacks = static_cast<std::size_t>(config.integer("media.playbacks_per_account"));
        return limits;
    }

    profiles::Deps profile_deps() {
        return {.db = *database,
                .profiles = profiles,
                .cursors = cursors,
                .online = [this](const std::string& user) { return sockets->online(user); },
                .live_of = [this](db::Transaction& tx, const std::string& model) -> Result<json::Value> {
                    TRY(const auto live, lives.current_of(tx, model));
                    return live ? lives::live_view(*live, audience, thumbnails) : json::Value{};
                }};
    }

    void events() {
        chat::add_events(*sockets, {*database, chats});
        gifts::add_events(*sockets, {*database, gifts});
        lives::add_events(*sockets, {*database, lives, chats, audience, thumbnails});
    }

    void deliver(const std::string& topic, const std::string& payload) {
        if (topic == gifts::kTopic) gifts::publish(*sockets, payload);
        if (topic == payments::kTopic) payments::publish(*sockets, payload);
        if (topic == chat::kTopic) chat::publish(*sockets, payload);
        if (topic == lives::kTopic) lives::publish(*sockets, audience, stage, payload);
    }

    /// Lives that were on when the server stopped wait for their models like lives whose connection was lost.
    Status await_publishers() {
        auto work = [&](db::Transaction& tx) {
            return lives.list(tx, {.status = "live", .model_id = {}, .before = {}, .limit = 1000});
        };
        TRY(const auto on, database->read_blocking(work));
        for (const auto& live : on) stage.await_publisher(live.id);
        return {};
    }

    void tick() {
        sockets->tick();
        bool some_ended = false;
        accounts->tick(*database, [&](std::string_view id) {
            some_ended = true;
            close_session(id);
        });
        if (some_ended) end_keys();
        lives::tick(*sockets, audience);
        for (const auto& live_id : stage.abandoned()) {
            auto work = [&](db::Transaction& tx) { return lives.publisher_lost(tx, live_id); };
            if (const auto ended = database->write_blocking(work))
                stage.settle(live_id);
            else
                log::warning("live.end_failed", {{"live.id", live_id}, {"error.message", ended.error().cause}});
        }
    }
};

Result<std::unique_ptr<http::Server>> open_server(Rooms& rooms) {
    const Config& config = rooms.config;
    const auto rate = static_cast<std::uint32_t>(config.integer("http.requests_per_minute"));
    http::ServerConfig settings;
    settings.address = config.text("http.address");
    settings.port = static_cast<std::uint16_t>(config.integer("http.port"));
    settings.threads = static_cast<unsigned>(config.integer("http.threads"));
    settings.cors_origins = config.list("http.cors_origins");
    settings.trusted_proxies = config.list("http.trusted_proxies");
    settings.web_root = config.text("web.root");
    settings.tls_certificate = config.text("http.tls_certificate");
    settings.tls_key = config.text("http.tls_key");
    settings.general_rate = {rate, std::max(200U, rate / 30)};
    auto realtime = rooms.sockets->endpoint();
    const auto opening = static_cast<std::uint32_t>(config.integer("http.sockets_per_minute"));
    realtime.opening = {opening, 2 * opening};
    return http::Server::open(settings, rooms.routes(), rooms.accounts->authenticator(), {std::move(realtime)},
                              rooms.clock, rooms.random);
}

/// A TURN server without a secret would be told to browsers that cannot use it.
Status check_turn(const Config& config) {
    const auto urls = config.list("turn.urls");
    if (urls.empty()) return {};
    if (config.text("turn.secret").size() < 16)
        return Error{.code = "bad_config", .detail = "turn.secret must have at least 16 characters beside turn.urls"};
    for (const auto& url : urls)
        if (!(url.starts_with("turn:") || url.starts_with("turns:")) || url.find_first_of("<>\" ") != std::string::npos)
            return Error{.code = "bad_config", .detail = "turn.urls: \"" + url + "\" is no turn: or turns: address"};
    return {};
}

Status open_engine(Rooms& rooms) {
    const Config& config = rooms.config;
    media::EngineConfig settings;
    settings.listen_ip = config.text("media.address");
    settings.port = static_cast<std::uint16_t>(config.integer("media.port"));
    settings.announced = config.list("media.announced");
    if (const auto port = config.integer("media.tcp_port"); port >= 0)
        settings.tcp_port = static_cast<std::uint16_t>(port);
    return rooms.stage.open(std::move(settings), rooms.random);
}

Status run(const Config& config, bool demo, const sigset_t& stop_signals) {
    if (config.text("payments.provider") != "sandbox")
        return Error{.code = "bad_config", .detail = "payments.provider must be sandbox"};
    TRY_VOID(check_turn(config));
    TRY(auto data_dir, open_data_dir(config));
    SystemClock clock;
    SystemRandom random;
    std::optional<FolderLock> lock;
    if (config.text("database.url").empty()) {
        TRY(auto taken, FolderLock::take(data_dir));
        lock.emplace(std::move(taken));
    }
    TRY(auto database, open_database(config, data_dir, clock, Patience::request));
    TRY(const auto list_key, crypto::SigningKey::load_or_create(data_dir / "keys" / "lists.key", random));
    Rooms rooms{config, std::move(data_dir), std::move(database), list_key};
    TRY_VOID(rooms.open_accounts());
    TRY_VOID(open_engine(rooms));
    publish_engine_metrics(rooms.stage.engine());
    TRY_VOID(rooms.await_publishers());
    rooms.events();
    TRY(rooms.server, open_server(rooms));
    auto deliver = [&rooms](const std::string& topic, const std::string&, const std::string& payload) {
        rooms.deliver(topic, payload);
    };
    TRY(auto relay, bus::Relay::open(*rooms.database, deliver));
    auto ticker = std::make_unique<Ticker>([&rooms] { rooms.tick(); });

    const std::string scheme = config.text("http.tls_certificate").empty() ? "http" : "https";
    const std::string url = scheme + "://" + config.text("http.address") + ":" + std::to_string(rooms.server->port());
    const auto& public_url = config.text("http.public_url");
    rooms.accounts->start_mail(*rooms.database, public_url.empty() ? url : public_url);
    log::info("server.started", {{"url.full", url},
                                 {"media.port", rooms.stage.engine().port()},
                                 {"media.tcp_port", rooms.stage.engine().tcp_port()}});
    std::printf("listening on %s\n", url.c_str());
    std::fflush(stdout);
    auto demo_process = demo ? std::make_unique<DemoProcess>(url) : nullptr;

    int signal = 0;
    sigwait(&stop_signals, &signal);
    log::info("server.stopping", {{"process.signal", signal}});
    demo_process.reset();
    ticker.reset();
    rooms.sockets->close_all();
    rooms.server->drain(kDrainLimit);
    relay.reset();
    rooms.accounts->stop_mail();
    rooms.accounts->witness(*rooms.database);
    rooms.stage.close();
    rooms.database.reset();
    log::info("server.stopped");
    return {};
}

}  // namespace

int routes(const Config& config) {
    SystemRandom random;
    auto database = db::open_sqlite({});
    auto key = crypto::SigningKey::generate(random);
    if (!database || !key) return fail(database ? key.error() : database.error());
    // Accounts keep keys in a folder; this one is gone with the command.
    std::string folder = std::filesystem::temp_directory_path() / "confidente-routes-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return fail(internal_error("no temporary folder"));
    auto opened = [&]() -> Status {
        std::filesystem::create_directories(std::filesystem::path{folder} / "keys");
        const auto migrated = migrations::migrate(**database, UtcTime{});
        if (!migrated) return migrated.error();
        Rooms rooms{config, folder, std::move(*database), *key};
        TRY_VOID(rooms.open_accounts());
        rooms.events();
        const auto router = rooms.routes();
        std::fputs(route_table(router, *rooms.sockets).c_str(), stdout);
        return {};
    }();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return opened ? 0 : fail(opened.error());
}

int serve(const Config& config, bool demo) {
    signal(SIGPIPE, SIG_IGN);
    const auto served = run(config, demo, block_stop_signals());
    return served ? 0 : fail(served.error());
}

}  // namespace confidente::app
