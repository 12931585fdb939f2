// A connection without sockets, for tests: one thread's loop run by hand, and a transport that gives bytes in pieces of
// a chosen size and keeps what is written. Deadlines expire when the test says so.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/http/transport.hpp"

namespace confidente::http {

class HandRunLoop final : public Executor, public Sessions {
public:
    void post(std::function<void()> work) override { work_.push_back(std::move(work)); }
    void run() {
        for (; !work_.empty(); work_.pop_front()) work_.front()();
    }
    void opened(std::shared_ptr<Session> session) override { open_.push_back(std::move(session)); }
    void ended(Session& session) override {
        std::erase_if(open_, [&](const auto& one) { return one.get() == &session; });
    }
    bool draining() const override { return false; }
    std::size_t open() const { return open_.size(); }

private:
    std::deque<std::function<void()>> work_;
    std::vector<std::shared_ptr<Session>> open_;
};

/// Gives `bytes` in pieces and keeps what is written.
class MemoryTransport final : public Transport {
public:
    /// What the peer does when it has said everything.
    enum class Then : bool { hangs_up, says_nothing };
    MemoryTransport(HandRunLoop& loop, std::string_view bytes, std::size_t piece, Then then = Then::hangs_up)
        : loop_(loop), rest_(bytes), piece_(piece), then_(then) {}
    /// Time passes: the deadline comes, if there is one, and then the peer is gone.
    void expire() {
        then_ = Then::hangs_up;
        if (const auto expired = std::exchange(expired_, nullptr)) loop_.post(expired);
        if (const auto waiting = std::exchange(waiting_, nullptr)) loop_.post([waiting] { waiting(false, {}); });
    }
    void handshake(Done done) override { later(std::move(done), true, 0); }
    void read_some(char* data, std::size_t size, Done done) override {
        if (rest_.empty() && then_ == Then::says_nothing) {
            waiting_ = [done = std::move(done)](bool ok, std::string_view) { done(ok, 0); };
            return;
        }
        const auto taken = rest_.substr(0, std::min({size, piece_, rest_.size()}));
        std::copy(taken.begin(), taken.end(), data);
        rest_.remove_prefix(taken.size());
        later(std::move(done), !closed_ && !taken.empty(), taken.size());
    }
    void read_shared(std::function<void(bool, std::string_view)> done) override {
        if (rest_.empty() && then_ == Then::says_nothing) {
            waiting_ = std::move(done);
            return;
        }
        const auto taken = rest_.substr(0, std::min(piece_, rest_.size()));
        rest_.remove_prefix(taken.size());
        loop_.post([this, done = std::move(done), taken] { done(!closed_ && !taken.empty(), taken); });
    }
    void write(std::vector<std::string_view> parts, Done done) override {
        std::size_t size = 0;
        for (const auto part : parts) {
            written.append(part);
            size += part.size();
        }
        later(std::move(done), !closed_, size);
    }
    std::optional<std::size_t> write_now(std::span<const std::string_view> parts) override {
        if (broken) return std::nullopt;
        std::size_t taken = 0;
        for (const auto part : parts) {
            const auto piece = part.substr(0, room_now - taken);
            written.append(piece);
            taken += piece.size();
        }
        room_now -= taken;
        return taken;
    }
    void limit_unsent(std::size_t) override {}
    void shutdown(Done done) override { later(std::move(done), !closed_, 0); }
    void close() override {
        closed_ = true;
        expired_ = nullptr;
        if (const auto waiting = std::exchange(waiting_, nullptr)) loop_.post([waiting] { waiting(false, {}); });
    }
    void deadline(std::chrono::milliseconds, std::function<void()> expired) override { expired_ = std::move(expired); }
    void no_deadline() override { expired_ = nullptr; }
    Executor& executor() override { return loop_; }
    const std::string& remote_address() const override { return address_; }

    std::string written;
    std::size_t room_now = 0;  ///< bytes that write_now takes
    bool broken = false;       ///< write_now fails

private:
    void later(Done done, bool ok, std::size_t bytes) {
        loop_.post([done = std::move(done), ok, bytes] { done(ok, bytes); });
    }
    HandRunLoop& loop_;
    std::string_view rest_;
    std::size_t piece_;
    Then then_;
    std::function<void()> expired_;
    std::function<void(bool, std::string_view)> waiting_;
    std::string address_ = "192.0.2.1";
    bool closed_ = false;
};

}  // namespace confidente::http
