#include "platform/http/server.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <thread>
#include <unordered_map>

#include "platform/base/log.hpp"
#include "platform/base/metrics.hpp"
#include "platform/http/asio_transport.hpp"
#include "platform/http/connection.hpp"
#include "platform/http/gate.hpp"

namespace confidente::http {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

/// One thread with its event loop and the sessions that live on it.
class Loop final : public Executor, public Sessions {
public:
    Loop() : context_(1), guard_(context_.get_executor()) {}

    void start() {
        thread_ = std::thread{[this] {
            Executor::set_current(this);
            context_.run();
        }};
    }
    void post(std::function<void()> work) override { asio::post(context_, std::move(work)); }
    void opened(std::shared_ptr<Session> session) override {
        auto* key = session.get();
        sessions_.emplace(key, std::move(session));
    }
    void ended(Session& session) override { sessions_.erase(&session); }
    bool draining() const override { return draining_; }

    void drain() {
        draining_ = true;
        for (const auto& session : open()) session->drain();
    }
    void abort() {
        for (const auto& session : open()) session->abort();
        // Posted behind the completions that closing has just caused.
        asio::post(context_, [this] { asio::post(context_, [this] { context_.stop(); }); });
    }
    void join() {
        guard_.reset();
        if (thread_.joinable()) thread_.join();
    }
    asio::io_context& context() { return context_; }

private:
    std::vector<std::shared_ptr<Session>> open() const {
        std::vector<std::shared_ptr<Session>> all;
        for (const auto& [key, weak] : sessions_)
            if (auto session = weak.lock()) all.push_back(std::move(session));
        return all;
    }

