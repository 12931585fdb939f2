#include "media/protocol/srtp/cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

#include "platform/base/check.hpp"

namespace confidente::media {

namespace {
const EVP_CIPHER* cipher_of(SrtpProfile profile) {
    switch (profile) {
        case SrtpProfile::aes128_cm_sha1_80:
            return EVP_aes_128_ctr();
        case SrtpProfile::aead_aes_128_gcm:
            return EVP_aes_128_gcm();
        case SrtpProfile::aead_aes_256_gcm:
            return EVP_aes_256_gcm();
    }
    return nullptr;
}

/// 00 00 | SSRC | 48-bit index, XOR salt (RFC 7714 §8.1; for SRTCP the index is 00 00 | 0 + 31 bits, §9.1).
std::array<std::uint8_t, 12> gcm_iv(const std::array<std::uint8_t, kMaxSrtpSaltBytes>& salt, std::uint32_t ssrc,
                                    std::uint64_t index) {
    std::array<std::uint8_t, 12> iv{};
    store_be32(&iv[2], ssrc);
    store_be16(&iv[6], static_cast<std::uint16_t>(index >> 32));
    store_be32(&iv[8], static_cast<std::uint32_t>(index));
    for (std::size_t i = 0; i < iv.size(); ++i) iv[i] ^= salt[i];
    return iv;
}

bool update(EVP_CIPHER_CTX* context, std::uint8_t* out, Bytes in) {
    int length = 0;
    return in.empty() || EVP_CipherUpdate(context, out, &length, in.data(), static_cast<int>(in.size())) == 1;
}
}  // namespace

void CipherContextFree::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }
void MacContextFree::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

SrtpCipher::SrtpCipher(const SrtpSessionKey& key, SrtpDirection direction)
    : profile_(key.profile), cipher_(EVP_CIPHER_CTX_new()), salt_(key.salt) {
    const int encrypt = direction == SrtpDirection::seal ? 1 : 0;
    check(cipher_ &&
          EVP_CipherInit_ex(cipher_.get(), cipher_of(profile_), nullptr, key.key.data(), nullptr, encrypt) == 1);
    if (is_gcm(profile_)) return;
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    check(hmac != nullptr);
    mac_.reset(EVP_MAC_CTX_new(hmac));
    EVP_MAC_free(hmac);
    char digest[] = "SHA1";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    check(mac_ && EVP_MAC_init(mac_.get(), key.auth.data(), key.auth.size(), parameters) == 1);
}

SrtpCipher::~SrtpCipher() { OPENSSL_cleanse(salt_.data(), salt_.size()); }
SrtpCipher::SrtpCipher(SrtpCipher&&) noexcept = default;
SrtpCipher& SrtpCipher::operator=(SrtpCipher&&) noexcept = default;

bool SrtpCipher::gcm_seal(std::uint32_t ssrc, std::uint64_t index, Bytes head, Bytes extra, MutableBytes text,
                          std::uint8_t* tag) {
    const auto iv = gcm_iv(salt_, ssrc, index);
    int length = 0;
    return EVP_CipherInit_ex(cipher_.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
           update(cipher_.get(), nullptr, head) && update(cipher_.get(), nullptr, extra) &&
           update(cipher_.get(), text.data(), text) && EVP_CipherFinal_ex(cipher_.get(), tag, &length) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
}

bool SrtpCipher::gcm_open(std::uint32_t ssrc, std::uint64_t index, Bytes head, Bytes extra, MutableBytes text,
                          const std::uint8_t* tag) {
    const auto iv = gcm_iv(salt_, ssrc, index);
    std::array<std::uint8_t, 16> expected{};
    std::copy_n(tag, expected.size(), expected.begin());
    std::array<std::uint8_t, 16> rest{};
    int length = 0;
    // OpenSSL compares the tag in constant time (CRYPTO_memcmp).
    return EVP_CipherInit_ex(cipher_.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_SET_TAG, 16, expected.data()) == 1 &&
           update(cipher_.get(), nullptr, head) && update(cipher_.get(), nullptr, extra) &&
           update(cipher_.get(), text.data(), text) && EVP_CipherFinal_ex(cipher_.get(), rest.data(), &length) == 1;
}

bool SrtpCipher::cm_apply(std::uint32_t ssrc, std::uint64_t index, MutableBytes text) {
    // (salt << 16) XOR (SSRC << 64) XOR (index << 16); the last 16 bits count blocks.
    std::array<std::uint8_t, 16> iv{};
    store_be32(&iv[4], ssrc);
    store_be16(&iv[8], static_cast<std::uint16_t>(index >> 32));
    store_be32(&iv[10], static_cast<std::uint32_t>(index));
    for (std::size_t i = 0; i < 14; ++i) iv[i] ^= salt_[i];
    return EVP_CipherInit_ex(cipher_.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
           update(cipher_.get(), text.data(), text);
}

bool SrtpCipher::sha1_tag(Bytes message, Bytes extra, std::uint8_t* tag) {
    std::array<std::uint8_t, 20> digest{};
    std::size_t length = 0;
    // Without a key, init starts again with the one it has.
    if (EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) != 1) return false;
    if (EVP_MAC_update(mac_.get(), message.data(), message.size()) != 1) return false;
    if (!extra.empty() && EVP_MAC_update(mac_.get(), extra.data(), extra.size()) != 1) return false;
    if (EVP_MAC_final(mac_.get(), digest.data(), &length, digest.size()) != 1) return false;
    std::copy_n(digest.begin(), tag_bytes(profile_), tag);
    return true;
}

}  // namespace confidente::media
