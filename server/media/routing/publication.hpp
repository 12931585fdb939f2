// A publisher's streams inside the router: latches SSRCs to tracks and layers, numbers packets without padding, keeps
// the recent ones for repetition, asks for lost ones, reports reception. Sans-IO; one owner, not thread-safe; nothing
// allocates per packet (a layer's ring is allocated when the layer is first seen).
//
// How the engine drives it (every RTP and RTCP packet comes decrypted from the publisher's Peer):
//
//   if (auto view = RtpPacketView::parse(bytes))
//       if (auto packet = publication.receive(*view, now))            // nothing: stray, padding, repeated, RTX probe
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

class Layer;  // layer.hpp

struct PublicationCounters {
    std::uint64_t packets = 0;    ///< given out
    std::uint64_t stray = 0;      ///< no track or layer is negotiated for it
    std::uint64_t padding = 0;    ///< dropped without a gap
    std::uint64_t repeated = 0;   ///< seen before
    std::uint64_t recovered = 0;  ///< lost, asked for, and arrived after all
    std::uint64_t nacks_out = 0;  ///< numbers asked for
    std::uint64_t plis_out = 0;
};

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
    void receive_report(const SenderReport& report, Instant now);
    void request_keyframe(std::uint8_t track, std::uint8_t layer);

    /// What must be told to the publisher now. True when something did not fit: call again with a fresh writer.
    bool write_feedback(Instant now, RtcpWriter& out);
    /// When write_feedback() has something to say.
    Instant deadline() const;

    /// Layers seen so far; those that arrive (on()) in ascending quality: picture size, then place in the offer.
    std::size_t layer_count(std::uint8_t track) const;
    bool layer_on(std::uint8_t track, std::uint8_t layer, Instant now) const;
    /// The layers of a track that are on, best last, written into `out`; how many.
    std::size_t ladder(std::uint8_t track, Instant now, std::array<std::uint8_t, kMaxLayers>& out) const;
    std::uint64_t bitrate_bps(std::uint8_t track, std::uint8_t layer, Instant now) const;
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
    void note_transport_number(const RtpPacketView& packet, std::uint8_t track, Instant now);
    bool write_reports(Instant now, RtcpWriter& out);
    bool write_requests(std::uint8_t track, Layer& layer, Instant now, RtcpWriter& out);
    const Layer* layer_at(std::uint8_t track, std::uint8_t layer) const;

    std::vector<NegotiatedMedia> media_;
    Ssrc feedback_ssrc_;
    std::string cname_;
    std::vector<Source> sources_;  ///< at most kMaxSsrcs
    std::array<std::array<std::unique_ptr<Layer>, kMaxLayers>, kMaxTracks> layers_;
    std::unique_ptr<TransportArrivals> arrivals_;
    Instant next_report_, next_transport_feedback_;
    Ssrc transport_media_;
    std::uint8_t fir_sequence_ = 0;
    PublicationCounters counters_;
};

}  // namespace confidente::media
