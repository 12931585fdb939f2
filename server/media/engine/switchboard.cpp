// The life of a session in the switchboard: found, connected, ticked, closed. The packets' way is in
// switchboard_packets.cpp, joining in switchboard_joining.cpp, what viewers' paths carry in switchboard_quality.cpp,
// which layers anybody needs in switchboard_demand.cpp.
#include "media/engine/switchboard.hpp"

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {

namespace {
constexpr Duration kHousekeeping = 1s;

HangUpReason reason_of(CloseReason reason) {
    return reason == CloseReason::remote || reason == CloseReason::local ? HangUpReason::client : HangUpReason::lost;
}

void add(PeerCounters& sum, const PeerCounters& one) {
    sum.stray += one.stray;
    sum.malformed += one.malformed;
    sum.unauthenticated += one.unauthenticated;
    sum.replayed += one.replayed;
    sum.not_sent += one.not_sent;
}
}  // namespace

Switchboard::Switchboard(SwitchboardConfig config, SwitchboardPorts ports, Instant now)
    : config_(std::move(config)), ports_(std::move(ports)), next_housekeeping_(now + kHousekeeping) {}

Switchboard::~Switchboard() = default;

void Switchboard::make_room(std::size_t datagrams) {
    if (!out_.room_for(datagrams)) flush();
}

void Switchboard::flush() {
    if (out_.empty()) return;
    stats_.packets_out += out_.size();
    stats_.bytes_out += out_.bytes();
    ports_.flush(out_);
    out_.clear();
}

void Switchboard::remember_address(Session& session, const SocketAddress& address, Instant now) {
    auto& owner = by_address_[address];
    if (owner == &session) return;
    // Whoever holds the address and still proves it keeps it: a forged sender address must not take it away.
    if (owner && owner->peer.validated(address, now)) return;
    if (owner) std::erase(owner->addresses, address);
    owner = &session;
    if (session.addresses.size() >= kMaxIcePairs) {
        auto oldest = std::find_if(session.addresses.begin(), session.addresses.end(),
                                   [&](const SocketAddress& one) { return !session.peer.validated(one, now); });
        if (oldest == session.addresses.end()) oldest = session.addresses.begin();
        by_address_.erase(*oldest);
        session.addresses.erase(oldest);
    }
    session.addresses.push_back(address);
}

void Switchboard::hear(Session& session, Instant now) {
    const bool returns = session.announced && now - session.heard >= kViewerSilence;
    session.heard = now;
    if (!returns || session.role != SessionRole::viewer || !session.stream->source) return;
    for (auto& track : session.tracks)
        if (track.subscription.media().kind == MediaKind::video)
            track.subscription.request_keyframe(*session.stream->source, now);
    if (session.stream->publisher) schedule(*session.stream->publisher);
}

void Switchboard::notice_state(Session& session, Instant now) {
    if (session.doomed) return;
    if (session.peer.state() == PeerState::closed) return close(session, reason_of(session.peer.close_reason()), now);
    if (session.peer.state() == PeerState::connected && !session.announced) connected(session, now);
}

void Switchboard::connected(Session& session, Instant now) {
    session.announced = true;
    session.heard = now;
    auto& stream = *session.stream;
    if (session.role == SessionRole::viewer) {
        ++stream.watching;
        ++stats_.viewers;
        begin_quality(session, now);
        ports_.events.viewer_connected(stream.name, session.id);
        return;
    }
    ++stats_.publishers;
    stream.source = &*session.publication;
    stream.tap.restart();
    stream.demand = {.needed_at = {}, .since = now, .asked = {}, .told_at = now};
    ports_.events.publisher_connected(stream.name);
    connect_viewers(stream, now);
}

/// Viewers who waited for this publisher, or stayed after the last one, go on with the new Publication.
void Switchboard::connect_viewers(Stream& stream, Instant now) {
    const auto fits = [&](const ViewedTrack& track) {
        const auto& viewed = track.subscription.media();
        const auto at = stream.source->track(viewed.kind);
        const SdpPayload payload{.type = viewed.payload_type,
                                 .name = std::string{to_string(viewed.codec)},
                                 .codec = viewed.codec,
                                 .clock_rate = viewed.clock_rate,
                                 .channels = viewed.channels,
                                 .fmtp = viewed.fmtp,
                                 .feedback = {},
                                 .apt = {}};
        return at && can_carry(stream.source->media()[*at], payload);
    };
    const auto viewers = stream.viewers;
    for (auto* viewer : viewers) {
        if (!std::all_of(viewer->tracks.begin(), viewer->tracks.end(), fits)) {
            close(*viewer, HangUpReason::replaced, now);
            continue;
        }
        for (auto& track : viewer->tracks)
            track.subscription.source_restarted(*stream.source->track(track.subscription.media().kind));
        apply_choice(*viewer, now);
        schedule(*viewer);
    }
}

void Switchboard::close(Session& session, HangUpReason reason, Instant now) {
    if (session.doomed) return;
    session.doomed = true;
    doomed_.push_back(session.number);
    if (session.peer.state() == PeerState::connected) {
        send_goodbye(session, now);
        make_room();
        session.peer.close(now, out_);
    }
    leave_stream(session, now);
    by_id_.erase(session.id);
    by_ufrag_.erase(session.ufrag);
    by_ufrag_.erase(session.ufrag_before);
    for (const auto& address : session.addresses) by_address_.erase(address);
    add(closed_peers_, session.peer.counters());
    if (session.role == SessionRole::viewer) count_quality(session);
    if (!session.announced) return;
    if (session.role == SessionRole::publisher) {
        --stats_.publishers;
        ports_.events.publisher_gone(session.stream->name, reason);
    } else {
        --stats_.viewers;
        ports_.events.viewer_gone(session.stream->name, session.id, reason);
    }
}

void Switchboard::leave_stream(Session& session, Instant now) {
    auto& stream = *session.stream;
    if (session.role == SessionRole::viewer) {
        std::erase(stream.viewers, &session);
        if (session.announced) --stream.watching;
        return;
    }
    if (stream.publisher != &session) return;
    fan_out(stream, now);
    stream.publisher = nullptr;
    stream.source = nullptr;
    stream.orphaned = now;
}

void Switchboard::schedule(Session& session) {
    if (session.doomed) return;
    auto next = session.peer.deadline().at;
    // Until both ends are there, tick_session() has nothing to do for the media.
    if (session.publication && session.announced) next = std::min(next, session.publication->deadline());
    if (session.stream->source && session.announced)
        for (const auto& track : session.tracks) next = std::min(next, track.subscription.deadline());
    if (session.stream->source && session.announced && session.estimator)
        next = std::min(next, session.estimator->deadline());
    if (next >= session.scheduled) return;
    session.scheduled = next;
    timers_.push({next, session.number});
}

Instant Switchboard::deadline() const {
    auto next = next_housekeeping_;
    if (!timers_.empty()) next = std::min(next, timers_.first().at);
    for (const auto* stream : bursting_) next = std::min(next, stream->burst.due());
    return next;
}

void Switchboard::tick(Instant now) {
    while (!timers_.empty() && timers_.first().at <= now) {
        const auto entry = timers_.pop();
        const auto found = sessions_.find(entry.session);
        if (found == sessions_.end() || found->second->doomed || found->second->scheduled != entry.at) continue;
        auto& session = *found->second;
        session.scheduled = Instant::never();
        tick_session(session, now);
        // Nothing may be due again in the same moment, or one session could hold the worker for ever.
        if (session.doomed) continue;
        schedule(session);
        if (session.scheduled <= now) {
            session.scheduled = now + 1ms;
            timers_.push({session.scheduled, session.number});
        }
    }
    if (now >= next_housekeeping_) housekeep(now);
}

void Switchboard::tick_session(Session& session, Instant now) {
    make_room();
    if (session.peer.deadline().at <= now) session.peer.tick(now, out_);
    notice_state(session, now);
    if (session.doomed || !session.announced) return;
    if (session.publication) return send_feedback(session, now);
    auto* source = session.stream->source;
    if (!source) return;
    tend_estimate(session, now);
    for (auto& track : session.tracks) {
        if (track.subscription.deadline() > now) continue;
        if (track.subscription.media().kind == MediaKind::video) tell_wish(session, now);
        track.subscription.tick(*source, now);
        make_room();
        RtcpWriter writer(out_.room().first(kMaxRtcpBytes));
        if (track.subscription.write_report(*source, now, writer) && !writer.empty())
            session.peer.send_rtcp(writer.bytes().size(), now, out_);
    }
    // A viewer's wish may have become a keyframe request.
    if (session.stream->publisher) schedule(*session.stream->publisher);
}

void Switchboard::housekeep(Instant now) {
    next_housekeeping_ = now + kHousekeeping;
    std::vector<std::string> over;
    for (auto& [name, stream] : streams_)
        if (!stream->publisher && (stream->viewers.empty() || now - stream->orphaned >= kReconnectGrace))
            over.push_back(name);
    for (const auto& name : over) end_stream(name, now);
    for (auto& [name, stream] : streams_) weigh_demand(*stream, now);
    take_census(now);
}

void Switchboard::settle(Instant now) {
    fan_out_due(now);
    for (const auto number : touched_) {
        const auto found = sessions_.find(number);
        if (found == sessions_.end() || found->second->doomed) continue;
        found->second->touched = false;
        send_feedback(*found->second, now);
        schedule(*found->second);
    }
    touched_.clear();
    for (const auto number : doomed_) sessions_.erase(number);
    doomed_.clear();
    flush();
}

EngineStats Switchboard::stats() const {
    auto sum = closed_peers_;
    for (const auto& [number, session] : sessions_)
        if (!session->doomed) add(sum, session->peer.counters());
    auto stats = stats_;
    stats.dropped_stray += sum.stray;
    stats.dropped_malformed += sum.malformed;
    stats.dropped_unauthenticated += sum.unauthenticated;
    stats.dropped_replayed += sum.replayed;
    stats.sessions = sessions_.size();
    return stats;
}

std::vector<StreamStats> Switchboard::streams(Instant now) const {
    std::vector<StreamStats> all;
    all.reserve(streams_.size());
    for (const auto& [name, stream] : streams_)
        all.push_back({.stream = name,
                       .publishing = stream->source != nullptr,
                       .viewers = stream->watching,
                       .bitrate_bps = stream->source ? stream->source->bitrate_bps(now) : 0});
    return all;
}

}  // namespace confidente::media
