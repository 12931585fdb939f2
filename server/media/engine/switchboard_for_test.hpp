// What tests of the switchboard share: a server, publishers and viewers on the simulated network, with real packets and
// real cryptography, no sockets and no waiting.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "media/client/publishing_client.hpp"
#include "media/client/watching_client.hpp"
#include "media/engine/switchboard.hpp"
#include "media/packaging/test_picture.hpp"
#include "testing/network.hpp"
#include "testing/test.hpp"

namespace confidente::media::simulated {

using Net = confidente::testing::Network<SocketAddress>;

inline const Certificate& identity(std::size_t which) {
    static const auto made = [] {
        std::vector<std::unique_ptr<Certificate>> both;
        for (int i = 0; i < 2; ++i) both.push_back(std::move(*Certificate::make()));
        return both;
    }();
    return *made[which];
}

/// Writes down what the engine tells, one line each.
struct Diary final : EngineEvents {
    std::vector<std::string> lines;
    std::vector<std::string> layers;  ///< as wanted last
    int layers_told = 0;
    void publisher_connected(std::string_view stream) override { add("+publisher", stream); }
    void publisher_gone(std::string_view stream, HangUpReason reason) override {
        add("-publisher", stream);
        lines.back() += " " + std::string{to_string(reason)};
    }
    void viewer_connected(std::string_view stream, std::string_view) override { add("+viewer", stream); }
    void viewer_gone(std::string_view stream, std::string_view, HangUpReason reason) override {
        add("-viewer", stream);
        lines.back() += " " + std::string{to_string(reason)};
    }
    void thumbnail(std::string_view, Buffer) override {}
    void layers_wanted(std::string_view stream, std::string_view, const std::vector<std::string>& ids) override {
        layers = ids;
        ++layers_told;
        add("layers", stream);
        for (const auto& id : ids) lines.back() += " " + id;
    }
    void add(std::string what, std::string_view stream) { lines.push_back(what + " " + std::string{stream}); }
    bool has(const std::string& line) const { return std::find(lines.begin(), lines.end(), line) != lines.end(); }
};

struct Server {
    SocketAddress address = SocketAddress::v4({10, 0, 0, 1}, 40000);
    Net& network;
    SeededRandom random{99};
    Diary diary;
    std::vector<Buffer> keyframes;
    std::function<void(const Outbox&)> on_flush = [](const Outbox&) {};
    Switchboard board;

    explicit Server(Net& net, std::uint64_t max_publish_bps = 12'000'000, std::size_t max_half_open = kMaxHalfOpen)
        : network(net),
          board({.candidates = {{"10.0.0.1", 40000}},
                 .thumbnail_interval = 10s,
                 .max_publish_bps = max_publish_bps,
                 .max_half_open = max_half_open},
                {.events = diary,
                 .random = random,
                 .certificate = identity(0),
                 .keyframe = [this](const std::string&, Buffer annexb) { keyframes.push_back(std::move(annexb)); },
                 .flush =
                     [this](Outbox& out) {
                         on_flush(out);
                         for (std::size_t i = 0; i < out.size(); ++i)
                             network.send(out.datagram(i), address, out.head(i).to);
                         out.clear();
                     }},
                net.now()) {
        network.attach(address, {.receive =
                                     [this](Buffer& bytes, const SocketAddress& from, Instant now) {
                                         board.receive({bytes, from}, now);
                                         board.settle(now);
                                     },
                                 .tick =
                                     [this](Instant now) {
                                         board.tick(now);
                                         board.settle(now);
                                     },
                                 .deadline = [this] { return board.deadline(); }});
    }
    ~Server() { network.detach(address); }
};

template <class Client>
struct OnNetwork {
    Net& network;
    SocketAddress address;
    Outbox out{256};
    std::string session;
    std::unique_ptr<Client> client;

