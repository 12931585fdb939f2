// A publisher and its viewers in memory, for the tests of this room.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "media/routing/publication.hpp"
#include "media/routing/subscription.hpp"
#include "platform/base/random.hpp"

namespace confidente::media::testing {

constexpr std::uint8_t kVideo = 0, kAudio = 1;

inline NegotiatedMedia video_media(std::vector<std::string> rids) {
    NegotiatedMedia media;
    media.kind = MediaKind::video;
    media.mid = "0";
    media.codec = Codec::h264;
    media.payload_type = {108};
    media.rtx_payload_type = PayloadType{109};
    media.extensions = {
        .mid = 9, .rid = 10, .repaired_rid = 11, .transport_cc = 4, .abs_send_time = 2, .dependency = 0};
    media.nack = media.pli = media.fir = media.transport_cc = true;
    media.rids = std::move(rids);
    return media;
}
inline NegotiatedMedia audio_media() {
    NegotiatedMedia media;
    media.kind = MediaKind::audio;
    media.mid = "1";
    media.codec = Codec::opus;
    media.payload_type = {111};
    media.clock_rate = 48'000;
    media.channels = 2;
    media.extensions = {.mid = 9, .rid = 0, .repaired_rid = 0, .transport_cc = 4, .abs_send_time = 2, .dependency = 0};
    media.transport_cc = true;
    return media;
}
inline NegotiatedMedia for_viewer(NegotiatedMedia media, std::uint32_t ssrc) {
    media.rids.clear();
    media.ssrc = Ssrc{ssrc};
    if (media.rtx_payload_type) media.rtx_ssrc = Ssrc{ssrc + 1};
    media.cname = "live";
    return media;
}

inline const Buffer kKeyframeStart = {0x67, 0x42, 0xE0, 0x1F, 1, 2, 3, 4};  // an SPS by its type
inline const Buffer kSlice = {0x41, 5, 6, 7, 8};

/// One packet as it stands on the wire.
struct Wire {
    RtpHeader header;
    std::string rid, repaired_rid;  ///< empty = not said
    std::string mid;
    Buffer payload;
    std::optional<std::uint16_t> transport_number = {};
    bool padded = false;
    Buffer descriptor = {};  ///< of dependencies; empty = none

    Buffer bytes() const {
        std::array<std::uint8_t, 2> number = {};
        if (transport_number) store_be16(number.data(), *transport_number);
        const RtpExtension extensions[] = {
            {mid.empty() ? std::uint8_t{0} : std::uint8_t{9}, as_bytes(mid)},
            {rid.empty() ? std::uint8_t{0} : std::uint8_t{10}, as_bytes(rid)},
            {repaired_rid.empty() ? std::uint8_t{0} : std::uint8_t{11}, as_bytes(repaired_rid)},
            {transport_number ? std::uint8_t{4} : std::uint8_t{0}, number},
            {descriptor.empty() ? std::uint8_t{0} : std::uint8_t{13}, descriptor}};
        Buffer out(kMaxRtpHeaderBytes + kMaxDependencyDescriptor);
        out.resize(write_rtp_header(header, extensions, out));
        out.insert(out.end(), payload.begin(), payload.end());
        if (padded) {
            out[0] |= 0x20;
            out.insert(out.end(), {0, 0, 3});
        }
        return out;
    }
};

/// One layer of a publisher, packet by packet.
struct Encoder {
    Ssrc ssrc;
    std::string rid;
    SeqNo sequence{65'500};
    RtpTimestamp timestamp{0xFFFF0000};
    std::uint8_t payload_type = 108;
    std::string mid = "0";

    Wire next(Buffer payload, bool marker = true) {
        Wire wire{{{payload_type}, sequence, timestamp, ssrc, marker}, rid, {}, mid, std::move(payload)};
        sequence = sequence + 1;
        return wire;
    }
    Wire padding() {
        Wire wire = next({}, false);
        wire.padded = true;
        return wire;
    }
};

/// What leaves write_feedback(), sorted by kind.
struct Feedback {
    std::vector<std::uint16_t> nacked;
    std::map<std::uint32_t, int> keyframes;  ///< PLI and FIR by media SSRC
    std::vector<ReportBlock> blocks;
    int transport = 0;
};
inline Feedback feedback_of(Publication& publication, Instant now) {
    Feedback feedback;
    bool more = true;
    while (more) {
        std::array<std::uint8_t, kMaxRtcpBytes> buffer;
        RtcpWriter writer{buffer};
        more = publication.write_feedback(now, writer);
        RtcpReader reader{writer.bytes()};
        while (const auto packet = reader.next()) {
            if (const auto* nack = std::get_if<Nack>(&*packet))
                nack->for_each([&](SeqNo seq) { feedback.nacked.push_back(seq.value); });
            if (const auto* pli = std::get_if<PictureLoss>(&*packet)) ++feedback.keyframes[pli->media.value];
            if (const auto* rr = std::get_if<ReceiverReport>(&*packet))
                for (std::size_t i = 0; i < rr->blocks.size(); ++i) feedback.blocks.push_back(rr->blocks[i]);
            if (std::holds_alternative<TransportFeedback>(*packet)) ++feedback.transport;
        }
    }
    return feedback;
}

/// Hands a datagram in. Its bytes are kept for a while, since what comes back borrows from them.
inline std::optional<LayerPacket> give(Publication& publication, Buffer bytes, Instant now) {
    static std::deque<Buffer> kept;
    kept.push_back(std::move(bytes));
    if (kept.size() > 16) kept.pop_front();
    const auto view = RtpPacketView::parse(kept.back());
    return view ? publication.receive(*view, now) : std::nullopt;
}

/// All that one datagram gives.
inline std::vector<LayerPacket> give_all(Publication& publication, Buffer bytes, Instant now) {
    std::vector<LayerPacket> all;
    for (auto packet = give(publication, std::move(bytes), now); packet; packet = publication.following())
        all.push_back(*packet);
    return all;
}

/// A viewer's request for these; `items` holds its bytes.
inline Nack nack_of(Buffer& items, std::initializer_list<std::uint16_t> lost) {
    for (const std::uint16_t seq : lost) {
        items.resize(items.size() + 4);
        store_be16(items.data() + items.size() - 4, seq);
    }
    return {{1}, {7000}, items};
}

}  // namespace confidente::media::testing
