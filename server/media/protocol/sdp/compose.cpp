#include "media/protocol/sdp/compose.hpp"

#include "media/protocol/sdp/formats.hpp"

namespace confidente::media::sdp {
namespace {

constexpr std::string_view kStream = "confidente";  // one MediaStream for audio and video, so that they are in step

std::string_view name_of(SetupRole role) {
    return role == SetupRole::passive ? "passive" : role == SetupRole::active ? "active" : "actpass";
}

std::string text(PayloadType type) { return std::to_string(type.value); }

/// RFC 8445 section 5.1.2.1: host candidates, the first one preferred. TCP comes after all UDP, even relayed: a lost
/// segment holds up everything behind it. Its local preference is RFC 6544 section 4.2's, with direction 4 (passive).
std::string candidate_lines(const LocalTransport& local) {
    constexpr std::uint32_t kHostUdp = 126, kHostTcp = 0;
    std::string lines;
    std::uint32_t place = 0;
    for (const HostCandidate& candidate : local.candidates) {
        const bool tcp = candidate.protocol == CandidateProtocol::tcp;
        const std::uint32_t preference = tcp ? 4u << 13 | (8'191 - place) : 65'535 - place;
        const std::uint32_t priority = (tcp ? kHostTcp : kHostUdp) << 24 | preference << 8 | 255u;
        lines += "a=candidate:" + std::to_string(++place) + (tcp ? " 1 tcp " : " 1 udp ") + std::to_string(priority) +
                 " " + candidate.ip + " " + std::to_string(candidate.port) + " typ host" +
                 (tcp ? " tcptype passive\r\n" : "\r\n");
    }
    return lines + "a=end-of-candidates\r\n";
}

std::string transport_lines(const LocalTransport& local, const WrittenMedia& written) {
    std::string lines = "a=ice-ufrag:" + local.ufrag + "\r\na=ice-pwd:" + local.password + "\r\n";
    lines += "a=fingerprint:" + local.fingerprint.algorithm + " " + local.fingerprint.hex + "\r\n";
    lines += "a=setup:" + std::string{name_of(written.setup)} + "\r\n";
    if (written.candidates) lines += candidate_lines(local);
    return lines;
}

std::string extension_lines(const ExtensionIds& ids) {
    std::string lines;
    const auto add = [&](std::uint8_t id, std::string_view uri) {
        if (id != 0) lines += "a=extmap:" + std::to_string(id) + " " + std::string{uri} + "\r\n";
    };
    add(ids.mid, kExtensionMid);
    add(ids.rid, kExtensionRid);
    add(ids.repaired_rid, kExtensionRepairedRid);
    add(ids.transport_cc, kExtensionTransportCc);
    add(ids.abs_send_time, kExtensionAbsSendTime);
    add(ids.dependency, kExtensionDependency);
    return ids.dependency != 0 ? "a=extmap-allow-mixed\r\n" + lines : lines;
}

std::string format_lines(const NegotiatedMedia& media, const WrittenMedia& written) {
    const std::string type = text(media.payload_type);
    std::string lines = "a=rtpmap:" + type + " " + std::string{to_string(media.codec)} + "/" +
                        std::to_string(media.clock_rate) +
                        (media.channels > 1 ? "/" + std::to_string(media.channels) : "") + "\r\n";
    const auto feedback = [&](bool on, std::string_view what) {
        if (on) lines += "a=rtcp-fb:" + type + " " + std::string{what} + "\r\n";
    };
    feedback(media.transport_cc, "transport-cc");
    feedback(media.fir, "ccm fir");
    feedback(media.nack, "nack");
    feedback(media.pli, "nack pli");
    std::string fmtp = answer_fmtp(media.codec, media.fmtp, written.direction);
    if (!fmtp.empty() && !written.extra_fmtp.empty()) fmtp += ';';
    fmtp += written.extra_fmtp;
    if (!fmtp.empty()) lines += "a=fmtp:" + type + " " + fmtp + "\r\n";
    if (media.rtx_payload_type) {
        const std::string rtx = text(*media.rtx_payload_type);
        lines += "a=rtpmap:" + rtx + " rtx/" + std::to_string(media.clock_rate) + "\r\n";
        lines += "a=fmtp:" + rtx + " apt=" + type + "\r\n";
    }
    return lines;
}

std::string simulcast_lines(const NegotiatedMedia& media, Direction direction) {
    if (media.rids.empty()) return {};
    const std::string way = direction == Direction::recvonly ? "recv" : "send";
    std::string lines, list;
    for (const std::string& rid : media.rids) {
        lines += "a=rid:" + rid + " " + way + "\r\n";
        list += (list.empty() ? "" : ";") + rid;
    }
    return lines + "a=simulcast:" + way + " " + list + "\r\n";
}

std::string source_lines(const NegotiatedMedia& media) {
    if (!media.ssrc || media.cname.empty()) return {};
    const std::string msid = std::string{kStream} + " " + std::string{to_string(media.kind)};
    std::string lines = "a=msid:" + msid + "\r\n";
    if (media.rtx_ssrc)
        lines += "a=ssrc-group:FID " + std::to_string(media.ssrc->value) + " " + std::to_string(media.rtx_ssrc->value) +
                 "\r\n";
    const auto add = [&](Ssrc ssrc) {
        lines += "a=ssrc:" + std::to_string(ssrc.value) + " cname:" + media.cname + "\r\n";
        lines += "a=ssrc:" + std::to_string(ssrc.value) + " msid:" + msid + "\r\n";
    };
    add(*media.ssrc);
    if (media.rtx_ssrc) add(*media.rtx_ssrc);
    return lines;
}

}  // namespace

std::string session_lines(const LocalTransport& local, std::span<const NegotiatedMedia> media, bool lite) {
    std::string lines = "v=0\r\no=- " + std::to_string(local.session_id) + " 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
    lines += "a=group:BUNDLE";
    for (const NegotiatedMedia& one : media) lines += " " + one.mid;
    lines += "\r\n";
    if (lite) lines += "a=ice-lite\r\n";
    return lines + "a=msid-semantic: WMS *\r\n";
}

std::string media_lines(const LocalTransport& local, const NegotiatedMedia& media, const WrittenMedia& written) {
    std::string lines = "m=" + std::string{to_string(media.kind)} + " 9 UDP/TLS/RTP/SAVPF " + text(media.payload_type);
    if (media.rtx_payload_type) lines += " " + text(*media.rtx_payload_type);
    lines += "\r\nc=IN IP4 0.0.0.0\r\na=mid:" + media.mid + "\r\n";
    lines += transport_lines(local, written) + extension_lines(media.extensions);
    lines += "a=" + std::string{to_string(written.direction)} + "\r\na=rtcp-mux\r\n";
    if (written.reduced_size_rtcp) lines += "a=rtcp-rsize\r\n";
    lines += format_lines(media, written);
    if (written.direction == Direction::sendonly) lines += source_lines(media);
    return lines + simulcast_lines(media, written.direction);
}

std::string fragment_lines(const LocalTransport& local, const NegotiatedMedia& bundled) {
    std::string lines = "a=ice-lite\r\na=ice-ufrag:" + local.ufrag + "\r\na=ice-pwd:" + local.password + "\r\n";
    lines +=
        "m=" + std::string{to_string(bundled.kind)} + " 9 UDP/TLS/RTP/SAVPF " + text(bundled.payload_type) + "\r\n";
    return lines + "a=mid:" + bundled.mid + "\r\n" + candidate_lines(local);
}

std::string refused_lines(const SdpMedia& offered) {
    std::string lines = "m=" + offered.kind_name + " 0 " + offered.protocol + " " + offered.formats + "\r\n";
    lines += "c=IN IP4 0.0.0.0\r\n";
    if (!offered.mid.empty()) lines += "a=mid:" + offered.mid + "\r\n";
    return lines + "a=inactive\r\n";
}

}  // namespace confidente::media::sdp
