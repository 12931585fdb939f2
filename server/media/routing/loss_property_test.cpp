// A publisher, this server and a viewer over two networks that lose, delay, reorder and double: what the viewer holds
// in the end. Both sides ask for what they miss, over the same networks.
#include <algorithm>
#include <functional>
#include <queue>

#include "media/routing/reception.hpp"
#include "media/routing/testing.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;
using namespace confidente::media::testing;

namespace {

constexpr Instant kStart{10'000'000'000};

struct Trouble {
    std::uint64_t lost_percent = 0, doubled_percent = 0;
    Duration delay = 20ms, jitter = 0ms;
};

/// Things that happen later, in order of their time.
class Future {
public:
    void at(Instant when, std::function<void(Instant)> what) { queue_.push({when, number_++, std::move(what)}); }
    void run_until(Instant end) {
        while (!queue_.empty() && queue_.top().when <= end) {
            const auto next = queue_.top();
            queue_.pop();
            next.what(next.when);
        }
    }

private:
    struct Event {
        Instant when;
        std::uint64_t number;
        std::function<void(Instant)> what;
        bool operator<(const Event& other) const {
            return when != other.when ? when > other.when : number > other.number;
        }
    };
    std::priority_queue<Event> queue_;
    std::uint64_t number_ = 0;
};

/// One live of one layer from end to end.
class Live {
public:
    Live(std::uint64_t seed, Trouble trouble, bool rtx)
        : random_(seed),
          trouble_(trouble),
          rtx_(rtx),
          publication_({media(rtx)}, {1}, "server", kStart),
          viewer_(for_viewer(media(rtx), 7000), kVideo, random_, kStart) {
        encoder_.sequence = {static_cast<std::uint16_t>(65'000 + random_.below(1000))};  // wraps on the way
        encoder_.timestamp = {random_.u32()};
    }

    void run(int frames) {
        for (int frame = 0; frame < frames; ++frame)
            future_.at(kStart + frame * 33ms, [this, frame](Instant now) { send_frame(frame, now); });
        const Instant end = kStart + frames * 33ms + 4s;
        for (Instant at = kStart; at < end; at = at + 5ms) future_.at(at, [this](Instant now) { ask(now); });
        future_.run_until(end);
    }

    /// Payloads by the viewer's numbers; only what the first keyframe and all after it brought.
    std::map<std::int64_t, Buffer> held;
    std::vector<Buffer> sent;
    int conflicts = 0;
    const Publication& publication() const { return publication_; }
    const Subscription& viewer() const { return viewer_; }

private:
    static NegotiatedMedia media(bool rtx) {
        NegotiatedMedia video = video_media({});
        if (!rtx) video.rtx_payload_type.reset();
        return video;
    }
    void over_network(Instant now, const std::function<void(Instant)>& arrive) {
        if (random_.below(100) < trouble_.lost_percent) return;
        const int copies = random_.below(100) < trouble_.doubled_percent ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            const auto jitter = trouble_.jitter.count() == 0
                                    ? Duration{0}
                                    : Duration{static_cast<std::int64_t>(
                                          random_.below(static_cast<std::uint64_t>(trouble_.jitter.count())))};
            future_.at(now + trouble_.delay + jitter, arrive);
        }
    }

    void send_frame(int frame, Instant now) {
        encoder_.timestamp = encoder_.timestamp + 2970;
        const bool keyframe = frame == 0;
        for (std::uint64_t packets = 1 + random_.below(6), i = 0; i < packets; ++i) {
            Buffer payload = keyframe && i == 0 ? kKeyframeStart : kSlice;
            payload.resize(payload.size() + 4);
            store_be32(payload.data() + payload.size() - 4, static_cast<std::uint32_t>(sent.size()));
            sent.push_back(payload);
            const Wire wire = encoder_.next(payload, i + 1 == packets);
            history_[wire.header.sequence.value] = wire;
            // The first packet must arrive: everything counts from it.
            if (keyframe && i == 0)
                to_server(wire.bytes(), now);
            else
                over_network(now, [this, bytes = wire.bytes()](Instant at) { to_server(bytes, at); });
        }
        if (random_.below(3) == 0) {
            const Wire padding = encoder_.padding();
            history_[padding.header.sequence.value] = padding;
            over_network(now, [this, bytes = padding.bytes()](Instant at) { to_server(bytes, at); });
        }
    }

    void to_server(const Buffer& bytes, Instant now) {
        for (const auto& packet : give_all(publication_, bytes, now))
            if (const auto out = viewer_.forward(packet, publication_, now)) to_viewer(*out, now);
    }

    void to_viewer(const OutgoingRtp& packet, Instant now) {
        Buffer payload{packet.payload.begin(), packet.payload.end()};
        if (!first_) {
            first_ = true;
            return arrived(packet.header.sequence, {}, payload, now);
        }
        over_network(now, [this, sequence = packet.header.sequence, repeats = packet.repeats, payload](Instant at) {
            arrived(sequence, repeats, payload, at);
        });
    }

    /// A viewer as browsers are: it asks for what is missing every 100 ms, ten times.
    struct Missing {
        Instant ask_at;
        int tries = 0;
    };
    void arrived(SeqNo sequence, std::optional<SeqNo> repeats, const Buffer& payload, Instant now) {
        const SeqNo number = repeats.value_or(sequence);
        const std::int64_t before = unroller_.started() ? unroller_.highest().value : -1;
        const std::int64_t place = unroller_.unroll(number).value;
        for (std::int64_t at = before + 1; before >= 0 && at < place; ++at) missing_[at] = {now + 10ms};
        missing_.erase(place);
        const auto [known, fresh] = held.try_emplace(place, payload);
        if (!fresh && known->second != payload) ++conflicts;
    }

    /// The server's and the viewer's requests, which may get lost as well.
    void ask(Instant now) {
        for (const std::uint16_t lost : feedback_of(publication_, now).nacked)
            over_network(now, [this, lost](Instant at) { repeat_to_server(lost, at); });
        if (viewer_.deadline() <= now) viewer_.tick(publication_, now);
        Buffer items;
        for (auto& [place, one] : missing_) {
            if (one.ask_at > now || one.tries == 10) continue;
            ++one.tries;
            one.ask_at = now + 100ms;
            items.resize(items.size() + 4);
            store_be16(items.data() + items.size() - 4, ExtendedSeqNo{place}.seq().value);
        }
        if (!items.empty())
            over_network(now, [this, items](Instant at) {
                viewer_.receive_nack({{1}, {7000}, items}, publication_, at,
                                     [&](const OutgoingRtp& again) { to_viewer(again, at); });
            });
    }

    void repeat_to_server(std::uint16_t lost, Instant now) {
        const auto found = history_.find(lost);
        if (found == history_.end()) return;
        Wire again = found->second;
        if (rtx_ && !again.padded) {
            again.payload.insert(again.payload.begin(), {0, 0});
            store_be16(again.payload.data(), lost);
            again.header.ssrc = {200};
            again.header.payload_type = {109};
            again.header.sequence = rtx_sequence_;
            rtx_sequence_ = rtx_sequence_ + 1;
        }
        over_network(now, [this, bytes = again.bytes()](Instant at) { to_server(bytes, at); });
    }

    SeededRandom random_;
    Trouble trouble_;
    bool rtx_;
    Future future_;
    Encoder encoder_{{100}, ""};
    SeqNo rtx_sequence_{40'000};
    std::map<std::uint16_t, Wire> history_;
    Publication publication_;
    Subscription viewer_;
    std::map<std::int64_t, Missing> missing_;
    SeqNoUnroller unroller_;
    bool first_ = false;
};

/// What the viewer holds is what was sent, in the order in which it was sent. How many of it are missing.
std::size_t check_order(const Live& live) {
    std::uint32_t last = 0;
    std::size_t media = 0;
    for (const auto& [place, payload] : live.held) {
        if (payload.empty()) continue;
        const std::uint32_t number = load_be32(payload.data() + payload.size() - 4);
        REQUIRE(number < live.sent.size());
        CHECK(payload == live.sent[number]);
        if (media++ > 0) CHECK(number > last);
        last = number;
    }
    CHECK(live.conflicts == 0);
    return live.sent.size() - media;
}

}  // namespace

TEST("reordered and doubled, the viewer still holds everything, once and in order") {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        CAPTURE(seed);
        Live live{seed, {0, 10, 20ms, 40ms}, seed % 2 == 0};
        live.run(200);
        CHECK(check_order(live) == 0);
        CHECK(live.held.rbegin()->first - live.held.begin()->first + 1 == static_cast<std::int64_t>(live.held.size()));
    }
}

TEST("of 2, 5, 10 and 20 % lost on both ways, all comes by repetition, with RTX and without") {
    std::size_t sent = 0, missing = 0;
    for (const std::uint64_t percent : {2, 5, 10, 20})
        for (std::uint64_t seed = 1; seed <= 8; ++seed) {
            CAPTURE(percent);
            CAPTURE(seed);
            Live live{100 * percent + seed, {percent, 1, 25ms, 10ms}, seed % 2 == 0};
            live.run(200);
            const std::size_t gone = check_order(live);
            CHECK(gone <= live.sent.size() / 100);
            sent += live.sent.size();
            missing += gone;
            CHECK(live.publication().counters().nacks_out > 0);
            CHECK(live.viewer().counters().repeated > 0);
        }
    CHECK(missing * 1000 <= sent);
}

TEST("the round trip to a publisher is told by its repetitions, and requests wait for it") {
    for (const Duration delay : {5ms, 40ms, 150ms}) {
        Live live{7, {5, 0, delay, 0ms}, true};
        live.run(300);
        const auto measured = live.publication().round_trip(kVideo, 0);
        REQUIRE(measured);
        CHECK(*measured >= 2 * delay);
        CHECK(*measured <= 2 * delay + delay / 2 + 10ms);
        const auto& counters = live.publication().counters();
        // Each loss is asked for once and a little: requests get lost as well, and patience is not endless.
        CHECK(counters.nacks_out <= counters.recovered * 2);
    }
}

TEST("a repetition that does not name its layer goes to the one that misses its number") {
    Publication publication{{video_media({"l", "h"})}, {1}, "server", kStart};
    Encoder low{{100}, "l"}, high{{101}, "h"}, rtx{{200}, "", {7}, {0}, 109};
    high.sequence = {9000};
    std::vector<Wire> lost;
    for (Encoder* encoder : {&low, &high}) {
        give(publication, encoder->next(kKeyframeStart).bytes(), kStart);
        lost.push_back(encoder->next(kSlice));
        give(publication, encoder->next(kSlice).bytes(), kStart);
    }
    const auto repair = [&](const Wire& original) {
        Wire wire = rtx.next({0, 0});
        store_be16(wire.payload.data(), original.header.sequence.value);
        wire.payload.insert(wire.payload.end(), original.payload.begin(), original.payload.end());
        return wire.bytes();
    };
    CHECK_FALSE(give(publication, repair(lost[1]), kStart));  // nobody has asked yet
    feedback_of(publication, kStart + kNackDelay);
    const auto filled = give(publication, repair(lost[1]), kStart + 50ms);
    REQUIRE(filled);
    CHECK(filled->layer == 1);
    CHECK_FALSE(filled->in_order);
    // Latched now: the next is the same layer's, whatever is missing elsewhere.
    CHECK_FALSE(give(publication, repair(lost[0]), kStart + 60ms));
}
