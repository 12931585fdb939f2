#include "viewer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "media/protocol/rtcp/rtcp.hpp"
#include "media/protocol/rtp/packet.hpp"
#include "synthetic_stream.hpp"

namespace bench {

using namespace confidente;
using namespace confidente::media;

namespace {
constexpr Duration kReportEvery = 1s, kFeedbackEvery = 100ms;  // Chromium: 1 s, 50 to 250 ms

/// All viewers are driven by one thread and empty it after each call.
Outbox& outbox() {
    static Outbox out{64};
    return out;
}

sockaddr_in socket_address(const SocketAddress& address) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(address.port);
    std::copy_n(address.ip.begin(), 4, reinterpret_cast<std::uint8_t*>(&out.sin_addr));
    return out;
}

/// The transport-wide number in the one-byte header extensions (RFC 8285 §4.2), which SRTP leaves readable.
std::optional<SeqNo> transport_number(Bytes packet, std::uint8_t id) {
    std::size_t at = 12 + std::size_t{4} * (packet[0] & 0x0f);
    if (id == 0 || (packet[0] & 0x10) == 0 || packet.size() < at + 4 || load_be16(&packet[at]) != 0xBEDE) return {};
    const std::size_t end = at + 4 + std::size_t{4} * load_be16(&packet[at + 2]);
    if (end > packet.size()) return {};
    for (at += 4; at < end;) {
        if (packet[at] == 0) {
            ++at;
            continue;
        }
        const std::size_t size = (packet[at] & 0x0fU) + 1;
        if (packet[at] >> 4 == id && size == 2 && at + 3 <= end) return SeqNo{load_be16(&packet[at + 1])};
        at += 1 + size;
    }
    return {};
}
}  // namespace

