#include "media/protocol/srtp/srtp.hpp"

#include <openssl/crypto.h>

#include <array>
#include <optional>

namespace confidente::media {

namespace {
constexpr std::size_t kRtpFixed = 12;
constexpr std::size_t kRtcpFixed = 8;
constexpr std::size_t kIndexWord = 4;
constexpr std::uint32_t kEncryptedFlag = 0x8000'0000;
constexpr std::uint32_t kMaxRtcpIndex = 0x7fff'ffff;
constexpr std::uint64_t kMaxRtpIndex = (std::uint64_t{1} << 48) - 1;

/// Fixed header, CSRCs and extension (RFC 3550 §5.1, §5.3.1): what stays readable. Nothing if it runs past the end.
std::optional<std::size_t> rtp_header_bytes(Bytes packet) {
    if (packet.size() < kRtpFixed || packet[0] >> 6 != 2) return std::nullopt;
    std::size_t size = kRtpFixed + std::size_t{4} * (packet[0] & 0x0f);
    if (packet[0] & 0x10) {
        if (packet.size() < size + 4) return std::nullopt;
        size += 4 + std::size_t{4} * load_be16(&packet[size + 2]);
    }
    if (packet.size() < size) return std::nullopt;
    return size;
}

std::array<std::uint8_t, 4> be32(std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes{};
    store_be32(bytes.data(), value);
    return bytes;
}
}  // namespace

bool ReplayWindow::fresh(std::uint64_t index) const {
    if (!started_ || index > highest_) return true;
    const auto age = highest_ - index;
    if (age >= kSize) return false;
    return (seen_[age / 64] >> (age % 64) & 1) == 0;
}

void ReplayWindow::accept(std::uint64_t index) {
    if (!started_) {
        started_ = true;
        highest_ = index;
        seen_[0] = 1;
        return;
    }
    if (index <= highest_) {
        const auto age = highest_ - index;
        if (age < kSize) seen_[age / 64] |= std::uint64_t{1} << (age % 64);
        return;
    }
    const auto shift = index - highest_;
    if (shift >= kSize) {
        seen_[1] = seen_[0] = 0;
    } else if (shift >= 64) {
        seen_[1] = shift == 64 ? seen_[0] : seen_[0] << (shift - 64);
        seen_[0] = 0;
    } else {
        seen_[1] = seen_[1] << shift | seen_[0] >> (64 - shift);
        seen_[0] <<= shift;
    }
    seen_[0] |= 1;
    highest_ = index;
}

std::uint64_t guess_index(const ReplayWindow& window, std::uint16_t seq) {
    if (!window.started()) return seq;
    const auto highest = window.highest();
    const auto roc = highest >> 16;
    const auto last = static_cast<std::int32_t>(highest & 0xffff);
    const auto here = static_cast<std::int32_t>(seq);
    if (last < 0x8000 && here - last > 0x8000) return roc == 0 ? seq : (roc - 1) << 16 | seq;
    if (last >= 0x8000 && last - 0x8000 > here) return (roc + 1) << 16 | seq;
    return roc << 16 | seq;
}

SrtpStream* SrtpStreams::find(std::uint32_t ssrc) {
    if (last_ < streams_.size() && streams_[last_].ssrc == ssrc) return &streams_[last_];
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        if (streams_[i].ssrc == ssrc) {
            last_ = i;
            return &streams_[i];
        }
    }
    return nullptr;
}

SrtpStream* SrtpStreams::add(std::uint32_t ssrc) {
    if (full()) return nullptr;
    streams_.push_back({ssrc, {}});
    last_ = streams_.size() - 1;
    return &streams_.back();
}

SrtpSealer::SrtpSealer(const SrtpMasterKey& master)
    : SrtpSealer(derive_session_key(master, SrtpUse::rtp), derive_session_key(master, SrtpUse::rtcp)) {}

SrtpSealer::SrtpSealer(const SrtpSessionKey& rtp, const SrtpSessionKey& rtcp)
    : rtp_(rtp, SrtpDirection::seal), rtcp_(rtcp, SrtpDirection::seal) {}

SrtpResult SrtpSealer::seal_rtp(MutableBytes buffer, std::size_t size) {
    if (size > buffer.size()) return {SrtpVerdict::no_room};
    const auto head = rtp_header_bytes(buffer.first(size));
    if (!head) return {SrtpVerdict::malformed};
    const auto profile = rtp_.profile();
    const auto tag = tag_bytes(profile);
    if (buffer.size() - size < tag) return {SrtpVerdict::no_room};
    const auto ssrc = load_be32(&buffer[8]);
    auto* stream = streams_.find(ssrc);
    if (!stream && !(stream = streams_.add(ssrc))) return {SrtpVerdict::too_many_streams};
    const auto index = guess_index(stream->window, load_be16(&buffer[2]));
    if (index > kMaxRtpIndex) return {SrtpVerdict::exhausted};
    if (!stream->window.fresh(index)) return {SrtpVerdict::replayed};

    const auto text = buffer.subspan(*head, size - *head);
    bool done = false;
    if (is_gcm(profile)) {
        done = rtp_.gcm_seal(ssrc, index, buffer.first(*head), {}, text, &buffer[size]);
    } else {
        const auto roc = be32(static_cast<std::uint32_t>(index >> 16));
        done = rtp_.cm_apply(ssrc, index, text) && rtp_.sha1_tag(buffer.first(size), roc, &buffer[size]);
    }
    if (!done) return {SrtpVerdict::malformed};
    stream->window.accept(index);
    return {SrtpVerdict::ok, size + tag};
}

