#include "media/client/synthetic_publisher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "media/client/publishing_client.hpp"
#include "media/engine/udp_socket.hpp"

namespace confidente::media {

namespace {
constexpr Duration kAudioStep = 20ms;
constexpr std::uint32_t kAudioTicks = 960;
/// After a pause of the machine the picture goes on from here, instead of catching up in a burst.
constexpr Duration kMaxLag = 500ms;
}  // namespace

struct SyntheticPublisher::Parts {
    Parts(SyntheticPublisherConfig config_in, const Clock& clock_in, UdpSocket socket_in, TestPicture picture_in)
        : config(std::move(config_in)),
          clock(clock_in),
          socket(std::move(socket_in)),
          picture(std::move(picture_in)),
          bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    ~Parts() {
        if (bell >= 0) ::close(bell);
    }

    void run();
    void work(Instant now);
    void play(Instant now);
    void wait(Instant now);

    SyntheticPublisherConfig config;
    const Clock& clock;
    UdpSocket socket;
    TestPicture picture;
    int bell;
    std::unique_ptr<Certificate> certificate;
    std::unique_ptr<PublishingClient> client;
    Outbox out{256};
    bool playing = false;
    Instant next_video, next_audio;
    std::uint32_t audio_timestamp = 0;
    std::atomic<bool> stopping{false}, running{true}, connected{false};
    std::atomic<std::uint64_t> frames{0}, packets{0}, nacks{0}, repeated{0}, keyframes_asked{0};
    std::thread thread;
};

void SyntheticPublisher::Parts::run() {
    while (!stopping && client->peer().state() != PeerState::closed) {
        const auto now = clock.now();
        work(now);
        wait(now);
    }
    client->close(clock.now(), out);
    socket.send(out);
    connected = false;
    running = false;
}

void SyntheticPublisher::Parts::work(Instant now) {
    while (const auto count = socket.receive())
        for (std::size_t i = 0; i < count; ++i) {
            client->receive(socket.datagram(i), now, out);
            if (out.size() > 200) socket.send(out);
        }
    if (client->deadline() <= now) client->tick(now, out);
    if (client->peer().state() == PeerState::connected) play(now);
    socket.send(out);
    const auto& counters = client->counters();
    packets = counters.packets;
    nacks = counters.nacks_in;
    repeated = counters.repeated;
    keyframes_asked = counters.keyframes_asked;
}

void SyntheticPublisher::Parts::play(Instant now) {
    if (!playing) {
        playing = connected = true;
        next_video = next_audio = now;
        picture.force_keyframe();
    }
    if (now - next_video > kMaxLag) next_video = now;
    if (now - next_audio > kMaxLag) next_audio = now;
    if (client->take_keyframe_request()) picture.force_keyframe();
    for (; next_video <= now; next_video = next_video + Duration{1'000'000'000 / config.picture.fps}) {
        const auto frame = picture.next_video();
        if (!frame) {
            stopping = true;
            return;
        }
        client->send_video(frame->annexb, frame->timestamp, now, out);
        ++frames;
        socket.send(out);
    }
    for (; next_audio <= now; next_audio = next_audio + kAudioStep) {
        const auto opus = picture.next_opus_20ms();
        if (!opus) {
            stopping = true;
            return;
        }
        client->send_audio(*opus, audio_timestamp, now, out);
        audio_timestamp += kAudioTicks;
    }
}

void SyntheticPublisher::Parts::wait(Instant now) {
    auto next = client->deadline();
    if (playing) next = std::min({next, next_video, next_audio});
    const auto ms = std::clamp<std::int64_t>((next - now).count() / 1'000'000 + 1, 0, 1000);
    pollfd ready[2] = {{socket.handle(), POLLIN, 0}, {bell, POLLIN, 0}};
    (void)::poll(ready, 2, static_cast<int>(ms));
}

SyntheticPublisher::SyntheticPublisher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SyntheticPublisher::~SyntheticPublisher() { stop(); }

Result<std::unique_ptr<SyntheticPublisher>> SyntheticPublisher::start(SyntheticPublisherConfig config,
                                                                      const PostOffer& post, Random& random,
                                                                      const Clock& clock) {
    TRY(auto socket, UdpSocket::open(config.local_ip, 0));
    TRY(auto picture, TestPicture::open(config.picture));
    auto parts = std::make_unique<Parts>(std::move(config), clock, std::move(socket), std::move(picture));
    if (parts->bell < 0) return internal_error("synthetic publisher: no eventfd");
    TRY(parts->certificate, Certificate::make());
    const auto offer = make_client_publish_offer(*parts->certificate, parts->socket.local(), random);
    TRY(const auto sdp, post(offer.sdp));
    TRY(auto answer, read_client_answer(sdp));
    parts->client =
        std::make_unique<PublishingClient>(offer, std::move(answer), *parts->certificate, random, clock.now());
    auto* running = parts.get();
    parts->thread = std::thread([running] { running->run(); });
    return std::unique_ptr<SyntheticPublisher>(new SyntheticPublisher(std::move(parts)));
}

bool SyntheticPublisher::running() const { return parts_->running; }
bool SyntheticPublisher::connected() const { return parts_->connected; }

void SyntheticPublisher::stop() {
    parts_->stopping = true;
    (void)::eventfd_write(parts_->bell, 1);
    if (parts_->thread.joinable()) parts_->thread.join();
}

SyntheticPublisher::Counters SyntheticPublisher::counters() const {
    return {parts_->frames, parts_->packets, parts_->nacks, parts_->repeated, parts_->keyframes_asked};
}

}  // namespace confidente::media