void Histogram::add(std::int64_t ns) {
    ++steps_[static_cast<std::size_t>(std::clamp<std::int64_t>(ns / 10'000, 0, kSteps - 1))];
    ++count_;
}

void Histogram::add(const Histogram& other) {
    for (std::size_t i = 0; i < kSteps; ++i) steps_[i] += other.steps_[i];
    count_ += other.count_;
}

double Histogram::ms_at(double share) const {
    auto left = static_cast<std::int64_t>(share * static_cast<double>(count_));
    for (std::size_t i = 0; i < kSteps; ++i)
        if ((left -= steps_[i]) <= 0 && steps_[i] > 0) return (static_cast<double>(i) + 0.5) / 100;
    return 0;
}

Viewer::Viewer(int socket, Joined joined, Identity identity)
    : socket_(socket),
      password_(joined.peer.ours.pwd),
      peer_(joined.peer, identity.certificate, identity.random, identity.clock.now()),
      remote_(joined.peer.remote),
      ssrc_{identity.random.u32()},
      asked_(joined.asked) {
    for (std::size_t i = 0; i < joined.media.size() && i < payload_types_.size(); ++i) {
        payload_types_[i] = joined.media[i].payload_type.value;
        if (joined.media[i].transport_cc && joined.media[i].extensions.transport_cc != 0)
            transport_id_ = joined.media[i].extensions.transport_cc;
    }
    if (transport_id_ != 0) arrivals_ = std::make_unique<TransportArrivals>();
}

Viewer::~Viewer() { ::close(socket_); }

Viewer::Track* Viewer::track_of(Ssrc ssrc, std::uint8_t payload_type) {
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
        if (payload_types_[i] != payload_type) continue;
        if (!tracks_[i].started) tracks_[i].ssrc = ssrc;
        return tracks_[i].ssrc == ssrc ? &tracks_[i] : nullptr;
    }
    return nullptr;
}

void Viewer::take_rtp(MutableBytes datagram, std::int64_t arrived, Instant now, Seen& seen) {
    ++seen.packets;
    seen.bytes += datagram.size();
    heard_ = {load_be32(&datagram[8])};
    if (!first_packet_) first_packet_ = now - asked_;
    if (auto* track = track_of(heard_, datagram[1] & 0x7f)) {
        const auto place = track->unroller.unroll({load_be16(&datagram[2])}).value;
        if (!track->started) {
            track->started = true;
            track->first = track->reported_highest = place;
            track->highest = place;
        } else if (place > track->highest) {
            seen.lost += static_cast<std::uint64_t>(place - track->highest - 1);
            track->highest = place;
        } else if (seen.lost > 0) {
            --seen.lost;  // it was only late
        }
        ++track->packets;
    }
    if (arrivals_)
        if (const auto number = transport_number(datagram, transport_id_)) arrivals_->received(*number, now);
    if (received_++ % kOpenEvery != 0) return;
    const auto opened = peer_.receive({datagram, remote_}, now, outbox());
    const auto view =
        opened.kind == ReceivedKind::rtp ? RtpPacketView::parse(opened.bytes) : std::optional<RtpPacketView>{};
    if (!view) {
        ++seen.unopened;
        return;
    }
    ++seen.opened;
    if (const auto stamp = read_stamp(view->payload()); stamp && arrived != 0) seen.latency.add(arrived - *stamp);
}

void Viewer::receive(MutableBytes datagram, std::int64_t arrived, Instant now, Seen& seen) {
    if (connected() && looks_like_rtp(datagram)) return take_rtp(datagram, arrived, now, seen);
    if (const auto answer = answer_check(datagram, remote_, password_))
        outbox().send(*answer, remote_);
    else
        peer_.receive({datagram, remote_}, now, outbox());
    if (connected() && !connected_at_) {
        connected_at_ = now;
        next_report_ = now + kReportEvery;
        if (arrivals_) next_feedback_ = now + kFeedbackEvery;
    }
    flush();
}

void Viewer::send_report(Instant now) {
    std::array<ReportBlock, 2> blocks;
    std::size_t count = 0;
    for (auto& track : tracks_) {
        if (!track.started) continue;
        const auto expected = track.highest - track.reported_highest;
        const auto missing = std::max<std::int64_t>(0, expected - (track.packets - track.reported_packets));
        track.lost_told += missing;
        blocks[count++] = {.ssrc = track.ssrc,
                           .fraction_lost = static_cast<std::uint8_t>(
                               expected > 0 ? std::min<std::int64_t>(255, missing * 256 / expected) : 0),
                           .cumulative_lost = static_cast<std::int32_t>(track.lost_told),
                           .extended_highest = static_cast<std::uint32_t>(track.highest)};
        track.reported_highest = track.highest;
        track.reported_packets = track.packets;
    }
    RtcpWriter writer(outbox().room().first(kMaxRtcpBytes));
    writer.receiver_report(ssrc_, std::span{blocks}.first(count));
    writer.cname(ssrc_, "viewer");
    peer_.send_rtcp(writer.bytes().size(), now, outbox());
}

void Viewer::send_feedback() {
    if (arrivals_->empty()) return;
    RtcpWriter writer(outbox().room().first(kMaxRtcpBytes));
    arrivals_->write(ssrc_, heard_, writer);
    if (!writer.empty()) peer_.send_rtcp(writer.bytes().size(), next_feedback_, outbox());
}

void Viewer::tick(Instant now) {
    if (peer_.deadline().at <= now) peer_.tick(now, outbox());
    if (next_feedback_ <= now) {
        send_feedback();
        next_feedback_ = now + kFeedbackEvery;
    }
    if (next_report_ <= now) {
        send_report(now);
        next_report_ = now + kReportEvery;
    }
    flush();
}

Instant Viewer::deadline() const { return std::min({peer_.deadline().at, next_report_, next_feedback_}); }

void Viewer::close(Instant now) {
    peer_.close(now, outbox());
    flush();
}

void Viewer::flush() {
    auto& out = outbox();
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto to = socket_address(out.head(i).to);
        const auto bytes = out.datagram(i);
        (void)::sendto(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
                       sizeof to);
    }
    out.clear();
}

}  // namespace bench
