// SRTP and SRTCP: what a stranger sends never opens; what we seal opens once, to what it was.
#include <algorithm>
#include <array>

#include "media/protocol/srtp/srtp.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

SrtpMasterKey master(SrtpProfile profile) {
    std::array<std::uint8_t, kMaxSrtpKeyBytes> key{};
    std::array<std::uint8_t, kMaxSrtpSaltBytes> salt{};
    std::fill(key.begin(), key.end(), std::uint8_t{0x42});
    std::fill(salt.begin(), salt.end(), std::uint8_t{0x17});
    return {profile, Bytes{key}.first(key_bytes(profile)), Bytes{salt}.first(salt_bytes(profile))};
}

void check_sealed(SrtpSealer& sealer, SrtpOpener& opener, Bytes plain, bool rtcp) {
    Buffer packet(plain.begin(), plain.end());
    packet.resize(plain.size() + kMaxSrtpOverhead);
    const auto sealed = rtcp ? sealer.seal_rtcp(packet, plain.size()) : sealer.seal_rtp(packet, plain.size());
    if (sealed.verdict != SrtpVerdict::ok) return;
    check(sealed.size > plain.size() && sealed.size <= packet.size());
    packet.resize(sealed.size);
    Buffer twice = packet, changed = packet;
    changed[changed.size() / 2] ^= 1;
    const auto open = [&](Buffer& bytes) { return rtcp ? opener.open_rtcp(bytes) : opener.open_rtp(bytes); };
    check(open(changed).verdict != SrtpVerdict::ok);
    const auto opened = open(packet);
    // The opener may have moved on: numbers that leap are old for it, or of another cycle.
    if (opened.verdict != SrtpVerdict::ok) return;
    check(opened.size == plain.size() && std::equal(plain.begin(), plain.end(), packet.begin()));
    check(open(twice).verdict == SrtpVerdict::replayed);
}

}  // namespace

FUZZ(input) {
    FuzzInput packets{input};
    constexpr std::array<SrtpProfile, 3> kProfiles = {SrtpProfile::aes128_cm_sha1_80, SrtpProfile::aead_aes_128_gcm,
                                                      SrtpProfile::aead_aes_256_gcm};
    const auto key = master(kProfiles[packets.u8() % kProfiles.size()]);
    SrtpSealer sealer{key};
    SrtpOpener opener{key};
    while (!packets.empty()) {
        const std::uint8_t how = packets.u8();
        const Bytes bytes = packets.chunk();
        if (how & 2) {
            check_sealed(sealer, opener, bytes, how & 1);
            continue;
        }
        Buffer packet(bytes.begin(), bytes.end());
        const auto opened = how & 1 ? opener.open_rtcp(packet) : opener.open_rtp(packet);
        check(opened.verdict != SrtpVerdict::ok);
    }
}
