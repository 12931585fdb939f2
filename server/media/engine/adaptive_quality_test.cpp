// A live in three layers to viewers behind narrow paths, on the simulated network: what they see, hear and cost.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "media/engine/switchboard_for_test.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

using simulated::identity;
using simulated::Net;
using simulated::Server;

/// Three layers at 25 frames a second, paced as a browser paces them, and the sound. Keyframes when asked.
class Simulcast {
public:
    struct Sender {
        std::string rid;
        Ssrc ssrc;
        std::uint64_t bps = 0;
        SeqNo sequence{100};
        bool asked = true;      ///< the next frame is to be a keyframe
        bool keyframe = false;  ///< this one is
        bool active = true;
        std::int64_t credit = 0;  ///< bytes of the frame that have not left
        double pace = 0;          ///< bytes that may leave now
        std::uint32_t timestamp = 0;
        bool begins = false;
    };
    std::vector<Sender> senders{{"l", {1001}, 180'000}, {"m", {1002}, 600'000}, {"h", {1003}, 2'000'000}};
    bool obeys = true;  ///< stops layers that are not wanted
    std::uint64_t audio_sent = 0;

    explicit Simulcast(Server& server) : server_(server), network_(server.network) {
        ClientOffer offer;
        offer.ice = make_ice_credentials(random_);
        offer.published = {.rids = {"l", "m", "h"}, .video = {1}, .video_rtx = {2}, .audio = {1009}, .cname = "camera"};
        LocalTransport transport;
        transport.ufrag = offer.ice.ufrag;
        transport.password = offer.ice.pwd;
        transport.fingerprint = {"sha-256", to_string(identity(1).hash())};
        transport.candidates = {{address_.ip_text(), address_.port}};
        offer.sdp = make_publish_offer(transport, offer.published);
        auto answer = server.board.publish("live", *SessionDescription::parse(offer.sdp), network_.now());
        server.board.settle(network_.now());
        REQUIRE(answer);
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        for (const auto& media : read->negotiated.media) (media.kind == MediaKind::video ? video_ : audio_) = media;
        peer_ = std::make_unique<Peer>(client_peer(offer, *read), identity(1), random_, network_.now());
        network_.attach(address_, {.receive = [this](Buffer& bytes, const SocketAddress& from,
                                                     Instant now) { receive(bytes, from, now); },
                                   .tick = [this](Instant now) { tick(now); },
                                   .deadline = [this] { return std::min(peer_->deadline().at, next_); }});
    }
    ~Simulcast() { network_.detach(address_); }

private:
    void receive(Buffer& bytes, const SocketAddress& from, Instant now) {
        const auto received = peer_->receive({bytes, from}, now, out_);
        if (received.kind == ReceivedKind::rtcp) {
            RtcpReader reader(received.bytes);
            while (const auto packet = reader.next())
                if (const auto* loss = std::get_if<PictureLoss>(&*packet))
                    for (auto& sender : senders) sender.asked |= sender.ssrc == loss->media;
        }
        flush();
    }
    void tick(Instant now) {
        if (peer_->deadline().at <= now) peer_->tick(now, out_);
        if (next_ <= now) {
            next_ = now + 2ms;
            if (peer_->state() == PeerState::connected) send(now);
        }
        flush();
    }
    void send(Instant now) {
        if (audio_at_ <= now) {
            audio_at_ = now + 20ms;
            ++audio_sent;
            write(audio_, {1009}, audio_sequence_, audio_timestamp_ += 960, true, "", Buffer(100, 0x55), now);
        }
        const auto& wanted = server_.diary.layers;
        if (obeys && !wanted.empty())
            for (auto& sender : senders) {
                const bool active = std::find(wanted.begin(), wanted.end(), sender.rid) != wanted.end();
                if (active && !sender.active) sender.asked = true;
                sender.active = active;
            }
        if (frame_at_ <= now) {
            frame_at_ = now + 40ms;
            for (auto& sender : senders) {
                // A keyframe that is not out yet takes the next frame's place.
                if (!sender.active || sender.credit > 0) continue;
                sender.timestamp += 3600;
                sender.begins = true;
                sender.keyframe = std::exchange(sender.asked, false);
                // A keyframe is as large as four other frames.
                sender.credit = static_cast<std::int64_t>(sender.bps / 8 / 25) * (sender.keyframe ? 4 : 1);
            }
        }
        for (auto& sender : senders) {
            if (sender.credit <= 0) continue;
            // At two and a half times its rate, so that a frame is out before the next.
            const auto size = std::min<std::int64_t>(sender.credit, 1100);
            sender.pace = std::min<double>(sender.pace + static_cast<double>(sender.bps) * 2.5 / 8 / 500, 5000);
            if (sender.pace < static_cast<double>(size)) continue;
            sender.pace -= static_cast<double>(size);
            sender.credit -= size;
            Buffer payload(static_cast<std::size_t>(std::max<std::int64_t>(size, 30)), 0x77);
            payload[0] = sender.begins && sender.keyframe ? 0x67 : sender.keyframe ? 0x65 : 0x41;
            const bool last = sender.credit <= 0;
            write(video_, sender.ssrc, sender.sequence, sender.timestamp, last, sender.rid, payload, now);
            sender.begins = false;
        }
    }
    void write(const NegotiatedMedia& media, Ssrc ssrc, SeqNo& sequence, std::uint32_t timestamp, bool marker,
               const std::string& rid, const Buffer& payload, Instant now) {
        const auto room = out_.room();
        const RtpExtension extensions[] = {{media.extensions.mid, as_bytes(media.mid)},
                                           {rid.empty() ? std::uint8_t{0} : media.extensions.rid, as_bytes(rid)}};
        std::size_t size =
            write_rtp_header({media.payload_type, sequence, {timestamp}, ssrc, marker}, extensions, room);
        std::copy(payload.begin(), payload.end(), room.begin() + static_cast<std::ptrdiff_t>(size));
        peer_->send_rtp(size + payload.size(), now, out_);
        sequence = sequence + 1;
        if (out_.full()) flush();
    }
    void flush() {
        for (std::size_t i = 0; i < out_.size(); ++i) network_.send(out_.datagram(i), address_, out_.head(i).to);
        out_.clear();
    }

