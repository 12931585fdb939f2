#include "media/protocol/srtp/srtp.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

Buffer hex(std::string_view text) {
    std::string packed;
    std::copy_if(text.begin(), text.end(), std::back_inserter(packed), [](char c) { return c != ' '; });
    auto bytes = from_hex(packed);
    REQUIRE(bytes.has_value());
    return *bytes;
}

SrtpSessionKey session_key(SrtpProfile profile, std::string_view key, std::string_view salt) {
    SrtpSessionKey session;
    session.profile = profile;
    const auto k = hex(key), s = hex(salt);
    std::copy(k.begin(), k.end(), session.key.begin());
    std::copy(s.begin(), s.end(), session.salt.begin());
    return session;
}

SrtpMasterKey master_key(SrtpProfile profile, std::uint8_t seed = 1) {
    Buffer key(key_bytes(profile)), salt(salt_bytes(profile));
    for (auto& byte : key) byte = seed++;
    for (auto& byte : salt) byte = seed++;
    return {profile, key, salt};
}

constexpr SrtpProfile kProfiles[] = {SrtpProfile::aes128_cm_sha1_80, SrtpProfile::aead_aes_128_gcm,
                                     SrtpProfile::aead_aes_256_gcm};

Buffer rtp(std::uint16_t seq, std::uint32_t ssrc = 0x11223344, std::size_t payload = 100) {
    Buffer packet(12 + payload, 0x5a);
    packet[0] = 0x80;
    packet[1] = 96;
    store_be16(&packet[2], seq);
    store_be32(&packet[4], 90'000);
    store_be32(&packet[8], ssrc);
    return packet;
}

Buffer rtcp(std::size_t payload = 20) {
    Buffer packet(8 + payload, 0x33);
    store_be32(&packet[0], 0x81c90000 | static_cast<std::uint32_t>((8 + payload) / 4 - 1));
    store_be32(&packet[4], 0x11223344);
    return packet;
}

Buffer sealed(SrtpSealer& sealer, Buffer packet) {
    const auto size = packet.size();
    packet.resize(size + kMaxSrtpOverhead);
    const auto result = sealer.seal_rtp(packet, size);
    REQUIRE(result.verdict == SrtpVerdict::ok);
    packet.resize(result.size);
    return packet;
}

Buffer sealed_rtcp(SrtpSealer& sealer, Buffer packet) {
    const auto size = packet.size();
    packet.resize(size + kMaxSrtpOverhead);
    const auto result = sealer.seal_rtcp(packet, size);
    REQUIRE(result.verdict == SrtpVerdict::ok);
    packet.resize(result.size);
    return packet;
}

}  // namespace

