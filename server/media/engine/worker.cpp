#include "media/engine/worker.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace confidente::media {

namespace {
constexpr int kBatchesAtOnce = 8;  ///< then commands and timers get their turn, whatever still waits in the socket
constexpr Duration kStatsSpacing = 100ms;  ///< summing up visits every session
constexpr Duration kStreamsSpacing = 500ms;
}  // namespace

Worker::Worker(UdpSocket socket, int poll, int bell, const Clock& clock)
    : socket_(std::move(socket)), poll_(poll), bell_(bell), clock_(clock) {}

Result<std::unique_ptr<Worker>> Worker::start(UdpSocket socket, SwitchboardConfig config, SwitchboardPorts ports,
                                              const Clock& clock) {
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    const int bell = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::unique_ptr<Worker> worker(new Worker(std::move(socket), poll, bell, clock));
    epoll_event readable{.events = EPOLLIN, .data = {.fd = worker->socket_.handle()}};
    epoll_event rung{.events = EPOLLIN, .data = {.fd = bell}};
    if (poll < 0 || bell < 0 || ::epoll_ctl(poll, EPOLL_CTL_ADD, worker->socket_.handle(), &readable) != 0 ||
        ::epoll_ctl(poll, EPOLL_CTL_ADD, bell, &rung) != 0)
        return internal_error(std::string{"media worker: "} + std::strerror(errno));
    ports.flush = [self = worker.get()](Outbox& out) { self->refused_ += self->socket_.send(out); };
    worker->switchboard_ = std::make_unique<Switchboard>(std::move(config), std::move(ports), clock.now());
    worker->thread_ = std::thread([self = worker.get()] { self->run(); });
    return worker;
}

Worker::~Worker() {
    if (thread_.joinable()) {
        {
            const std::lock_guard lock(commands_mutex_);
            stopping_ = true;
        }
        (void)::eventfd_write(bell_, 1);
        thread_.join();
    }
    if (poll_ >= 0) ::close(poll_);
    if (bell_ >= 0) ::close(bell_);
}

bool Worker::post(Command command, Admission admission) {
    {
        const std::lock_guard lock(commands_mutex_);
        if (stopping_) return false;
        if (admission == Admission::limited && commands_.size() >= kMaxPendingCommands) return false;
        commands_.push_back(std::move(command));
    }
    (void)::eventfd_write(bell_, 1);
    return true;
}

void Worker::run() {
    for (;;) {
        wait();
        run_commands();
        receive_batches();
        const auto now = clock_.now();
        switchboard_->tick(now);
        switchboard_->settle(now);
        publish_stats(now);
        const std::lock_guard lock(commands_mutex_);
        if (stopping_) break;
    }
    switchboard_->close_all(clock_.now());
    // No command can come any more; those that did get their answer.
    std::vector<Command> late;
    {
        const std::lock_guard lock(commands_mutex_);
        late.swap(commands_);
    }
    for (auto& command : late) command(nullptr, clock_.now());
}

void Worker::wait() {
    const auto left = std::clamp<std::int64_t>((switchboard_->deadline() - clock_.now()).count(), 0, 1'000'000'000);
    const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
    epoll_event events[2];
    if (::epoll_pwait2(poll_, events, 2, &limit, nullptr) < 0 && errno != EINTR)
        // Before Linux 5.11, or in a container that lets nothing newer through: in milliseconds, rounded up, as a timer
        // that fires too early would only spin.
        (void)::epoll_wait(poll_, events, 2, static_cast<int>((left + 999'999) / 1'000'000));
    eventfd_t rings = 0;
    (void)::eventfd_read(bell_, &rings);
}

void Worker::run_commands() {
    std::vector<Command> commands;
    {
        const std::lock_guard lock(commands_mutex_);
        if (stopping_) return;
        commands.swap(commands_);
    }
    for (auto& command : commands) {
        const auto now = clock_.now();
        command(switchboard_.get(), now);
        switchboard_->settle(now);
    }
    if (!commands.empty()) stats_at_ = streams_at_ = Instant{INT64_MIN / 2};
}

void Worker::receive_batches() {
    for (int i = 0; i < kBatchesAtOnce; ++i) {
        const auto count = socket_.receive();
        if (count == 0) return;
        const auto now = clock_.now();
        for (std::size_t at = 0; at < count; ++at) switchboard_->receive(socket_.datagram(at), now);
        switchboard_->settle(now);
        if (!socket_.more()) return;
    }
}

void Worker::publish_stats(Instant now) {
    if (now - stats_at_ >= kStatsSpacing) {
        stats_at_ = now;
        auto stats = switchboard_->stats();
        stats.dropped_send = refused_;
        const std::lock_guard lock(stats_mutex_);
        stats_ = stats;
    }
    if (now - streams_at_ >= kStreamsSpacing) {
        streams_at_ = now;
        auto streams = switchboard_->streams(now);
        const std::lock_guard lock(stats_mutex_);
        streams_.swap(streams);
    }
}

EngineStats Worker::stats() const {
    const std::lock_guard lock(stats_mutex_);
    return stats_;
}

std::vector<StreamStats> Worker::streams() const {
    const std::lock_guard lock(stats_mutex_);
    return streams_;
}

}  // namespace confidente::media
