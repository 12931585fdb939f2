#include "media/protocol/srtp/profile.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "platform/base/check.hpp"

namespace confidente::media {

namespace {
/// AES-CM over zeros: the pseudo-random function of RFC 3711 §4.3.3.
void derive(const SrtpMasterKey& master, std::uint8_t label, MutableBytes out) {
    std::array<std::uint8_t, 16> iv{};
    // A salt of 96 bits stands left in the field of 112 (RFC 7714 §11); the label is the eighth byte of that field.
    std::copy_n(master.salt.begin(), salt_bytes(master.profile), iv.begin());
    iv[7] ^= label;
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                  &EVP_CIPHER_CTX_free);
    const auto* cipher = key_bytes(master.profile) == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
    int length = 0;
    check(context && EVP_EncryptInit_ex(context.get(), cipher, nullptr, master.key.data(), iv.data()) == 1);
    check(EVP_EncryptUpdate(context.get(), out.data(), &length, out.data(), static_cast<int>(out.size())) == 1);
}
}  // namespace

SrtpMasterKey::SrtpMasterKey(SrtpProfile chosen, Bytes key_in, Bytes salt_in) : profile(chosen) {
    check(key_in.size() == key_bytes(chosen) && salt_in.size() == salt_bytes(chosen));
    std::copy(key_in.begin(), key_in.end(), key.begin());
    std::copy(salt_in.begin(), salt_in.end(), salt.begin());
}

SrtpMasterKey::~SrtpMasterKey() {
    OPENSSL_cleanse(key.data(), key.size());
    OPENSSL_cleanse(salt.data(), salt.size());
}

SrtpSessionKey::~SrtpSessionKey() {
    OPENSSL_cleanse(key.data(), key.size());
    OPENSSL_cleanse(salt.data(), salt.size());
    OPENSSL_cleanse(auth.data(), auth.size());
}

SrtpSessionKey derive_session_key(const SrtpMasterKey& master, SrtpUse use) {
    SrtpSessionKey session;
    session.profile = master.profile;
    const auto label = static_cast<std::uint8_t>(use);
    derive(master, label, MutableBytes{session.key}.first(key_bytes(master.profile)));
    derive(master, static_cast<std::uint8_t>(label + 2), MutableBytes{session.salt}.first(salt_bytes(master.profile)));
    if (!is_gcm(master.profile)) derive(master, static_cast<std::uint8_t>(label + 1), session.auth);
    return session;
}

}  // namespace confidente::media
