#include "platform/db/postgres/listener.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>

#include "platform/base/check.hpp"

namespace confidente::db::postgres {

namespace {

constexpr int kPauseMs = 250;  ///< between two attempts to connect

struct Free {
    void operator()(void* memory) const { PQfreemem(memory); }
};

}  // namespace

void Listener::Finish::operator()(pg_conn* handle) const { PQfinish(handle); }

Listener::Handle Listener::connect(const std::string& url) {
    const char* keys[] = {"application_name", "connect_timeout", "tcp_user_timeout", "dbname", nullptr};
    const char* values[] = {"confidente", "3", "5000", url.c_str(), nullptr};
    Handle handle{PQconnectdbParams(keys, values, 1)};
    if (PQstatus(handle.get()) != CONNECTION_OK) return {};
    PQsetNoticeProcessor(
        handle.get(), [](void*, const char*) {}, nullptr);
    auto* listening = PQexec(handle.get(), (std::string{"LISTEN "} + kEventsChannel).c_str());
    const bool ok = PQresultStatus(listening) == PGRES_COMMAND_OK;
    PQclear(listening);
    return ok ? std::move(handle) : nullptr;
}

Listener::Listener(std::string url, const std::atomic<int>& writer, std::function<void()> heard)
    : url_(std::move(url)), writer_(writer), heard_(std::move(heard)), stop_(eventfd(0, EFD_CLOEXEC)) {
    check(stop_ >= 0);
    thread_ = std::thread{[this, handle = connect(url_)]() mutable { run(std::move(handle)); }};
}

Listener::~Listener() {
    const std::uint64_t one = 1;
    check(write(stop_, &one, sizeof one) == sizeof one);
    thread_.join();
    close(stop_);
}

void Listener::run(Handle handle) {
    for (;;) {
        if (handle) listen(handle.get());
        handle.reset();
        if (!wait(-1, kPauseMs)) return;
        handle = connect(url_);
        if (handle) heard_();
    }
}

void Listener::listen(pg_conn* handle) {
    while (wait(PQsocket(handle), -1)) {
        if (PQconsumeInput(handle) != 1) return;
        bool others = false;
        for (;;) {
            const std::unique_ptr<PGnotify, Free> told{PQnotifies(handle)};
            if (!told) break;
            others = others || told->be_pid != writer_.load(std::memory_order_relaxed);
        }
        if (others) heard_();
    }
}

bool Listener::wait(int socket, int limit_ms) const {
    pollfd waiting[] = {{stop_, POLLIN, 0}, {socket, POLLIN, 0}};
    while (poll(waiting, 2, limit_ms) < 0 && errno == EINTR) {
    }
    return waiting[0].revents == 0;
}

}  // namespace confidente::db::postgres