    Server& server_;
    Net& network_;
    SeededRandom random_{5};
    SocketAddress address_ = SocketAddress::v4({10, 0, 1, 1}, 5000);
    Outbox out_{256};
    std::unique_ptr<Peer> peer_;
    NegotiatedMedia video_, audio_;
    Instant next_, audio_at_, frame_at_;
    SeqNo audio_sequence_{7};
    std::uint32_t audio_timestamp_ = 0;
};

enum class Reports : std::uint8_t { transport_wide, receiver_only };

struct Viewer {
    Server& server;
    Net& network;
    SocketAddress address;
    SeededRandom random;
    Outbox out{256};
    std::string session;
    std::unique_ptr<WatchingClient> client;

    Viewer(Server& its_server, std::uint8_t host, Reports reports = Reports::transport_wide)
        : server(its_server),
          network(its_server.network),
          address(SocketAddress::v4({10, 0, 1, host}, 5000)),
          random(host) {
        const auto offer = make_client_play_offer(identity(1), address, random);
        auto sdp = offer.sdp;
        if (reports == Reports::receiver_only)
            for (auto at = sdp.find("transport-cc"); at != std::string::npos; at = sdp.find("transport-cc"))
                sdp.replace(at, 12, "x-nothing--x");
        auto answer = server.board.play("live", *SessionDescription::parse(sdp), network.now());
        server.board.settle(network.now());
        REQUIRE(answer);
        session = answer->session_id;
        auto read = read_client_answer(answer->sdp);
        REQUIRE(read);
        client = std::make_unique<WatchingClient>(offer, std::move(*read), identity(1), random, network.now());
        network.attach(address, {.receive =
                                     [this](Buffer& bytes, const SocketAddress& from, Instant now) {
                                         client->receive({bytes, from}, now, out);
                                         flush();
                                     },
                                 .tick =
                                     [this](Instant now) {
                                         client->tick(now, out);
                                         flush();
                                     },
                                 .deadline = [this] { return client->deadline(); }});
    }
    ~Viewer() { network.detach(address); }
    void flush() {
        for (std::size_t i = 0; i < out.size(); ++i) network.send(out.datagram(i), address, out.head(i).to);
        out.clear();
    }
    std::string shown() const {
        const auto layers = server.board.layers(session, network.now());
        return layers ? layers->shown.value_or("") : "?";
    }
    Duration until(const std::string& layer, Duration at_most) {
        const Instant began = network.now();
        network.run_until([&] { return shown() == layer; }, at_most);
        return network.now() - began;
    }
    std::uint64_t frames() const { return client->counters().frames; }
    std::uint64_t audio() const { return client->counters().audio; }
};