SrtpResult SrtpSealer::seal_rtcp(MutableBytes buffer, std::size_t size) {
    if (size > buffer.size()) return {SrtpVerdict::no_room};
    if (size < kRtcpFixed) return {SrtpVerdict::malformed};
    const auto profile = rtcp_.profile();
    const auto tag = tag_bytes(profile);
    if (buffer.size() - size < tag + kIndexWord) return {SrtpVerdict::no_room};
    if (rtcp_index_ == kMaxRtcpIndex) return {SrtpVerdict::exhausted};
    const auto ssrc = load_be32(&buffer[4]);
    // One counter for all SSRCs: each (SSRC, index) is used once, which is what the IV asks for.
    const auto index = rtcp_index_;
    const auto word = be32(kEncryptedFlag | index);
    const auto text = buffer.subspan(kRtcpFixed, size - kRtcpFixed);
    bool done = false;
    if (is_gcm(profile)) {
        // The tag stands before the index word (RFC 7714 §9.3)…
        done = rtcp_.gcm_seal(ssrc, index, buffer.first(kRtcpFixed), word, text, &buffer[size]);
        store_be32(&buffer[size + tag], kEncryptedFlag | index);
    } else {
        // … and behind it with HMAC (RFC 3711 §3.4).
        store_be32(&buffer[size], kEncryptedFlag | index);
        done = rtcp_.cm_apply(ssrc, index, text) &&
               rtcp_.sha1_tag(buffer.first(size + kIndexWord), {}, &buffer[size + kIndexWord]);
    }
    if (!done) return {SrtpVerdict::malformed};
    ++rtcp_index_;
    return {SrtpVerdict::ok, size + tag + kIndexWord};
}

SrtpOpener::SrtpOpener(const SrtpMasterKey& master)
    : SrtpOpener(derive_session_key(master, SrtpUse::rtp), derive_session_key(master, SrtpUse::rtcp)) {}

SrtpOpener::SrtpOpener(const SrtpSessionKey& rtp, const SrtpSessionKey& rtcp)
    : rtp_(rtp, SrtpDirection::open), rtcp_(rtcp, SrtpDirection::open) {}

SrtpResult SrtpOpener::open_rtp(MutableBytes packet) {
    const auto profile = rtp_.profile();
    const auto tag = tag_bytes(profile);
    if (packet.size() < kRtpFixed + tag) return {SrtpVerdict::malformed};
    const auto size = packet.size() - tag;
    const auto head = rtp_header_bytes(packet.first(size));
    if (!head) return {SrtpVerdict::malformed};
    const auto ssrc = load_be32(&packet[8]);
    auto* stream = streams_.find(ssrc);
    if (!stream && streams_.full()) return {SrtpVerdict::too_many_streams};
    const auto index = guess_index(stream ? stream->window : ReplayWindow{}, load_be16(&packet[2]));
    if (index > kMaxRtpIndex) return {SrtpVerdict::exhausted};
    if (stream && !stream->window.fresh(index)) return {SrtpVerdict::replayed};

    const auto text = packet.subspan(*head, size - *head);
    if (is_gcm(profile)) {
        if (!rtp_.gcm_open(ssrc, index, packet.first(*head), {}, text, &packet[size]))
            return {SrtpVerdict::unauthenticated};
    } else {
        std::array<std::uint8_t, 10> expected{};
        const auto roc = be32(static_cast<std::uint32_t>(index >> 16));
        if (!rtp_.sha1_tag(packet.first(size), roc, expected.data()) ||
            CRYPTO_memcmp(expected.data(), &packet[size], expected.size()) != 0 || !rtp_.cm_apply(ssrc, index, text))
            return {SrtpVerdict::unauthenticated};
    }
    if (!stream) stream = streams_.add(ssrc);
    stream->window.accept(index);
    return {SrtpVerdict::ok, size};
}

SrtpResult SrtpOpener::open_rtcp(MutableBytes packet) {
    const auto profile = rtcp_.profile();
    const auto tag = tag_bytes(profile);
    if (packet.size() < kRtcpFixed + kIndexWord + tag) return {SrtpVerdict::malformed};
    const auto size = packet.size() - tag - kIndexWord;
    const auto word = load_be32(&packet[is_gcm(profile) ? size + tag : size]);
    // Unencrypted SRTCP is not for WebRTC.
    if ((word & kEncryptedFlag) == 0) return {SrtpVerdict::malformed};
    const auto index = word & ~kEncryptedFlag;
    const auto ssrc = load_be32(&packet[4]);
    auto* stream = rtcp_streams_.find(ssrc);
    if (!stream && rtcp_streams_.full()) return {SrtpVerdict::too_many_streams};
    if (stream && !stream->window.fresh(index)) return {SrtpVerdict::replayed};

    const auto text = packet.subspan(kRtcpFixed, size - kRtcpFixed);
    if (is_gcm(profile)) {
        if (!rtcp_.gcm_open(ssrc, index, packet.first(kRtcpFixed), be32(word), text, &packet[size]))
            return {SrtpVerdict::unauthenticated};
    } else {
        std::array<std::uint8_t, 10> expected{};
        if (!rtcp_.sha1_tag(packet.first(size + kIndexWord), {}, expected.data()) ||
            CRYPTO_memcmp(expected.data(), &packet[size + kIndexWord], expected.size()) != 0 ||
            !rtcp_.cm_apply(ssrc, index, text))
            return {SrtpVerdict::unauthenticated};
    }
    if (!stream) stream = rtcp_streams_.add(ssrc);
    stream->window.accept(index);
    return {SrtpVerdict::ok, size};
}

}  // namespace confidente::media
