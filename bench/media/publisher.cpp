#include "publisher.hpp"

#include <poll.h>

#include <algorithm>
#include <variant>

#include "media/protocol/rtcp/rtcp.hpp"
#include "process_figures.hpp"

namespace bench {

using namespace confidente;
using namespace confidente::media;

namespace {
constexpr Duration kFrame{1'000'000'000 / kFramesPerSecond};
constexpr Duration kAudioStep = 20ms;
constexpr std::uint32_t kVideoTicks = 90'000 / kFramesPerSecond, kAudioTicks = 960;
constexpr std::size_t kAudioBytes = 100;  // 40 kbit/s
constexpr Duration kMaxLag = 500ms;       // after a pause of the machine the live goes on from here

NtpTime ntp_of(Instant now) {
    const auto ns = static_cast<std::uint64_t>(now.ns);
    return {(ns / 1'000'000'000) << 32 | ((ns % 1'000'000'000) << 32) / 1'000'000'000};
}
}  // namespace

Publisher::Publisher(PublisherConfig config, UdpSocket socket, Joined joined, Identity identity)
    : config_(config),
      socket_(std::move(socket)),
      identity_(identity),
      password_(joined.peer.ours.pwd),
      peer_(std::move(joined.peer), identity.certificate, identity.random, identity.clock.now()),
      cname_(joined.published.cname),
      stream_(config.bits_per_second) {
    for (auto& media : joined.media) {
        const bool video = media.kind == MediaKind::video;
        const auto ssrc = video ? joined.published.video : joined.published.audio;
        (video ? video_ : audio_).emplace(Track{.media = std::move(media), .ssrc = ssrc});
    }
}

void Publisher::hear(Datagram datagram, Instant now) {
    if (const auto answer = answer_check(datagram.bytes, datagram.from, password_))
        return out_.send(*answer, datagram.from);
    const auto received = peer_.receive(datagram, now, out_);
    if (received.kind != ReceivedKind::rtcp) return;
    RtcpReader reader(received.bytes);
    while (const auto packet = reader.next()) {
        if (!std::holds_alternative<PictureLoss>(*packet) && !std::holds_alternative<FullIntraRequest>(*packet))
            continue;
        keyframe_asked_ = true;
        ++keyframes_asked_;
    }
}

void Publisher::send(Track& track, bool marker, std::size_t payload, Instant now) {
    // The payload was written behind the longest header; the header goes right before it.
    const auto room = out_.room();
    std::array<std::uint8_t, 2> number{};
    store_be16(number.data(), transport_sequence_);
    const auto& ids = track.media.extensions;
    const std::array<RtpExtension, 2> extensions{RtpExtension{ids.mid, as_bytes(track.media.mid)},
                                                 RtpExtension{ids.transport_cc, number}};
    const RtpHeader header{.payload_type = track.media.payload_type,
                           .sequence = {track.sequence},
                           .timestamp = {track.timestamp},
                           .ssrc = track.ssrc,
                           .marker = marker};
    const auto size = write_rtp_header(header, extensions, room.first(kMaxRtpHeaderBytes));
    std::copy_n(room.begin() + kMaxRtpHeaderBytes, payload, room.begin() + static_cast<std::ptrdiff_t>(size));
    if (!peer_.send_rtp(size + payload, now, out_)) return;
    ++track.sequence;
    ++transport_sequence_;
    ++track.packets;
    track.octets += static_cast<std::uint32_t>(payload);
    ++packets_;
}

MutableBytes Publisher::payload_room() {
    if (out_.full()) socket_.send(out_);
    return out_.room().subspan(kMaxRtpHeaderBytes);
}

void Publisher::send_burst(Instant now) {
    for (int i = 0; i < config_.burst_packets && sent_of_frame_ < frame_.size(); ++i, ++sent_of_frame_) {
        const auto& plan = frame_[sent_of_frame_];
        send(*video_, plan.marker, SyntheticStream::write(plan, wall_ns(), payload_room()), now);
    }
    next_burst_ = sent_of_frame_ < frame_.size() ? now + config_.burst_spacing : Instant::never();
}

void Publisher::send_audio(Instant now) {
    const auto room = payload_room();
    room[0] = 0x78;  // Opus, CELT, 20 ms
    write_stamp(wall_ns(), &room[1]);
    std::fill_n(&room[1 + kStampBytes], kAudioBytes - 1 - kStampBytes, std::uint8_t{0x5A});
    send(*audio_, false, kAudioBytes, now);
    audio_->timestamp += kAudioTicks;
}

void Publisher::report(const Track& track, Instant now) {
    if (out_.full()) socket_.send(out_);
    RtcpWriter writer(out_.room().first(kMaxRtcpBytes));
    writer.sender_report(track.ssrc, ntp_of(now), {track.timestamp}, track.packets, track.octets);
    writer.cname(track.ssrc, cname_);
    peer_.send_rtcp(writer.bytes().size(), now, out_);
}

void Publisher::work(Instant now, bool sending) {
    while (const auto count = socket_.receive())
        for (std::size_t i = 0; i < count; ++i) {
            hear(socket_.datagram(i), now);
            if (out_.full()) socket_.send(out_);
        }
    if (peer_.deadline().at <= now) peer_.tick(now, out_);
    if (connected() && sending) {
        if (!playing_) {
            playing_ = true;
            next_frame_ = next_audio_ = next_report_ = now;
        }
        if (now - next_frame_ > kMaxLag) next_frame_ = now;
        if (now - next_audio_ > kMaxLag) next_audio_ = now;
        if (video_ && next_burst_ <= now) send_burst(now);
        if (video_ && next_frame_ <= now && next_burst_ == Instant::never()) {
            frame_ = stream_.next_frame(std::exchange(keyframe_asked_, false));
            sent_of_frame_ = 0;
            video_->timestamp += kVideoTicks;
            next_frame_ = next_frame_ + kFrame;
            send_burst(now);
        }
        for (; audio_ && next_audio_ <= now; next_audio_ = next_audio_ + kAudioStep) send_audio(now);
        if (next_report_ <= now) {
            next_report_ = now + 1s;
            if (video_) report(*video_, now);
            if (audio_) report(*audio_, now);
        }
    }
    socket_.send(out_);
}

Instant Publisher::deadline() const {
    const auto next = peer_.deadline().at;
    if (!playing_) return next;
    const auto frame = next_burst_ == Instant::never() ? next_frame_ : next_burst_;
    return std::min({next, frame, next_audio_, next_report_});
}

Publishers::Publishers(std::vector<std::unique_ptr<Publisher>> all, const Clock& clock)
    : all_(std::move(all)), clock_(clock), thread_([this] { run(); }) {}

Publishers::~Publishers() {
    stopping_ = true;
    thread_.join();
}

void Publishers::run() {
    std::vector<pollfd> ready;
    for (const auto& one : all_) ready.push_back({one->handle(), POLLIN, 0});
    while (!stopping_) {
        auto now = clock_.now();
        auto next = now + 20ms;
        std::size_t connected = 0;
        std::uint64_t packets = 0, keyframes = 0;
        for (auto& one : all_) {
            one->work(now, sending_);
            next = std::min(next, one->deadline());
            connected += one->connected() ? 1 : 0;
            packets += one->packets();
            keyframes += one->keyframes_asked();
        }
        connected_ = connected;
        packets_ = packets;
        keyframes_asked_ = keyframes;
        now = clock_.now();
        const auto left = std::max<std::int64_t>(0, (next - now).count());
        const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
        (void)::ppoll(ready.data(), ready.size(), &limit, nullptr);
    }
}

}  // namespace bench