double ms(Duration time) { return static_cast<double>(time.count()) / 1e6; }

}  // namespace

TEST("a viewer with a good path sees the best layer within two seconds, and is hardly probed after") {
    Net network(1, {.latency = 20ms});
    Server server(network);
    Simulcast publisher(server);
    network.run_for(3s);
    Viewer viewer(server, 2);
    network.narrow(viewer.address, {.rate_bps = 20'000'000});
    const auto took = viewer.until("h", 5s);
    const auto probes = server.board.stats().probes_out;
    network.run_for(30s);
    std::printf("# best layer after %.0f ms, %llu probe packets until then, %llu in 30 s more\n", ms(took),
                static_cast<unsigned long long>(probes),
                static_cast<unsigned long long>(server.board.stats().probes_out - probes));
    CHECK(took < 2s);
    CHECK(viewer.shown() == "h");
    CHECK(viewer.client->counters().broken == 0);
    CHECK(viewer.client->began_with_keyframe());
    CHECK(server.board.stats().probes_out < probes + 30);
    CHECK(server.board.stats().video_pauses == 0);
}

TEST("the picture follows a path that narrows step by step and widens again; the sound goes on") {
    Net network(2, {.latency = 20ms});
    Server server(network);
    Simulcast publisher(server);
    network.run_for(3s);
    Viewer viewer(server, 2);
    network.narrow(viewer.address, {.rate_bps = 10'000'000});
    network.run_for(10s);
    REQUIRE(viewer.shown() == "h");
    const auto narrow = [&](std::uint64_t bps, const std::string& layer) {
        const auto sent = publisher.audio_sent, heard = viewer.audio();
        network.narrow(viewer.address, {.rate_bps = bps});
        const auto took = viewer.until(layer, 20s);
        network.run_for(20s);
        const auto missed =
            static_cast<double>(publisher.audio_sent - sent) - static_cast<double>(viewer.audio() - heard);
        std::printf("# %.2f Mbit/s: \"%s\" after %.0f ms, then \"%s\"; sound missed meanwhile: %.0f packets of %llu\n",
                    static_cast<double>(bps) / 1e6, layer.c_str(), ms(took), viewer.shown().c_str(), missed,
                    static_cast<unsigned long long>(publisher.audio_sent - sent));
        CHECK(viewer.shown() == layer);
        CHECK(missed < 40);
        return took;
    };
    CHECK(narrow(1'200'000, "m") < 2s);
    CHECK(narrow(400'000, "l") < 2s);
    CHECK(narrow(130'000, "") < 5s);
    const auto dark = viewer.frames();
    network.run_for(5s);
    CHECK(viewer.frames() == dark);
    CHECK(server.board.stats().video_pauses == 1);
    CHECK(server.board.stats().viewers_starved == 1);
    network.narrow(viewer.address, {.rate_bps = 10'000'000});
    const auto picture = network.now();
    REQUIRE(network.run_until([&] { return viewer.frames() > dark; }, 30s));
    const auto back = network.now() - picture;
    const auto best = viewer.until("h", 90s);
    std::printf("# wide again: a picture after %.0f ms, the best after %.0f ms more\n", ms(back), ms(best));
    CHECK(back < 10s);
    CHECK(viewer.client->counters().broken <= 8);
}

TEST("a path whose width swings does not make the picture swing") {
    Net network(3, {.latency = 20ms});
    Server server(network);
    Simulcast publisher(server);
    network.run_for(3s);
    Viewer viewer(server, 2);
    network.narrow(viewer.address, {.rate_bps = 5'000'000});
    network.run_for(10s);
    const auto before = server.board.stats().layer_switches;
    for (int i = 0; i < 15; ++i) {
        network.narrow(viewer.address, {.rate_bps = 1'200'000});
        network.run_for(8s);
        network.narrow(viewer.address, {.rate_bps = 5'000'000});
        network.run_for(8s);
    }
    const auto switches = server.board.stats().layer_switches - before;
    std::printf("# thirty changes between 1.2 and 5 Mbit/s in four minutes: %llu switches\n",
                static_cast<unsigned long long>(switches));
    CHECK(switches <= 14);
    CHECK(server.board.stats().video_pauses == 0);
}

TEST("a viewer without transport-wide reports is served by its receiver reports as before") {
    Net network(4, {.latency = 20ms});
    Server server(network);
    Simulcast publisher(server);
    network.run_for(3s);
    Viewer viewer(server, 2, Reports::receiver_only);
    network.run_for(5s);
    CHECK(viewer.shown() == "h");
    network.narrow(viewer.address, {.rate_bps = 1'000'000, .queue = 50ms});
    network.run_for(20s);
    CHECK(viewer.shown() != "h");
    CHECK(server.board.stats().probes_out == 0);
    CHECK(server.board.stats().estimates.sum_bps == 0);
}

TEST("the viewer's own choice is a limit that holds until it is taken back") {
    Net network(5, {.latency = 20ms});
    Server server(network);
    Simulcast publisher(server);
    network.run_for(3s);
    Viewer viewer(server, 2);
    network.run_for(5s);
    auto layers = server.board.layers(viewer.session, network.now());
    REQUIRE(layers);
    REQUIRE(layers->layers.size() == 3);
    CHECK(layers->layers[2].bitrate_bps > 1'500'000);
    CHECK_FALSE(layers->chosen);
    layers = server.board.choose_layer(viewer.session, "l", network.now());
    REQUIRE(layers);
    CHECK(layers->chosen == "l");
    CHECK(viewer.until("l", 3s) < 1s);
    network.run_for(20s);
    CHECK(viewer.shown() == "l");
    CHECK(server.board.choose_layer(viewer.session, "x", network.now()).error().code == "layer_not_found");
    CHECK(server.board.choose_layer("nobody", "l", network.now()).error().code == "session_not_found");
    REQUIRE(server.board.choose_layer(viewer.session, {}, network.now()));
    CHECK(viewer.until("h", 10s) < 3s);
}

TEST("layers that nobody needs are not asked for, and come back within a second when somebody does") {
    Net network(6, {.latency = 20ms});
    Server server(network);
    Simulcast publisher(server);
    network.run_for(5s);
    CHECK(server.diary.layers_told == 0);
    network.run_for(15s);
    CHECK(server.diary.layers == std::vector<std::string>{"l", "m"});
    const auto quiet = server.diary.layers_told;
    network.run_for(60s);
    CHECK(server.diary.layers_told == quiet);
    auto viewer = std::make_unique<Viewer>(server, 2);
    const auto first = network.now();
    REQUIRE(network.run_until([&] { return viewer->frames() > 0; }, 2s));
    CHECK(network.now() - first < 500ms);
    const auto took = viewer->until("h", 5s);
    std::printf("# a viewer of a live that pauses: the best layer %.0f ms after the first picture\n", ms(took));
    CHECK(took < 2s);
    CHECK(server.diary.layers == std::vector<std::string>{"l", "m", "h"});
    network.run_for(20s);
    CHECK(viewer->shown() == "h");
    REQUIRE(server.board.hang_up(viewer->session, network.now()));
    network.run_for(15s);
    CHECK(server.diary.layers == std::vector<std::string>{"l", "m"});
    // One who cannot be told goes on as it likes, and is told again now and then.
    publisher.obeys = false;
    for (auto& sender : publisher.senders) sender.active = true;
    const auto told = server.diary.layers_told;
    network.run_for(30s);
    CHECK(server.diary.layers_told - told >= 4);
    CHECK(server.diary.layers_told - told <= 8);
}
