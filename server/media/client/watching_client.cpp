#include "media/client/watching_client.hpp"

#include <algorithm>
#include <variant>

namespace confidente::media {

WatchingClient::WatchingClient(const ClientOffer& offer, ClientAnswer answer, const Certificate& certificate,
                               Random& random, Instant now)
    : peer_(client_peer(offer, answer), certificate, random, now),
      publication_(std::move(answer.negotiated.media), offer.published.video, offer.published.cname, now) {}

void WatchingClient::receive(Datagram datagram, Instant now, Outbox& out) {
    const auto received = peer_.receive(datagram, now, out);
    if (received.kind == ReceivedKind::rtp) {
        if (const auto view = RtpPacketView::parse(received.bytes))
            if (const auto packet = publication_.receive(*view, now)) take(*packet);
    } else if (received.kind == ReceivedKind::rtcp) {
        RtcpReader reader(received.bytes);
        while (const auto packet = reader.next()) {
            if (const auto* report = std::get_if<SenderReport>(&*packet)) publication_.receive_report(*report, now);
            if (std::holds_alternative<Goodbye>(*packet)) ++counters_.goodbyes;
        }
    }
    feedback(now, out);
}

void WatchingClient::take(const LayerPacket& packet) {
    if (publication_.media()[packet.track].kind != MediaKind::video) {
        ++counters_.audio;
        return;
    }
    if (packet.epoch != epoch_) {
        epoch_ = packet.epoch;
        waiting_.clear();
        next_.reset();
        depacketizer_.reset();
    }
    if (!next_) next_ = packet.index;
    if (packet.index < *next_) return;
    waiting_[packet.index] = {packet.timestamp, packet.marker, Buffer(packet.payload.begin(), packet.payload.end())};
    depacketize();
}

void WatchingClient::depacketize() {
    while (!waiting_.empty()) {
        const auto first = waiting_.begin();
        if (first->first != *next_) {
            if (waiting_.size() < kWatchReorder) return;
            ++counters_.broken;
            next_ = first->first;
        }
        auto unit =
            depacketizer_.push(first->first, first->second.timestamp, first->second.marker, first->second.payload);
        waiting_.erase(first);
        ++*next_;
        if (!unit) continue;
        if (counters_.frames++ == 0) {
            began_with_keyframe_ = unit->keyframe;
            first_picture_ = unit->annexb;
        }
        if (unit->keyframe) ++counters_.keyframes;
    }
}

void WatchingClient::feedback(Instant now, Outbox& out) {
    if (peer_.state() != PeerState::connected) return;
    while (publication_.deadline() <= now && !out.full()) {
        RtcpWriter writer(out.room().first(kMaxRtcpBytes));
        const bool more = publication_.write_feedback(now, writer);
        if (!writer.empty()) peer_.send_rtcp(writer.bytes().size(), now, out);
        if (!more) return;
    }
}

void WatchingClient::tick(Instant now, Outbox& out) {
    if (peer_.deadline().at <= now) peer_.tick(now, out);
    feedback(now, out);
}

Instant WatchingClient::deadline() const {
    const auto peer = peer_.deadline().at;
    return peer_.state() == PeerState::connected ? std::min(peer, publication_.deadline()) : peer;
}

void WatchingClient::request_keyframe() {
    if (const auto video = publication_.track(MediaKind::video)) publication_.request_keyframe(*video, 0);
}

}  // namespace confidente::media
