// A publisher's streams inside the router: latches SSRCs to tracks and layers, numbers packets without padding, keeps
// the recent ones for repetition, asks for lost ones, reports reception. Sans-IO; one owner, not thread-safe; nothing
// allocates per packet (a layer's ring is allocated when the layer is first seen).
//
// How the engine drives it (every RTP and RTCP packet comes decrypted from the publisher's Peer):
//
//   if (auto view = RtpPacketView::parse(bytes))
//       for (auto packet = publication.receive(*view, now); packet;   // nothing: stray, padding, repeated, RTX probe
//            packet = publication.following())                        // a keyframe behind parameter sets that it
//            lacked
//           for (auto& subscription : subscriptions of packet->track)
//               if (auto out = subscription.forward(*packet, publication, now)) send(*out);
//   for each SenderReport of the publisher:   publication.receive_report(report, now);
//   after each batch, and at publication.deadline():
//       RtcpWriter writer{buffer};  publication.write_feedback(now, writer);   // RR+SDES, NACK, PLI, transport-cc
//       then seal and send writer.bytes() unless empty; repeat while `more` is returned.
//
// A viewer's PLI or FIR, a viewer who joins and a viewer who changes layer all end in request_keyframe(track, layer);
// Subscription does it itself in forward() and request_keyframe(). Only write_feedback() speaks to the publisher.
//
// Invariants: at most kMaxSsrcs SSRCs are ever latched, only under negotiated mids, rids and payload types; a packet
// is given out at most once; `index` has no holes other than real losses.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "media/protocol/rtcp/transport_feedback.hpp"
#include "media/protocol/sdp/negotiate.hpp"
#include "media/routing/keyframe_gate.hpp"
#include "media/routing/packet.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxSsrcs =
    8;  ///< security-and-reliability.md 2.10: three layers, their RTX, audio, spare
inline constexpr Duration kLayerSilence = 1500ms;  ///< a layer without packets for so long is not on
inline constexpr Duration kReportInterval = 1s;    ///< receiver reports to the publisher
inline constexpr Duration kRoundTripMemory = 10s;  ///< the longest of so long, and up to twice that, counts
inline constexpr Duration kMaxClockStep = 5s;      ///< a publisher's wall clock that jumps further was set anew

class Layer;  // layer.hpp

struct PublicationCounters {
    std::uint64_t packets = 0;    ///< given out
    std::uint64_t stray = 0;      ///< no track or layer is negotiated for it, or it is larger than a packet can be
    std::uint64_t padding = 0;    ///< dropped without a gap
    std::uint64_t repeated = 0;   ///< seen before
    std::uint64_t recovered = 0;  ///< late, or lost, asked for, and arrived after all
    std::uint64_t nacks_out = 0;  ///< numbers asked for
    std::uint64_t plis_out = 0;
    std::uint64_t sets_inserted = 0;  ///< parameter sets said again before a keyframe that came without
};

/// This server's clock as sender reports write it: even, and the same for all streams and publishers.
NtpTime ntp_of(Instant now);

class Publication {
public:
    /// `media` as make_publish_answer() gave it; `feedback_ssrc` is ours in the reports to this publisher.
    Publication(std::vector<NegotiatedMedia> media, Ssrc feedback_ssrc, std::string cname, Instant now);
    ~Publication();
    Publication(Publication&&) noexcept;
    Publication& operator=(Publication&&) noexcept;

    std::span<const NegotiatedMedia> media() const { return media_; }
    /// The index of the track of this kind, if it was negotiated.
    std::optional<std::uint8_t> track(MediaKind kind) const;

    std::optional<LayerPacket> receive(const RtpPacketView& packet, Instant now);
    /// The packet behind the one that receive() gave, when there are two.
    std::optional<LayerPacket> following() { return std::exchange(following_, std::nullopt); }
    void receive_report(const SenderReport& report, Instant now);
    void request_keyframe(std::uint8_t track, std::uint8_t layer);

    /// What must be told to the publisher now. True when something did not fit: call again with a fresh writer.
    bool write_feedback(Instant now, RtcpWriter& out);
    /// When write_feedback() has something to say.
    Instant deadline() const;

