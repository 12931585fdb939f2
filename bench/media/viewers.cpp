#include "viewers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

using namespace confidente;
using namespace confidente::media;

namespace {
constexpr std::size_t kBatch = 16, kEvents = 256;
}  // namespace

int open_viewer_socket(const std::string& ip, SocketAddress& local) {
    const int handle = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    socklen_t length = sizeof address;
    const int on = 1;
    if (handle < 0 || ::bind(handle, reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
        ::setsockopt(handle, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
        std::perror("socket");
        std::exit(1);
    }
    local = *SocketAddress::parse(ip, ntohs(address.sin_port));
    return handle;
}

struct BatchReader::Slots {
    std::array<std::array<std::uint8_t, 2048>, kBatch> bytes;
    std::array<std::array<char, 64>, kBatch> control;
    std::array<iovec, kBatch> vectors;
    std::array<mmsghdr, kBatch> messages;
};

BatchReader::BatchReader() : slots_(std::make_unique<Slots>()) {}
BatchReader::~BatchReader() = default;

std::size_t BatchReader::fill(int socket) {
    for (std::size_t i = 0; i < kBatch; ++i) {
        slots_->vectors[i] = {slots_->bytes[i].data(), slots_->bytes[i].size()};
        slots_->messages[i] = {};
        slots_->messages[i].msg_hdr.msg_iov = &slots_->vectors[i];
        slots_->messages[i].msg_hdr.msg_iovlen = 1;
        slots_->messages[i].msg_hdr.msg_control = slots_->control[i].data();
        slots_->messages[i].msg_hdr.msg_controllen = slots_->control[i].size();
    }
    const int got = ::recvmmsg(socket, slots_->messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

MutableBytes BatchReader::datagram(std::size_t at) {
    return MutableBytes{slots_->bytes[at]}.first(slots_->messages[at].msg_len);
}

std::int64_t BatchReader::arrived(std::size_t at) const {
    auto* header = &slots_->messages[at].msg_hdr;
    for (auto* one = CMSG_FIRSTHDR(header); one != nullptr; one = CMSG_NXTHDR(header, one)) {
        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec stamp{};
        std::memcpy(&stamp, CMSG_DATA(one), sizeof stamp);
        return std::int64_t{stamp.tv_sec} * 1'000'000'000 + stamp.tv_nsec;
    }
    return 0;
}

Viewers::Viewers(SignallingConfig signalling, Identity identity)
    : signalling_(std::move(signalling)),
      identity_(identity),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    epoll_event rung{.events = EPOLLIN, .data = {.u64 = UINT64_MAX}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, bell_, &rung);
}

Viewers::~Viewers() {
    wanted_ = 0;
    for (auto& joiner : joiners_) joiner.join();
    ::close(poll_);
    ::close(bell_);
}

void Viewers::join(int count, int streams, int threads) {
    for (auto& joiner : joiners_) joiner.join();
    joiners_.clear();
    wanted_ += count;
    for (int i = 0; i < threads; ++i) joiners_.emplace_back([this, streams] { join_some(streams); });
}

void Viewers::join_some(int streams) {
    const auto signalling = make_signalling(signalling_, identity_);
    for (;;) {
        const int mine = next_++;
        if (mine >= wanted_) {
            --next_;
            return;
        }
        SocketAddress local;
        const int socket = open_viewer_socket(signalling_.local_ip, local);
        auto joined = signalling->watch(mine % streams, local);
        const std::lock_guard lock(mutex_);
        if (joined) {
            arrived_.push_back({socket, std::move(*joined)});
        } else {
            ::close(socket);
            ++refused_;
            if (first_failure_.empty()) first_failure_ = joined.error().detail;
        }
        (void)::eventfd_write(bell_, 1);
    }
}

void Viewers::take_joined() {
    std::vector<Arrived> arrived;
    {
        const std::lock_guard lock(mutex_);
        arrived.swap(arrived_);
        failed_ += std::exchange(refused_, 0);
    }
    for (auto& one : arrived) {
        const auto at = viewers_.size();
        epoll_event readable{.events = EPOLLIN, .data = {.u64 = at}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, one.socket, &readable);
        viewers_.push_back(std::make_unique<Viewer>(one.socket, std::move(one.joined), identity_));
        counted_.push_back(false);
        scheduled_.push_back(Instant::never());
        viewers_[at]->tick(identity_.clock.now());
        schedule(at);
    }
}

/// A viewer has one valid entry among due_, the one that equals its scheduled_.
void Viewers::schedule(std::size_t viewer) {
    const auto at = viewers_[viewer]->deadline();
    if (at >= scheduled_[viewer]) return;
    scheduled_[viewer] = at;
    due_.push({at, viewer});
}

/// One turn: what came, what is due.
void Viewers::work(Instant until) {
    std::array<epoll_event, kEvents> events;
    auto now = identity_.clock.now();
    const auto next = due_.empty() ? until : std::min(until, due_.top().at);
    const auto ms = std::clamp<std::int64_t>(((next - now).count() + 999'999) / 1'000'000, 0, 10);
    const int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), static_cast<int>(ms));
    now = identity_.clock.now();
    for (int i = 0; i < ready; ++i) {
        const auto which = events[static_cast<std::size_t>(i)].data.u64;
        if (which == UINT64_MAX) {
            eventfd_t rings = 0;
            (void)::eventfd_read(bell_, &rings);
            take_joined();
            continue;
        }
        auto& viewer = *viewers_[which];
        reader_.read(viewer.handle(),
                     [&](MutableBytes bytes, std::int64_t arrived) { viewer.receive(bytes, arrived, now, seen_); });
        if (counted_[which]) continue;
        // A handshake under way has deadlines of its own.
        schedule(which);
        if (viewer.connected()) {
            counted_[which] = true;
            ++connected_;
        }
    }
    while (!due_.empty() && due_.top().at <= now) {
        const auto due = due_.top();
        due_.pop();
        if (scheduled_[due.viewer] != due.at) continue;
        scheduled_[due.viewer] = Instant::never();
        auto& viewer = *viewers_[due.viewer];
        viewer.tick(now);
        if (viewer.failed() && !counted_[due.viewer]) {
            counted_[due.viewer] = true;
            ++failed_;
        }
        if (!viewer.failed()) schedule(due.viewer);
    }
}

void Viewers::run_for(Duration time) {
    for (const auto until = identity_.clock.now() + time; identity_.clock.now() < until;) work(until);
}

void Viewers::run_until_joined(Duration at_most) {
    const auto until = identity_.clock.now() + at_most;
    while (connected_ + failed_ < static_cast<std::size_t>(wanted_) && identity_.clock.now() < until) work(until);
}

void Viewers::close_all() {
    for (auto& viewer : viewers_) viewer->close(identity_.clock.now());
}

std::string Viewers::first_failure() {
    const std::lock_guard lock(mutex_);
    return first_failure_;
}

Histogram Viewers::first_packets(std::size_t from) const {
    Histogram all;
    for (std::size_t i = from; i < viewers_.size(); ++i)
        if (const auto took = viewers_[i]->first_packet()) all.add(took->count());
    return all;
}

}  // namespace bench
