// The way of a packet through the switchboard: publisher to viewers, and feedback back. No allocation, lock or log.
#include <algorithm>
#include <array>
#include <variant>

#include "media/engine/switchboard.hpp"
#include "media/protocol/rtp/packet.hpp"

namespace confidente::media {

namespace {
constexpr int kFeedbackPacketsAtOnce = 8;  ///< of one publisher; the rest waits for the next batch

bool is_stun(Bytes bytes) { return !bytes.empty() && bytes[0] <= 3; }

/// A live's viewers do not fit the processor's nearest memory, so each is asked for two viewers ahead of its turn:
/// first the session, then what the session points to.
void prefetch_soon(const std::vector<Session*>& viewers, std::size_t at) {
    if (at + 2 < viewers.size()) {
        const auto& session = *viewers[at + 2];
        __builtin_prefetch(&session.announced);
        __builtin_prefetch(&session.tracks);
        __builtin_prefetch(&session.estimator);
        session.peer.prefetch();
    }
    if (at + 1 >= viewers.size()) return;
    const auto& session = *viewers[at + 1];
    session.peer.prefetch_keys();
    if (session.estimator) session.estimator->prefetch(session.transport_sequence);
    const auto* end = reinterpret_cast<const char*>(session.tracks.data() + session.tracks.size());
    for (const auto* line = reinterpret_cast<const char*>(session.tracks.data()); line < end; line += 64)
        __builtin_prefetch(line);
}
}  // namespace

void Switchboard::receive(Datagram datagram, Instant now) {
    ++stats_.packets_in;
    stats_.bytes_in += datagram.bytes.size();
    make_room();
    if (is_stun(datagram.bytes)) return receive_stun(datagram, now);
    const auto found = by_address_.find(datagram.from);
    if (found == by_address_.end()) {
        ++stats_.dropped_stray;
        return;
    }
    take(*found->second, datagram, now);
}

/// STUN finds its session by our user fragment: the address may be new, or once have been another session's.
void Switchboard::receive_stun(const Datagram& datagram, Instant now) {
    const auto message = StunMessage::parse(datagram.bytes);
    if (!message) {
        ++stats_.dropped_malformed;
        return;
    }
    const auto username = message->username();
    const auto found = by_ufrag_.find(std::string{username.substr(0, username.find(':'))});
    if (found == by_ufrag_.end()) {
        ++stats_.dropped_unauthenticated;
        return;
    }
    auto& session = *found->second;
    const auto heard = session.peer.last_heard();
    session.peer.receive(datagram, now, out_);
    if (session.peer.validated(datagram.from, now)) remember_address(session, datagram.from, now);
    if (session.peer.last_heard() != heard) hear(session, now);
    if (!session.ufrag_before.empty() && !session.peer.restarting()) {
        by_ufrag_.erase(session.ufrag_before);
        session.ufrag_before.clear();
    }
    notice_state(session, now);
    schedule(session);
}

void Switchboard::take(Session& session, Datagram datagram, Instant now) {
    const auto received = session.peer.receive(datagram, now, out_);
    if (received.kind == ReceivedKind::nothing) {
        notice_state(session, now);
        return schedule(session);
    }
    hear(session, now);
    const bool publisher = session.role == SessionRole::publisher;
    if (publisher) {
        const auto warned = session.policer.seconds_warned();
        const auto verdict = session.policer.packet(datagram.bytes.size(), now);
        stats_.seconds_policed += session.policer.seconds_warned() - warned;
        if (verdict != PolicerVerdict::pass) ++stats_.dropped_policed;
        if (verdict == PolicerVerdict::close) return close(session, HangUpReason::abusive, now);
        if (verdict == PolicerVerdict::drop) return;
    }
    if (received.kind == ReceivedKind::rtcp) {
        publisher ? take_publisher_rtcp(session, received.bytes, now) : take_viewer_rtcp(session, received.bytes, now);
    } else if (publisher) {
        take_rtp(session, received.bytes, now);
    } else {
        ++stats_.dropped_malformed;  // a viewer has nothing to say in RTP
    }
}

void Switchboard::take_rtp(Session& publisher, Bytes bytes, Instant now) {
    const auto view = RtpPacketView::parse(bytes);
    if (!view) {
        ++stats_.dropped_malformed;
        return;
    }
    if (!publisher.touched) {
        publisher.touched = true;
        touched_.push_back(publisher.number);
    }
    auto& publication = *publisher.publication;
    auto& stream = *publisher.stream;
    for (auto packet = publication.receive(*view, now); packet; packet = publication.following()) {
        if (stream.source != &publication) return;
        if (auto keyframe = stream.tap.packet(*packet, publication, now))
            ports_.keyframe(stream.name, std::move(*keyframe));
        gather(stream, *packet, now);
    }
}

void Switchboard::gather(Stream& stream, const LayerPacket& packet, Instant now) {
    if (stream.watching == 0) return;
    if (stream.burst.empty()) bursting_.push_back(&stream);
    stream.burst.add(packet, now);
    if (stream.burst.full()) fan_out(stream, now);
}

void Switchboard::fan_out_due(Instant now) {
    for (std::size_t i = 0; i < bursting_.size();) {
        auto& stream = *bursting_[i];
        // fan_out() takes the stream off this list.
        if (stream.burst.due() <= now)
            fan_out(stream, now);
        else
            ++i;
    }
}

/// The burst to every viewer. Video leaves before audio: small audio packets may end a row of large ones, not begin it.
void Switchboard::fan_out(Stream& stream, Instant now) {
    std::erase(bursting_, &stream);
    if (stream.burst.empty()) return;
    const auto packets = stream.burst.packets();
    for (std::size_t at = 0; at < stream.viewers.size(); ++at) {
        prefetch_soon(stream.viewers, at);
        auto* viewer = stream.viewers[at];
        if (!viewer->announced || !stream.source) continue;
        make_room(packets.size());
        for (auto& track : viewer->tracks) {
            for (std::size_t i = 0; i < packets.size(); ++i) {
                if (track.subscription.track() != packets[i].track) continue;
                if (const auto out = track.subscription.forward(packets[i], *stream.source, now))
                    send(*viewer, track.subscription, *out, now, stream.burst.padding(i));
            }
        }
    }
    stream.burst.clear();
    // A viewer's wish may have become a keyframe request.
    if (stream.publisher) schedule(*stream.publisher);
}

bool Switchboard::send(Session& viewer, const Subscription& subscription, const OutgoingRtp& packet, Instant now,
                       std::uint8_t padding) {
    make_room();
    const auto room = out_.room();
    auto size = subscription.write(packet, viewer.transport_sequence, now,
                                   room.first(room.size() - kMaxSrtpOverhead - padding));
    if (size != 0 && padding != 0) size = pad_rtp(room, size, padding);
    if (size == 0 || !viewer.peer.send_rtp(size, now, out_)) return false;
    // Only packets that carry a number use one up, or the receiver would miss it.
    if (subscription.media().extensions.transport_cc == 0) return true;
    if (viewer.estimator) viewer.estimator->sent(viewer.transport_sequence, size + kMaxSrtpOverhead, now);
    viewer.transport_sequence = viewer.transport_sequence + 1;
    return true;
}

void Switchboard::send_feedback(Session& publisher, Instant now) {
    auto& publication = *publisher.publication;
    if (!publisher.announced || publication.deadline() > now) return;
    bool more = true;
    for (int i = 0; more && i < kFeedbackPacketsAtOnce; ++i) {
        make_room();
        RtcpWriter writer(out_.room().first(kMaxRtcpBytes));
        more = publication.write_feedback(now, writer);
        if (writer.empty()) break;
        publisher.peer.send_rtcp(writer.bytes().size(), now, out_);
    }
    const auto& counters = publication.counters();
    stats_.nacks_out += counters.nacks_out - publisher.nacks_told;
    stats_.plis_out += counters.plis_out - publisher.plis_told;
    publisher.nacks_told = counters.nacks_out;
    publisher.plis_told = counters.plis_out;
}

void Switchboard::take_publisher_rtcp(Session& publisher, Bytes compound, Instant now) {
    RtcpReader reader(compound);
    while (const auto packet = reader.next())
        if (const auto* report = std::get_if<SenderReport>(&*packet))
            publisher.publication->receive_report(*report, now);
    if (reader.malformed()) ++stats_.dropped_malformed;
}

void Switchboard::take_report(Session& viewer, const ReportBlock& block, Instant now) {
    auto& publication = *viewer.stream->source;
    for (auto& track : viewer.tracks) {
        if (track.subscription.ssrc() != block.ssrc) continue;
        track.subscription.receive_report(block, publication, now);
        if (track.subscription.media().kind != MediaKind::video) continue;
        const auto since = now - track.reported_at;
        if (since < 200ms) continue;
        const auto octets = track.subscription.counters().octets;
        const auto sending =
            (octets - track.octets_reported) * 8 * 1000 /
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
        track.octets_reported = octets;
        track.reported_at = now;
        std::array<std::uint8_t, kMaxLayers> ladder{};
        const auto on = publication.ladder(track.subscription.track(), now, ladder);
        const auto top = on == 0 ? 0 : publication.bitrate_bps(track.subscription.track(), ladder[on - 1], now);
        track.budget.report(block.fraction_lost, sending, top, now);
        if (!follows_estimate(viewer, now)) track.subscription.set_budget_bps(track.budget.bps());
    }
}

void Switchboard::take_viewer_rtcp(Session& viewer, Bytes compound, Instant now) {
    auto* source = viewer.stream->source;
    if (!source || !viewer.announced) return;
    const auto subscription_of = [&](Ssrc ssrc) -> Subscription* {
        for (auto& track : viewer.tracks)
            if (track.subscription.ssrc() == ssrc) return &track.subscription;
        return nullptr;
    };
    const auto blocks = [&](const ReportBlocks& all) {
        for (std::size_t i = 0; i < all.size(); ++i) take_report(viewer, all[i], now);
    };
    const auto keyframe = [&](Ssrc media) {
        auto* subscription = subscription_of(media);
        if (!subscription) return;
        ++stats_.plis_in;
        subscription->request_keyframe(*source, now);
    };
    RtcpReader reader(compound);
    while (const auto packet = reader.next()) {
        if (const auto* nack = std::get_if<Nack>(&*packet)) {
            auto* subscription = subscription_of(nack->media);
            if (!subscription) continue;
            const auto before = subscription->counters();
            subscription->receive_nack(*nack, *source, now, [&](const OutgoingRtp& again) {
                if (may_repeat(viewer, again.payload.size(), now)) send(viewer, *subscription, again, now);
            });
            stats_.nacks_in += subscription->counters().nacks_in - before.nacks_in;
            stats_.retransmitted += subscription->counters().repeated - before.repeated;
        } else if (const auto* loss = std::get_if<PictureLoss>(&*packet)) {
            keyframe(loss->media);
        } else if (const auto* intra = std::get_if<FullIntraRequest>(&*packet)) {
            for (std::size_t i = 0; i < intra->size(); ++i) keyframe(intra->media(i));
        } else if (const auto* feedback = std::get_if<TransportFeedback>(&*packet)) {
            take_feedback(viewer, *feedback, now);
        } else if (const auto* estimate = std::get_if<ReceiverEstimate>(&*packet)) {
            for (auto& track : viewer.tracks) track.budget.receiver_estimate(estimate->bitrate_bps);
        } else if (const auto* receiver = std::get_if<ReceiverReport>(&*packet)) {
            blocks(receiver->blocks);
        } else if (const auto* sender = std::get_if<SenderReport>(&*packet)) {
            blocks(sender->blocks);
        }
    }
    if (reader.malformed()) ++stats_.dropped_malformed;
    if (viewer.stream->publisher) schedule(*viewer.stream->publisher);
}

void Switchboard::send_goodbye(Session& session, Instant now) {
    make_room();
    std::array<Ssrc, kMaxTracks> sources{};
    std::size_t count = 0;
    for (const auto& track : session.tracks)
        if (count < sources.size()) sources[count++] = track.subscription.ssrc();
    if (count == 0) return;
    RtcpWriter writer(out_.room().first(kMaxRtcpBytes));
    // A compound begins with a report (RFC 3550 §6.1), if only an empty one.
    writer.receiver_report(sources[0], {});
    writer.goodbye(std::span{sources}.first(count));
    session.peer.send_rtcp(writer.bytes().size(), now, out_);
}

}  // namespace confidente::media
