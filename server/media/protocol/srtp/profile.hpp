// SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2) and the keys that belong to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/base/bytes.hpp"

namespace confidente::media {

/// The values are those of the DTLS use_srtp extension.
enum class SrtpProfile : std::uint16_t {
    aes128_cm_sha1_80 = 0x0001,
    aead_aes_128_gcm = 0x0007,
    aead_aes_256_gcm = 0x0008,
};

constexpr bool is_gcm(SrtpProfile profile) { return profile != SrtpProfile::aes128_cm_sha1_80; }
constexpr std::size_t key_bytes(SrtpProfile profile) { return profile == SrtpProfile::aead_aes_256_gcm ? 32 : 16; }
constexpr std::size_t salt_bytes(SrtpProfile profile) { return is_gcm(profile) ? 12 : 14; }
constexpr std::size_t tag_bytes(SrtpProfile profile) { return is_gcm(profile) ? 16 : 10; }

inline constexpr std::size_t kMaxSrtpKeyBytes = 32;
inline constexpr std::size_t kMaxSrtpSaltBytes = 14;
inline constexpr std::size_t kSrtpAuthKeyBytes = 20;
/// What sealing adds at most: GCM's tag, and SRTCP's index word.
inline constexpr std::size_t kMaxSrtpOverhead = 16 + 4;

/// Master key and salt of one direction. Wiped when it goes.
struct SrtpMasterKey {
    SrtpProfile profile = SrtpProfile::aead_aes_128_gcm;
    std::array<std::uint8_t, kMaxSrtpKeyBytes> key{};    ///< the first key_bytes(profile) count
    std::array<std::uint8_t, kMaxSrtpSaltBytes> salt{};  ///< the first salt_bytes(profile) count
    SrtpMasterKey() = default;
    SrtpMasterKey(SrtpProfile chosen, Bytes key_in, Bytes salt_in);
    SrtpMasterKey(const SrtpMasterKey&) = default;
    SrtpMasterKey& operator=(const SrtpMasterKey&) = default;
    ~SrtpMasterKey();
};

/// Session keys of RTP or of RTCP (RFC 3711 §4.3). Wiped when it goes.
struct SrtpSessionKey {
    SrtpProfile profile = SrtpProfile::aead_aes_128_gcm;
    std::array<std::uint8_t, kMaxSrtpKeyBytes> key{};
    std::array<std::uint8_t, kMaxSrtpSaltBytes> salt{};
    std::array<std::uint8_t, kSrtpAuthKeyBytes> auth{};  ///< only with HMAC-SHA1
    SrtpSessionKey() = default;
    SrtpSessionKey(const SrtpSessionKey&) = default;
    SrtpSessionKey& operator=(const SrtpSessionKey&) = default;
    ~SrtpSessionKey();
};

enum class SrtpUse : std::uint8_t { rtp = 0, rtcp = 3 };

/// The key derivation of RFC 3711 §4.3.1 with rate 0 (RFC 6188 for 256 bits, RFC 7714 §11 for GCM's shorter salt).
SrtpSessionKey derive_session_key(const SrtpMasterKey& master, SrtpUse use);

}  // namespace confidente::media