TEST("session keys are those of RFC 3711 B.3") {
    const SrtpMasterKey master{SrtpProfile::aes128_cm_sha1_80, hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
                               hex("0EC675AD498AFEEBB6960B3AABE6")};
    const auto session = derive_session_key(master, SrtpUse::rtp);
    CHECK(to_hex(Bytes{session.key}.first(16)) == "c61e7a93744f39ee10734afe3ff7a087");
    CHECK(to_hex(Bytes{session.salt}) == "30cbbc08863d8c85d49db34a9ae1");
    CHECK(to_hex(Bytes{session.auth}) == "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

TEST("the counter mode keystream is that of RFC 3711 B.2") {
    SrtpCipher cipher(
        session_key(SrtpProfile::aes128_cm_sha1_80, "2B7E151628AED2A6ABF7158809CF4F3C", "F0F1F2F3F4F5F6F7F8F9FAFBFCFD"),
        SrtpDirection::seal);
    Buffer text(48, 0);
    REQUIRE(cipher.cm_apply(0, 0, text));
    CHECK(to_hex(text) ==
          "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0");
}

TEST("AES-CM with HMAC-SHA1 seals as libsrtp's reference packet") {
    SrtpSealer sealer(SrtpMasterKey{SrtpProfile::aes128_cm_sha1_80, hex("e1f97a0d3e018be0d64fa32c06de4139"),
                                    hex("0ec675ad498afeebb6960b3aabe6")});
    const auto packet = sealed(sealer, hex("800f1234decafbadcafebabeabababababababababababababababab"));
    CHECK(to_hex(packet) == "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
}

TEST("GCM seals and opens RTP as RFC 7714 section 16") {
    const auto plain = hex(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472"
        "6573");
    const auto head = std::string{"8040f17b8041f8d35501a0b2"};
    struct Case {
        SrtpProfile profile;
        const char* key;
        const char* text;
    };
    const Case cases[] = {
        {SrtpProfile::aead_aes_128_gcm, "000102030405060708090a0b0c0d0e0f",
         "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cc"
         "e"},
        {SrtpProfile::aead_aes_256_gcm, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c1"
         "3"},
    };
    for (const auto& one : cases) {
        const auto key = session_key(one.profile, one.key, "517569642070726f2071756f");
        SrtpSealer sealer(key, key);
        auto packet = sealed(sealer, plain);
        CHECK(to_hex(packet) == head + one.text);
        SrtpOpener opener(key, key);
        const auto opened = opener.open_rtp(packet);
        REQUIRE(opened.verdict == SrtpVerdict::ok);
        packet.resize(opened.size);
        CHECK(packet == plain);
    }
}

TEST("GCM opens RTCP as RFC 7714 section 17.1") {
    const auto key =
        session_key(SrtpProfile::aead_aes_128_gcm, "000102030405060708090a0b0c0d0e0f", "517569642070726f2071756f");
    const auto plain = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef"
        "deadbeef");
    auto packet = hex(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded"
        "0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
    SrtpSealer sealer(key, key);
    for (int i = 0; i < 0x5d4; ++i) sealed_rtcp(sealer, plain);
    CHECK(sealed_rtcp(sealer, plain) == packet);
    SrtpOpener opener(key, key);
    const auto opened = opener.open_rtcp(packet);
    REQUIRE(opened.verdict == SrtpVerdict::ok);
    packet.resize(opened.size);
    CHECK(packet == plain);
}

TEST("every profile carries RTP and RTCP there and back, with extensions and without payload") {
    for (const auto profile : kProfiles) {
        SrtpSealer sealer(master_key(profile));
        SrtpOpener opener(master_key(profile));
        auto extended = rtp(7);
        extended[0] = 0x91;  // one CSRC, extension
        store_be32(&extended[16], 0xbede0002);
        for (const auto& plain : {rtp(5), rtp(6, 0x11223344, 0), extended}) {
            auto packet = sealed(sealer, plain);
            CHECK(packet.size() == plain.size() + tag_bytes(profile));
            const auto opened = opener.open_rtp(packet);
            REQUIRE(opened.verdict == SrtpVerdict::ok);
            packet.resize(opened.size);
            CHECK(packet == plain);
        }
        for (const auto& plain : {rtcp(), rtcp(0)}) {
            auto packet = sealed_rtcp(sealer, plain);
            const auto opened = opener.open_rtcp(packet);
            REQUIRE(opened.verdict == SrtpVerdict::ok);
            packet.resize(opened.size);
            CHECK(packet == plain);
        }
    }
}

TEST("a flipped bit anywhere is noticed, and the untouched packet still opens") {
    for (const auto profile : kProfiles) {
        SrtpSealer sealer(master_key(profile));
        SrtpOpener opener(master_key(profile));
        const auto packet = sealed(sealer, rtp(9, 0x11223344, 20));
        const auto control = sealed_rtcp(sealer, rtcp(8));
        for (std::size_t i = 0; i < packet.size(); ++i) {
            auto forged = packet;
            forged[i] ^= 0x04;
            CHECK(opener.open_rtp(forged).verdict != SrtpVerdict::ok);
        }
        for (std::size_t i = 0; i < control.size(); ++i) {
            auto forged = control;
            forged[i] ^= 0x80;
            CHECK(opener.open_rtcp(forged).verdict != SrtpVerdict::ok);
        }
        auto intact = packet;
        CHECK(opener.open_rtp(intact).verdict == SrtpVerdict::ok);
        intact = control;
        CHECK(opener.open_rtcp(intact).verdict == SrtpVerdict::ok);
    }
}

TEST("packets of every length below the shortest are refused") {
    for (const auto profile : kProfiles) {
        SrtpSealer sealer(master_key(profile));
        SrtpOpener opener(master_key(profile));
        const auto packet = sealed(sealer, rtp(1, 5, 0));
        const auto control = sealed_rtcp(sealer, rtcp(0));
        for (std::size_t size = 0; size < packet.size(); ++size) {
            Buffer cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(opener.open_rtp(cut).verdict == SrtpVerdict::malformed);
        }
        for (std::size_t size = 0; size < control.size(); ++size) {
            Buffer cut(control.begin(), control.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(opener.open_rtcp(cut).verdict == SrtpVerdict::malformed);
        }
        Buffer lying = packet;
        lying[0] = 0x9f;  // says 15 CSRCs and an extension
        CHECK(opener.open_rtp(lying).verdict == SrtpVerdict::malformed);
        Buffer tight = rtp(2);
        CHECK(sealer.seal_rtp(tight, tight.size()).verdict == SrtpVerdict::no_room);
    }
}

TEST("a replayed packet is refused, a late one within 128 is welcome, an older one is not") {
    const auto profile = SrtpProfile::aead_aes_128_gcm;
    SrtpSealer sealer(master_key(profile));
    SrtpOpener opener(master_key(profile));
    std::vector<Buffer> packets;
    for (std::uint16_t seq = 0; seq < 300; ++seq) packets.push_back(sealed(sealer, rtp(seq)));
    const auto open = [&](std::size_t at) {
        auto copy = packets[at];
        return opener.open_rtp(copy).verdict;
    };
    CHECK(open(0) == SrtpVerdict::ok);
    CHECK(open(0) == SrtpVerdict::replayed);
    CHECK(open(200) == SrtpVerdict::ok);
    CHECK(open(73) == SrtpVerdict::ok);
    CHECK(open(73) == SrtpVerdict::replayed);
    CHECK(open(72) == SrtpVerdict::replayed);
    CHECK(open(264) == SrtpVerdict::ok);
    CHECK(open(200) == SrtpVerdict::replayed);
    CHECK(open(199) == SrtpVerdict::ok);
    auto control = sealed_rtcp(sealer, rtcp());
    auto again = control;
    CHECK(opener.open_rtcp(control).verdict == SrtpVerdict::ok);
    CHECK(opener.open_rtcp(again).verdict == SrtpVerdict::replayed);
}

TEST("the roll-over counter follows sequence numbers through several wraps, with reordering at the edge") {
    for (const auto profile : kProfiles) {
        SrtpSealer sealer(master_key(profile));
        SrtpOpener opener(master_key(profile));
        std::uint32_t wrong = 0;
        Buffer held;
        for (std::uint32_t n = 65'000; n < 65'000 + 3 * 65'536; n += 17) {
            auto packet = sealed(sealer, rtp(static_cast<std::uint16_t>(n), 77, 4));
            if (held.empty()) {
                held = std::move(packet);
                continue;
            }
            if (opener.open_rtp(packet).verdict != SrtpVerdict::ok) ++wrong;
            if (opener.open_rtp(held).verdict != SrtpVerdict::ok) ++wrong;
            held.clear();
        }
        CHECK(wrong == 0);
    }
}

TEST("a sealer never seals the same number twice") {
    SrtpSealer sealer(master_key(SrtpProfile::aead_aes_128_gcm));
    sealed(sealer, rtp(10));
    auto again = rtp(10);
    again.resize(again.size() + kMaxSrtpOverhead);
    CHECK(sealer.seal_rtp(again, again.size() - kMaxSrtpOverhead).verdict == SrtpVerdict::replayed);
}

TEST("strangers' SSRCs take no place: only authenticated ones count, and those are capped") {
    const auto profile = SrtpProfile::aead_aes_128_gcm;
    SrtpSealer stranger(master_key(profile, 99));
    SrtpOpener opener(master_key(profile));
    for (std::uint32_t ssrc = 0; ssrc < kMaxSrtpStreams; ++ssrc) {
        auto packet = sealed(stranger, rtp(1, ssrc));
        CHECK(opener.open_rtp(packet).verdict == SrtpVerdict::unauthenticated);
    }
    SrtpSealer sealer(master_key(profile)), other(master_key(profile));
    for (std::uint32_t ssrc = 0; ssrc < kMaxSrtpStreams; ++ssrc) {
        auto packet = sealed(sealer, rtp(1, ssrc));
        CHECK(opener.open_rtp(packet).verdict == SrtpVerdict::ok);
    }
    auto one_more = sealed(other, rtp(1, 1000));
    CHECK(opener.open_rtp(one_more).verdict == SrtpVerdict::too_many_streams);
}
