#include "media/protocol/sdp/formats.hpp"

#include <charconv>

namespace confidente::media::sdp {
namespace {

H264Profile profile_of(std::uint32_t id) {
    const std::uint32_t idc = id >> 16, constraints = id >> 8 & 0xFF;
    // RFC 6184 section 8.1, table 5; constraint_set1 makes baseline and extended the constrained baseline.
    if (idc == 0x42) return constraints & 0x40 ? H264Profile::constrained_baseline : H264Profile::baseline;
    if (idc == 0x4D) return constraints & 0x80 ? H264Profile::constrained_baseline : H264Profile::main;
    if (idc == 0x58 && (constraints & 0xC0) == 0xC0) return H264Profile::constrained_baseline;
    return idc == 0x64 ? H264Profile::high : H264Profile::other;
}

std::string_view parameter(std::string_view fmtp, std::string_view name, std::string_view otherwise) {
    return fmtp_parameter(fmtp, name).value_or(otherwise);
}

/// Lower is better; nothing for what we do not take.
std::optional<int> rank(const SdpPayload& payload) {
    switch (payload.codec) {
        case Codec::h264: {
            const H264Format format = read_h264_format(payload.fmtp);
            if (!format.readable || format.profile == H264Profile::other) return {};
            return (format.interleaves_nothing ? 0 : 100) + static_cast<int>(format.profile);
        }
        case Codec::vp8:
            return 10;
        case Codec::vp9:
            if (parameter(payload.fmtp, "profile-id", "0") != "0") return {};
            return 20;
        case Codec::av1:
            if (parameter(payload.fmtp, "profile", "0") != "0") return {};
            return 30;
        case Codec::opus:
            return 0;
        case Codec::other:
            break;
    }
    return {};
}

bool fits_kind(const SdpMedia& media, Codec codec) {
    return codec != Codec::other && (media.kind == MediaKind::audio) == (codec == Codec::opus);
}

bool same_profile(const NegotiatedMedia& published, const SdpPayload& offered) {
    return published.codec != Codec::h264 ||
           read_h264_format(published.fmtp).profile == read_h264_format(offered.fmtp).profile;
}

}  // namespace

H264Format read_h264_format(std::string_view fmtp) {
    H264Format format;
    if (const auto id = fmtp_parameter(fmtp, "profile-level-id")) {
        const auto [end, error] = std::from_chars(id->data(), id->data() + id->size(), format.profile_level_id, 16);
        format.readable = id->size() == 6 && error == std::errc{} && end == id->data() + id->size();
    }
    const std::string_view mode = parameter(fmtp, "packetization-mode", "0");
    format.interleaves_nothing = mode == "1";
    format.readable = format.readable && (mode == "0" || mode == "1");
    format.level_asymmetry = parameter(fmtp, "level-asymmetry-allowed", "0") == "1";
    format.profile = profile_of(format.profile_level_id);
    return format;
}

const SdpPayload* choose_published(const SdpMedia& media) {
    const SdpPayload* best = nullptr;
    int best_rank = 0;
    for (const SdpPayload& payload : media.payloads) {
        const auto its = fits_kind(media, payload.codec) ? rank(payload) : std::nullopt;
        if (its && (!best || *its < best_rank)) best = &payload, best_rank = *its;
    }
    return best;
}

const SdpPayload* choose_played(const SdpMedia& media, const NegotiatedMedia& published) {
    const SdpPayload* best = nullptr;
    for (const SdpPayload& payload : media.payloads) {
        if (!fits_kind(media, payload.codec) || !can_carry(published, payload)) continue;
        if (same_profile(published, payload)) return &payload;
        if (!best) best = &payload;
    }
    return best;
}

std::optional<PayloadType> rtx_of(const SdpMedia& media, PayloadType type) {
    for (const SdpPayload& payload : media.payloads)
        if ((payload.name == "rtx" || payload.name == "RTX") && payload.apt == type) return payload.type;
    return {};
}

std::string answer_fmtp(Codec codec, std::string_view offered, Direction direction) {
    switch (codec) {
        case Codec::h264: {
            H264Format format = read_h264_format(offered);
            const std::uint32_t level = format.profile_level_id & 0xFF;
            if (direction == Direction::recvonly && format.level_asymmetry && level < kH264ReceivedLevel)
                format.profile_level_id += kH264ReceivedLevel - level;
            char id[7] = "000000";
            char digits[6];
            const auto end = std::to_chars(digits, digits + 6, format.profile_level_id, 16).ptr;
            std::copy(digits, end, id + 6 - (end - digits));
            return "level-asymmetry-allowed=1;packetization-mode=" +
                   std::string{format.interleaves_nothing ? "1" : "0"} + ";profile-level-id=" + std::string{id, 6};
        }
        case Codec::opus:
            return "minptime=10;useinbandfec=1";
        case Codec::vp9:
            return "profile-id=" + std::string{parameter(offered, "profile-id", "0") == "2" ? "2" : "0"};
        default:
            return {};
    }
}

}  // namespace confidente::media::sdp

namespace confidente::media {

bool can_carry(const NegotiatedMedia& published, const SdpPayload& offered) {
    using sdp::H264Profile;
    if (published.codec != offered.codec || published.clock_rate != offered.clock_rate) return false;
    if (published.codec == Codec::vp9)
        return sdp::parameter(published.fmtp, "profile-id", "0") == sdp::parameter(offered.fmtp, "profile-id", "0");
    if (published.codec == Codec::av1)
        return sdp::parameter(published.fmtp, "profile", "0") == sdp::parameter(offered.fmtp, "profile", "0");
    if (published.codec != Codec::h264) return published.codec != Codec::other;
    const sdp::H264Format from = sdp::read_h264_format(published.fmtp), to = sdp::read_h264_format(offered.fmtp);
    if (!to.readable || (from.interleaves_nothing && !to.interleaves_nothing)) return false;
    // Baseline's own tools (FMO, ASO) are in no encoder that we meet, so constrained baseline decoders take it.
    if (from.profile == H264Profile::baseline && to.profile == H264Profile::constrained_baseline) return true;
    return to.profile != H264Profile::other && from.profile <= to.profile;
}

}  // namespace confidente::media
