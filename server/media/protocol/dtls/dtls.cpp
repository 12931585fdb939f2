#include "media/protocol/dtls/dtls.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "media/protocol/dtls/verify.hpp"
#include "platform/base/check.hpp"

namespace confidente::media {

/// One datagram in, any number out.
struct Dtls::Wire {
    Bytes in;
    std::vector<Buffer> out;
};

namespace {
constexpr std::uint8_t kChangeCipherSpec = 20, kHandshake = 22;  // record types
constexpr Duration kRepeatAtMost = 50ms;  ///< a finished server answers a flood of old handshakes no faster than this

int wire_write(BIO* bio, const char* data, int length) {
    BIO_clear_retry_flags(bio);
    auto& out = static_cast<Dtls::Wire*>(BIO_get_data(bio))->out;
    if (length <= 0 || out.size() >= kMaxFlightDatagrams) return -1;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    out.emplace_back(bytes, bytes + length);
    return length;
}

int wire_read(BIO* bio, char* data, int room) {
    BIO_clear_retry_flags(bio);
    auto& in = static_cast<Dtls::Wire*>(BIO_get_data(bio))->in;
    if (in.empty() || room <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const auto length = std::min(in.size(), static_cast<std::size_t>(room));
    std::memcpy(data, in.data(), length);
    in = {};  // a datagram is read whole or cut, as a socket would
    return static_cast<int>(length);
}

long wire_control(BIO* bio, int command, long, void*) {
    switch (command) {
        case BIO_CTRL_FLUSH:
        case BIO_CTRL_DUP:
            return 1;
        case BIO_CTRL_PENDING:
            return static_cast<long>(static_cast<Dtls::Wire*>(BIO_get_data(bio))->in.size());
        case BIO_CTRL_DGRAM_QUERY_MTU:
        case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
            return static_cast<long>(kDtlsMtu);
        default:
            return 0;
    }
}

int wire_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* wire_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
        check(made != nullptr);
        BIO_meth_set_write(made, &wire_write);
        BIO_meth_set_read(made, &wire_read);
        BIO_meth_set_ctrl(made, &wire_control);
        BIO_meth_set_create(made, &wire_create);
        return made;
    }();
    return method;
}

/// A finished connection hears an alert at most: OpenSSL's two buffers of 16 KiB are there only while it has work.
class RecordBuffers {
public:
    RecordBuffers(SSL* ssl, DtlsState state) : ssl_(ssl) {
        if (state == DtlsState::connected) check(SSL_alloc_buffers(ssl_) == 1);
    }
    RecordBuffers(const RecordBuffers&) = delete;
    RecordBuffers& operator=(const RecordBuffers&) = delete;
    /// Refused, and then harmless, while something is left in them.
    ~RecordBuffers() {
        if (SSL_is_init_finished(ssl_)) (void)SSL_free_buffers(ssl_);
    }

private:
    SSL* ssl_;
};

/// OpenSSL's retransmission timer must never fire: it knows only the machine's clock.
unsigned int far_away(SSL*, unsigned int) { return 3'600'000'000U; }
}  // namespace

int verify_fingerprint(X509_STORE_CTX* store, void*) {
    auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* x509 = X509_STORE_CTX_get0_cert(store);
    if (!ssl || !x509) return 0;
    const auto* expected = static_cast<const CertificateHash*>(SSL_get_app_data(ssl));
    CertificateHash seen;
    unsigned length = 0;
    if (!expected || X509_digest(x509, EVP_sha256(), seen.sha256.data(), &length) != 1 || length != 32) return 0;
    if (CRYPTO_memcmp(seen.sha256.data(), expected->sha256.data(), length) == 0) return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

void Dtls::SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Dtls::Dtls(const Certificate& certificate, DtlsRole role, const CertificateHash& expected)
    : role_(role), expected_(expected), wire_(std::make_unique<Wire>()), ssl_(SSL_new(certificate.context())) {
    check(ssl_ != nullptr);
    BIO* bio = BIO_new(wire_method());
    check(bio != nullptr);
    BIO_set_data(bio, wire_.get());
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), &expected_);
    SSL_set_mtu(ssl_.get(), static_cast<long>(kDtlsMtu));
    DTLS_set_link_mtu(ssl_.get(), static_cast<long>(kDtlsMtu));
    DTLS_set_timer_cb(ssl_.get(), &far_away);
    if (role == DtlsRole::server)
        SSL_set_accept_state(ssl_.get());
    else
        SSL_set_connect_state(ssl_.get());
}

Dtls::~Dtls() = default;

void Dtls::start(Instant now, DtlsOutput& out) {
    if (state_ != DtlsState::idle || role_ == DtlsRole::server) return;
    state_ = DtlsState::handshaking;
    step();
    collect(now, out);
}