    OnNetwork(Net& net, std::uint8_t host) : network(net), address(SocketAddress::v4({10, 0, 1, host}, 5000)) {}
    ~OnNetwork() { network.detach(address); }
    void flush() {
        for (std::size_t i = 0; i < out.size(); ++i) network.send(out.datagram(i), address, out.head(i).to);
        out.clear();
    }
    void receive(Buffer& bytes, const SocketAddress& from, Instant now) {
        client->receive({bytes, from}, now, out);
        flush();
    }
    bool connected() const { return client->peer().state() == PeerState::connected; }
};

struct Publisher : OnNetwork<PublishingClient> {
    TestPicture picture;
    Instant next_video, next_audio;
    std::uint32_t audio_timestamp = 0;
    std::uint64_t frames = 0;

    Publisher(Server& server, std::uint8_t host, std::uint64_t seed = 1)
        : OnNetwork(server.network, host), picture(std::move(*TestPicture::open(kSmall))), random(seed) {
        const auto offer = make_client_publish_offer(identity(1), address, random);
        const auto description = SessionDescription::parse(offer.sdp);
        REQUIRE(description);
        auto answer = server.board.publish("live", *description, network.now());
        server.board.settle(network.now());
        REQUIRE(answer);
        session = answer->session_id;
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        client = std::make_unique<PublishingClient>(offer, std::move(*read), identity(1), random, network.now());
        attach();
    }
    void attach() {
        network.attach(address, {.receive = [this](Buffer& bytes, const SocketAddress& from,
                                                   Instant now) { receive(bytes, from, now); },
                                 .tick = [this](Instant now) { tick(now); },
                                 .deadline =
                                     [this] {
                                         return std::min({client->deadline(), next_video, next_audio});
                                     }});
    }
    void tick(Instant now) {
        if (client->deadline() <= now) client->tick(now, out);
        if (next_video <= now) {
            if (connected()) {
                if (client->take_keyframe_request()) picture.force_keyframe();
                const auto frame = picture.next_video();
                REQUIRE(frame);
                client->send_video(frame->annexb, frame->timestamp, now, out);
                ++frames;
            }
            next_video = now + 40ms;
        }
        if (next_audio <= now) {
            const Buffer sound(80, 0x55);
            client->send_audio(sound, audio_timestamp += 960, now, out);
            next_audio = now + 20ms;
        }
        flush();
    }
    static constexpr TestPictureConfig kSmall{
        .width = 320, .height = 180, .fps = 25, .bitrate_kbps = 300, .keyframe_interval_s = 60, .variant = 0};
    SeededRandom random;
};

struct Viewer : OnNetwork<WatchingClient> {
    SeededRandom random;
    Viewer(Server& server, std::uint8_t host) : OnNetwork(server.network, host), random(host) {
        const auto offer = make_client_play_offer(identity(1), address, random);
        const auto description = SessionDescription::parse(offer.sdp);
        REQUIRE(description);
        auto answer = server.board.play("live", *description, network.now());
        server.board.settle(network.now());
        REQUIRE(answer);
        session = answer->session_id;
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        client = std::make_unique<WatchingClient>(offer, std::move(*read), identity(1), random, network.now());
        network.attach(address, {.receive = [this](Buffer& bytes, const SocketAddress& from,
                                                   Instant now) { receive(bytes, from, now); },
                                 .tick =
                                     [this](Instant now) {
                                         client->tick(now, out);
                                         flush();
                                     },
                                 .deadline = [this] { return client->deadline(); }});
    }
    std::uint64_t frames() const { return client->counters().frames; }
};

inline SessionDescription some_offer(Random& random) {
    const auto offer = make_client_publish_offer(identity(1), SocketAddress::v4({10, 0, 9, 9}, 1), random);
    return *SessionDescription::parse(offer.sdp);
}

inline SessionDescription some_offer_to_play(Random& random) {
    const auto offer = make_client_play_offer(identity(1), SocketAddress::v4({10, 0, 9, 9}, 1), random);
    return *SessionDescription::parse(offer.sdp);
}

}  // namespace confidente::media::simulated
