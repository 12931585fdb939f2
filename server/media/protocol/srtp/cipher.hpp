// The kept cipher contexts under SRTP: keyed once, then only given a new IV for every packet. No allocation after
// construction. One owner, one direction.
#pragma once

#include <memory>

#include "media/protocol/srtp/profile.hpp"

// OpenSSL's own names, so that its headers stay out of this door.
struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace confidente::media {

struct CipherContextFree {
    void operator()(evp_cipher_ctx_st* context) const;
};
struct MacContextFree {
    void operator()(evp_mac_ctx_st* context) const;
};

enum class SrtpDirection : std::uint8_t { seal, open };

/// AES-GCM or AES-CM + HMAC-SHA1 with one session key.
class SrtpCipher {
public:
    SrtpCipher(const SrtpSessionKey& key, SrtpDirection direction);
    ~SrtpCipher();
    SrtpCipher(SrtpCipher&&) noexcept;
    SrtpCipher& operator=(SrtpCipher&&) noexcept;

    SrtpProfile profile() const { return profile_; }
    /// The beginning of OpenSSL's context; its keys lie elsewhere.
    void prefetch() const {
        for (int line = 0; line < 3; ++line)
            __builtin_prefetch(reinterpret_cast<const char*>(cipher_.get()) + 64 * line);
    }

    /// GCM (RFC 7714 §8.1, §9.1). `index` is ROC || SEQ for RTP, the 31-bit SRTCP index for RTCP: both fit 48 bits.
    /// Encrypts `text` in place and writes 16 bytes to `tag`. `extra` is authenticated after `head` (SRTCP's index).
    bool gcm_seal(std::uint32_t ssrc, std::uint64_t index, Bytes head, Bytes extra, MutableBytes text,
                  std::uint8_t* tag);
    /// The reverse; false leaves `text` unspecified: the tag was wrong.
    bool gcm_open(std::uint32_t ssrc, std::uint64_t index, Bytes head, Bytes extra, MutableBytes text,
                  const std::uint8_t* tag);

    /// AES-CM (RFC 3711 §4.1.1) in place; the same both ways.
    bool cm_apply(std::uint32_t ssrc, std::uint64_t index, MutableBytes text);
    /// The first 10 bytes of HMAC-SHA1 over `message` || `extra` (RFC 3711 §4.2).
    bool sha1_tag(Bytes message, Bytes extra, std::uint8_t* tag);

private:
    SrtpProfile profile_;
    std::unique_ptr<evp_cipher_ctx_st, CipherContextFree> cipher_;
    std::unique_ptr<evp_mac_ctx_st, MacContextFree> mac_;
    std::array<std::uint8_t, kMaxSrtpSaltBytes> salt_;
};

}  // namespace confidente::media