void Dtls::receive(Bytes datagram, Instant now, DtlsOutput& out) {
    if (datagram.empty() || state_ == DtlsState::failed || state_ == DtlsState::closed) return;
    if (state_ == DtlsState::idle) {
        if (role_ == DtlsRole::client) return;
        state_ = DtlsState::handshaking;
    }
    const bool was_connected = state_ == DtlsState::connected;
    wire_->in = datagram;
    step();
    wire_->in = {};
    // The peer still shakes hands, so it lacks our last flight: it may see our copies only as they were.
    const bool handshake = datagram[0] == kHandshake || datagram[0] == kChangeCipherSpec;
    if (was_connected && state_ == DtlsState::connected && wire_->out.empty() && handshake &&
        now - repeated_ >= kRepeatAtMost) {
        repeated_ = now;
        repeat_flight(out);
    }
    collect(now, out);
}

void Dtls::step() {
    ERR_clear_error();
    const RecordBuffers buffers(ssl_.get(), state_);
    if (state_ == DtlsState::handshaking) {
        const int done = SSL_do_handshake(ssl_.get());
        if (done == 1) {
            finish();
        } else if (const int error = SSL_get_error(ssl_.get(), done);
                   error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            state_ = DtlsState::failed;
        }
    }
    if (state_ == DtlsState::connected && !wire_->in.empty()) {
        // Nothing but alerts and old handshakes is expected here; application data is read and forgotten.
        std::array<std::uint8_t, 256> unwanted;
        const int got = SSL_read(ssl_.get(), unwanted.data(), static_cast<int>(unwanted.size()));
        const int error = got > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), got);
        if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL)
            state_ = DtlsState::closed;
    }
    ERR_clear_error();
}

void Dtls::finish() {
    const auto* chosen = SSL_get_selected_srtp_profile(ssl_.get());
    state_ = DtlsState::failed;
    if (!chosen) return;
    const auto profile = static_cast<SrtpProfile>(chosen->id);
    if (profile != SrtpProfile::aes128_cm_sha1_80 && profile != SrtpProfile::aead_aes_128_gcm &&
        profile != SrtpProfile::aead_aes_256_gcm)
        return;
    // client key, server key, client salt, server salt (RFC 5764 §4.2).
    std::array<std::uint8_t, 2 * (kMaxSrtpKeyBytes + kMaxSrtpSaltBytes)> material{};
    const auto key = key_bytes(profile), salt = salt_bytes(profile);
    static constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";
    if (SSL_export_keying_material(ssl_.get(), material.data(), 2 * (key + salt), kLabel.data(), kLabel.size(), nullptr,
                                   0, 0) != 1)
        return;
    const Bytes all{material};
    const SrtpMasterKey client(profile, all.subspan(0, key), all.subspan(2 * key, salt));
    const SrtpMasterKey server(profile, all.subspan(key, key), all.subspan(2 * key + salt, salt));
    keys_ = role_ == DtlsRole::client ? DtlsKeys{client, server} : DtlsKeys{server, client};
    OPENSSL_cleanse(material.data(), material.size());
    state_ = DtlsState::connected;
}

/// Hands out what OpenSSL wrote; a handshake's new flight takes the place of the old one and its timer.
void Dtls::collect(Instant now, DtlsOutput& out) {
    if (!wire_->out.empty()) {
        if (state_ == DtlsState::handshaking || state_ == DtlsState::connected) {
            flight_ = wire_->out;
            timeout_ = kDtlsFirstTimeout;
            deadline_ = now + timeout_;
        }
        for (auto& datagram : wire_->out) out.push_back(std::move(datagram));
        wire_->out.clear();
    }
    // Whoever is connected has heard the other side's last flight; a lost one of ours will be asked for.
    if (state_ != DtlsState::handshaking) deadline_ = Instant::never();
}

void Dtls::repeat_flight(DtlsOutput& out) const { out.insert(out.end(), flight_.begin(), flight_.end()); }

void Dtls::tick(Instant now, DtlsOutput& out) {
    if (state_ != DtlsState::handshaking || now < deadline_) return;
    repeat_flight(out);
    timeout_ = std::min<Duration>(timeout_ * 2, kDtlsLastTimeout);
    deadline_ = now + timeout_;
}

void Dtls::close(DtlsOutput& out) {
    if (state_ != DtlsState::connected) {
        if (state_ != DtlsState::failed) state_ = DtlsState::closed;
        return;
    }
    ERR_clear_error();
    {
        const RecordBuffers buffers(ssl_.get(), state_);
        SSL_shutdown(ssl_.get());
    }
    ERR_clear_error();
    state_ = DtlsState::closed;
    for (auto& datagram : wire_->out) out.push_back(std::move(datagram));
    wire_->out.clear();
}

}  // namespace confidente::media