    /// How long it takes to a viewer and back; sizes the rings.
    void note_round_trip(Duration round_trip, Instant now);
    /// The longest that was noted lately.
    std::optional<Duration> viewers_round_trip(Instant now) const;
    /// To the publisher and back, as its repetitions on this layer tell.
    std::optional<Duration> round_trip(std::uint8_t track, std::uint8_t layer) const;

    /// The spatial layers of a stream that carries them all (SVC) count as layers here, the smallest first; elsewhere a
    /// layer is one encoding. Layers seen so far; those that arrive (on()) in ascending quality: picture size, then
    /// place in the offer.
    std::size_t layer_count(std::uint8_t track) const;
    bool layer_on(std::uint8_t track, std::uint8_t layer, Instant now) const;
    /// The layers of a track that are on, best last, written into `out`; how many.
    std::size_t ladder(std::uint8_t track, Instant now, std::array<std::uint8_t, kMaxLayers>& out) const;
    /// The same of every layer seen so far, whether it arrives or not.
    std::size_t known_ladder(std::uint8_t track, std::array<std::uint8_t, kMaxLayers>& out) const;
    std::uint64_t bitrate_bps(std::uint8_t track, std::uint8_t layer, Instant now) const;
    /// What the layer takes while it arrives: remembered of one that pauses.
    std::uint64_t usual_bps(std::uint8_t track, std::uint8_t layer, Instant now) const;
    std::uint64_t bitrate_bps(Instant now) const;                            ///< all layers, over the last second
    PictureSize picture_size(std::uint8_t track, std::uint8_t layer) const;  ///< zero until a keyframe told

    /// A packet from the ring, for a viewer who lost it.
    std::optional<LayerPacket> stored(std::uint8_t track, std::uint8_t layer, std::uint32_t epoch,
                                      std::int64_t index) const;

    /// The publisher's wall clock, as its sender report said: `ntp` and `rtp` are one moment, at `at` here.
    struct ClockMark {
        NtpTime ntp;
        RtpTimestamp rtp;
        Instant at;
        std::uint32_t epoch = 0;  ///< of the layer, see LayerPacket
    };
    std::optional<ClockMark> clock_mark(std::uint8_t track, std::uint8_t layer) const;
    /// What turns the publisher's wall clock into ntp_of(), one for all of its streams: viewers' clocks then go on when
    /// another publisher comes, and sound and picture move by the same. 32.32 seconds, modulo 2^64.
    std::uint64_t clock_offset() const { return clock_offset_.value_or(0); }

    const PublicationCounters& counters() const { return counters_; }

private:
    struct Source {
        Ssrc ssrc;
        std::uint8_t track = 0, layer = 0;
        bool repair = false;
    };
    std::optional<std::uint8_t> track_of(const RtpPacketView& packet) const;
    const Source* latch(const RtpPacketView& packet, std::uint8_t track, bool repair);
    std::optional<std::uint8_t> layer_named(const RtpPacketView& packet, std::uint8_t track, bool repair) const;
    std::optional<std::uint8_t> layer_that_lacks(const RtpPacketView& packet, std::uint8_t track) const;
    void note_transport_number(const RtpPacketView& packet, std::uint8_t track, Instant now);
    bool write_reports(Instant now, RtcpWriter& out);
    bool write_requests(std::uint8_t track, Layer& layer, Instant now, RtcpWriter& out);
    void sort_by_quality(std::uint8_t track, std::span<std::uint8_t> layers) const;
    const Layer* layer_at(std::uint8_t track, std::uint8_t layer) const;
    /// The one encoding of a track that has several spatial layers, else null.
    const Layer* scalable(std::uint8_t track) const;
    void fit_rings(Instant now);

    std::vector<NegotiatedMedia> media_;
    Ssrc feedback_ssrc_;
    std::string cname_;
    std::vector<Source> sources_;  ///< at most kMaxSsrcs
    std::array<std::array<std::unique_ptr<Layer>, kMaxLayers>, kMaxTracks> layers_;
    std::unique_ptr<TransportArrivals> arrivals_;
    Instant next_report_, next_transport_feedback_;
    Ssrc transport_media_;
    std::uint8_t fir_sequence_ = 0;
    std::optional<LayerPacket> following_;
    std::optional<std::uint64_t> clock_offset_;
    std::optional<Duration> round_trip_now_, round_trip_before_;  ///< longest of this and the last kRoundTripMemory
    Instant round_trip_since_;
    PublicationCounters counters_;
};

}  // namespace confidente::media
