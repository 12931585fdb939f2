// A network in memory for sans-IO tests: latency, jitter (which reorders) and loss by seed, time moved by hand. The
// same seed gives the same run. Address is any ordered value; nodes outlive the network's runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/base/random.hpp"
#include "platform/base/time.hpp"

namespace confidente::testing {

struct Link {
    Duration latency = 10ms;
    Duration jitter = 0ms;  ///< each datagram waits up to so much longer
    unsigned loss_percent = 0;
};

/// Where the way to an address is narrow: datagrams wait for one another, and beyond `queue` they are dropped.
struct Bottleneck {
    std::uint64_t rate_bps = 0;  ///< of the datagrams with their IPv4 and UDP headers; 0 = nothing goes through
    Duration queue = 300ms;
};

template <class Address>
class Network {
public:
    struct Node {
        std::function<void(Buffer& datagram, const Address& from, Instant now)> receive;
        std::function<void(Instant now)> tick = [](Instant) {};
        std::function<Instant()> deadline = [] { return Instant::never(); };
    };

    explicit Network(std::uint64_t seed, Link link = {}) : random_(seed), link_(link) {}

    Instant now() const { return now_; }
    void set_link(Link link) { link_ = link; }
    void narrow(const Address& to, Bottleneck bottleneck) { narrow_[to].limit = bottleneck; }
    void widen(const Address& to) { narrow_.erase(to); }
    /// Datagrams for which this says true vanish, whatever the loss.
    void drop_if(std::function<bool(Bytes, const Address& from, const Address& to)> drop) { drop_ = std::move(drop); }

    void attach(const Address& address, Node node) { nodes_[address] = std::move(node); }
    void detach(const Address& address) { nodes_.erase(address); }

    void send(Bytes datagram, const Address& from, const Address& to) {
        ++sent_;
        if (random_.below(100) < link_.loss_percent || (drop_ && drop_(datagram, from, to))) return;
        Instant leaves = now_;
        if (const auto narrow = narrow_.find(to); narrow != narrow_.end()) {
            auto& [limit, free_at] = narrow->second;
            leaves = std::max(now_, free_at);
            if (limit.rate_bps == 0 || leaves - now_ > limit.queue) return;
            leaves =
                leaves + Duration{static_cast<std::int64_t>((datagram.size() + 28) * 8'000'000'000 / limit.rate_bps)};
            free_at = leaves;
        }
        const auto jitter =
            link_.jitter.count() > 0 ? random_.below(static_cast<std::uint64_t>(link_.jitter.count())) : 0;
        flying_.push_back({leaves + link_.latency + Duration{static_cast<std::int64_t>(jitter)}, serial_++, from, to,
                           Buffer(datagram.begin(), datagram.end())});
        std::push_heap(flying_.begin(), flying_.end(), later);
    }

    /// Delivers and ticks everything due in the next `length`, in order of time.
    void run_for(Duration length) {
        const auto end = now_ + length;
        for (;;) {
            auto next = flying_.empty() ? Instant::never() : flying_.front().at;
            for (auto& [address, node] : nodes_) next = std::min(next, node.deadline());
            if (next > end) break;
            now_ = std::max(now_, next);
            while (!flying_.empty() && flying_.front().at <= now_) deliver();
            for (auto& [address, node] : nodes_)
                if (node.deadline() <= now_) node.tick(now_);
        }
        now_ = end;
    }
    /// Runs in small steps until `done` or the time is over; what `done` said last.
    bool run_until(const std::function<bool()>& done, Duration at_most) {
        const auto end = now_ + at_most;
        while (!done() && now_ < end) run_for(5ms);
        return done();
    }

    std::uint64_t sent() const { return sent_; }

private:
    struct Flying {
        Instant at;
        std::uint64_t serial = 0;
        Address from, to;
        Buffer datagram;
    };
    static bool later(const Flying& a, const Flying& b) { return a.at != b.at ? a.at > b.at : a.serial > b.serial; }
    void deliver() {
        std::pop_heap(flying_.begin(), flying_.end(), later);
        auto flying = std::move(flying_.back());
        flying_.pop_back();
        const auto node = nodes_.find(flying.to);
        if (node != nodes_.end()) node->second.receive(flying.datagram, flying.from, now_);
    }

    SeededRandom random_;
    Link link_;
    Instant now_{1'000'000'000};
    std::map<Address, Node> nodes_;
    struct Narrow {
        Bottleneck limit;
        Instant free_at;
    };
    std::map<Address, Narrow> narrow_;
    std::vector<Flying> flying_;
    std::function<bool(Bytes, const Address&, const Address&)> drop_;
    std::uint64_t serial_ = 0, sent_ = 0;
};

}  // namespace confidente::testing
