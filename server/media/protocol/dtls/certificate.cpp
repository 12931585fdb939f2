#include "media/protocol/dtls/certificate.hpp"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "media/protocol/dtls/verify.hpp"

namespace confidente::media {

namespace {
/// GCM first: it is the cheaper one to seal (design.md); a server takes the first of its own list that both know.
constexpr const char* kSrtpProfiles = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kCurves = "X25519:P-256:P-384";
/// A browser's chain is one certificate of some 300 bytes, an RSA one below 2 kB.
constexpr long kMaxPeerCertificates = 16 * 1024;
/// Trust comes from the fingerprint, so the dates only must not get in the way of a clock that is wrong or of a
/// process that runs for years.
constexpr long kDay = 24 * 3600;
constexpr long kLifetime = 10 * 365 * kDay;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

X509Pointer self_signed(EVP_PKEY* key) {
    X509Pointer x509(X509_new(), &X509_free);
    std::uint64_t serial = 0;
    if (!x509 || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1)
        return {nullptr, &X509_free};
    auto* name = X509_get_subject_name(x509.get());
    const bool done = X509_set_version(x509.get(), X509_VERSION_3) == 1 &&
                      ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), serial >> 1) == 1 &&
                      X509_gmtime_adj(X509_getm_notBefore(x509.get()), -kDay) &&
                      X509_gmtime_adj(X509_getm_notAfter(x509.get()), kLifetime) &&
                      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                 reinterpret_cast<const unsigned char*>("WebRTC"), -1, -1, 0) == 1 &&
                      X509_set_issuer_name(x509.get(), name) == 1 && X509_set_pubkey(x509.get(), key) == 1 &&
                      X509_sign(x509.get(), key, EVP_sha256()) > 0;
    if (!done) return {nullptr, &X509_free};
    return x509;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
}  // namespace

std::string to_string(const CertificateHash& fingerprint) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string text;
    for (const auto byte : fingerprint.sha256) {
        if (!text.empty()) text += ':';
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::optional<CertificateHash> parse_certificate_hash(std::string_view text) {
    CertificateHash fingerprint;
    if (text.size() != fingerprint.sha256.size() * 3 - 1) return std::nullopt;
    for (std::size_t i = 0; i < fingerprint.sha256.size(); ++i) {
        const int high = hex_digit(text[i * 3]), low = hex_digit(text[i * 3 + 1]);
        if (high < 0 || low < 0 || (i > 0 && text[i * 3 - 1] != ':')) return std::nullopt;
        fingerprint.sha256[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return fingerprint;
}

void SslContextFree::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<std::unique_ptr<Certificate>> Certificate::make() {
    const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    if (!key) return internal_error("dtls: no P-256 key");
    const auto x509 = self_signed(key.get());
    if (!x509) return internal_error("dtls: no certificate");
    std::unique_ptr<Certificate> made(new Certificate);
    unsigned length = 0;
    if (X509_digest(x509.get(), EVP_sha256(), made->hash_.sha256.data(), &length) != 1 || length != 32)
        return internal_error("dtls: no fingerprint");
    made->context_.reset(SSL_CTX_new(DTLS_method()));
    auto* context = made->context_.get();
    if (!context || SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate(context, x509.get()) != 1 || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_set_cipher_list(context, kCiphers) != 1 || SSL_CTX_set1_groups_list(context, kCurves) != 1 ||
        SSL_CTX_set_tlsext_use_srtp(context, kSrtpProfiles) != 0)  // this one returns 0 for success
        return internal_error("dtls: context refused its settings");
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_SINGLE_ECDH_USE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, kMaxPeerCertificates);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context, &verify_fingerprint, nullptr);
    return made;
}

}  // namespace confidente::media