    std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;
    bool draining_ = false;
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> guard_;
    std::thread thread_;
};

/// How many connections are open, and a way to wait until none is.
class Slots {
public:
    /// Null when `most` are taken.
    static std::shared_ptr<void> take(const std::shared_ptr<Slots>& slots, std::size_t most) {
        const std::lock_guard lock{slots->mutex_};
        if (slots->taken_ >= most) return nullptr;
        ++slots->taken_;
        slots->gauge_.set(static_cast<std::int64_t>(slots->taken_));
        return std::shared_ptr<void>{slots.get(), [slots](void*) { slots->give_back(); }};
    }
    void wait_until_free(std::chrono::milliseconds limit) {
        std::unique_lock lock{mutex_};
        free_.wait_for(lock, limit, [this] { return taken_ == 0; });
    }

private:
    void give_back() {
        const std::lock_guard lock{mutex_};
        --taken_;
        gauge_.set(static_cast<std::int64_t>(taken_));
        if (taken_ == 0) free_.notify_all();
    }
    std::mutex mutex_;  ///< guards taken_
    std::condition_variable free_;
    std::size_t taken_ = 0;
    metrics::Gauge& gauge_ = metrics::registry().gauge("confidente_http_connections", "Open connections");
};

Error bind_error(const ServerConfig& config, const boost::system::error_code& error) {
    const std::string place = std::to_string(config.port) + " on " + config.address;
    if (error == asio::error::address_in_use)
        return {ErrorKind::conflict, "address_in_use",
                "Port " + place + " is already in use; choose another with --http."};
    return {ErrorKind::invalid, "address_invalid", "Cannot listen on port " + place + ": " + error.message() + "."};
}

Result<std::unique_ptr<asio::ssl::context>> open_tls(const ServerConfig& config) {
    if (config.tls_certificate.empty()) return std::unique_ptr<asio::ssl::context>{};
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    boost::system::error_code error;
    context->set_options(
        asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
    const auto invalid = [&](const std::filesystem::path& file) {
        return Error{ErrorKind::invalid, "tls_invalid",
                     "Cannot use the TLS file " + file.string() + ": " + error.message() + "."};
    };
    context->use_certificate_chain_file(config.tls_certificate.string(), error);
    if (error) return invalid(config.tls_certificate);
    context->use_private_key_file(config.tls_key.string(), asio::ssl::context::pem, error);
    if (error) return invalid(config.tls_key);
    return context;
}

class AsioServer final : public Server {
public:
    AsioServer(ServerConfig config, Router router, Authenticator authenticator,
               std::vector<WebSocketEndpoint> websockets, const Clock& clock, Random& random,
               std::unique_ptr<asio::ssl::context> tls)
        : config_(std::move(config)),
          gate_(config_, std::move(router), std::move(authenticator), std::move(websockets), clock, random),
          tls_(std::move(tls)) {
        const unsigned threads = config_.threads ? config_.threads : std::max(1U, std::thread::hardware_concurrency());
        while (loops_.size() < threads) loops_.push_back(std::make_unique<Loop>());
        acceptor_.emplace(loops_[0]->context());
    }
    ~AsioServer() override { drain(std::chrono::milliseconds{0}); }

    Status listen() {
        boost::system::error_code error;
        const auto address = asio::ip::make_address(config_.address, error);
        if (error)
            return Error{ErrorKind::invalid, "address_invalid",
                         "\"" + config_.address + "\" is not an IP address; use for example 127.0.0.1."};
        const asio::ip::tcp::endpoint endpoint{address, config_.port};
        acceptor_->open(endpoint.protocol(), error);
        // Lets a restarted server bind while old connections are in TIME_WAIT; a second server is still refused.
        if (!error) acceptor_->set_option(asio::socket_base::reuse_address{true}, error);
        if (!error) acceptor_->bind(endpoint, error);
        if (!error) acceptor_->listen(1024, error);
        if (error) return bind_error(config_, error);
        port_ = acceptor_->local_endpoint(error).port();
        accept();
        for (auto& loop : loops_) loop->start();
        return {};
    }

    std::uint16_t port() const override { return port_; }
    Executor& executor(std::size_t index) override { return *loops_[index % loops_.size()]; }

    void drain(std::chrono::milliseconds limit) override {
        if (drained_.exchange(true)) return;
        loops_[0]->post([this] {
            boost::system::error_code ignored;
            acceptor_->close(ignored);
            pause_.cancel();
        });
        for (auto& loop : loops_) loop->post([&loop = *loop] { loop.drain(); });
        slots_->wait_until_free(limit);
        for (auto& loop : loops_) loop->post([&loop = *loop] { loop.abort(); });
        for (auto& loop : loops_) loop->join();
    }

private:
    static std::vector<std::unique_ptr<Loop>> first_loop() {
        std::vector<std::unique_ptr<Loop>> loops;
        loops.push_back(std::make_unique<Loop>());
        return loops;
    }

    void accept() {
        Loop& loop = *loops_[next_++ % loops_.size()];
        acceptor_->async_accept(loop.context(), [this, &loop](const boost::system::error_code& error, Socket socket) {
            if (!acceptor_->is_open()) return;
            if (!error) {
                take(loop, std::move(socket));
                return accept();
            }
            // Out of descriptors, most likely: trying again at once would only spin.
            pause_.expires_after(std::chrono::milliseconds{100});
            pause_.async_wait([this](const boost::system::error_code&) {
                if (acceptor_->is_open()) accept();
            });
        });
    }

    void take(Loop& loop, Socket socket) {
        boost::system::error_code error;
        const auto remote = socket.remote_endpoint(error);
        if (error) return;
        socket.set_option(asio::ip::tcp::no_delay{true}, error);
        auto slot = Slots::take(slots_, config_.max_connections);
        if (!slot) return;  // the socket closes; a full server has no words to spare
        auto transport =
            make_transport(std::move(socket), tls_.get(), loop, remote.address().to_string(), std::move(slot));
        loop.post([this, &loop, transport = std::move(transport)]() mutable {
            if (!loop.draining()) serve(std::move(transport), config_, gate_, loop);
        });
    }

    const ServerConfig config_;
    Gate gate_;
    std::unique_ptr<asio::ssl::context> tls_;
    std::shared_ptr<Slots> slots_ = std::make_shared<Slots>();
    std::vector<std::unique_ptr<Loop>> loops_ = first_loop();  ///< the first one accepts
    std::optional<Acceptor> acceptor_;
    asio::steady_timer pause_{loops_[0]->context()};
    std::size_t next_ = 0;
    std::uint16_t port_ = 0;
    std::atomic<bool> drained_{false};
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(ServerConfig config, Router router, Authenticator authenticator,
                                             std::vector<WebSocketEndpoint> websockets, const Clock& clock,
                                             Random& random) {
    TRY(auto tls, open_tls(config));
    auto server = std::make_unique<AsioServer>(std::move(config), std::move(router), std::move(authenticator),
                                               std::move(websockets), clock, random, std::move(tls));
    TRY_VOID(server->listen());
    return std::unique_ptr<Server>{std::move(server)};
}

}  // namespace confidente::http
