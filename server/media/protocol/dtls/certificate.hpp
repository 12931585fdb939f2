// The process's DTLS identity: a self-signed ECDSA P-256 certificate made at start, trusted by its fingerprint in the
// SDP alone (RFC 8122, RFC 8827 §6.5), and the contexts that use it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/bytes.hpp"
#include "platform/base/result.hpp"

struct ssl_ctx_st;

namespace confidente::media {

/// SHA-256 of a certificate's DER form.
struct CertificateHash {
    std::array<std::uint8_t, 32> sha256{};
    bool operator==(const CertificateHash&) const = default;
};

/// `AA:BB:…`, as in `a=fingerprint:sha-256 …`.
std::string to_string(const CertificateHash& fingerprint);
/// Nothing unless it is 32 bytes of hex, with colons, in either case.
std::optional<CertificateHash> parse_certificate_hash(std::string_view text);

struct SslContextFree {
    void operator()(ssl_ctx_st* context) const;
};

/// Made once, then shared by every connection of every thread.
class Certificate {
public:
    static Result<std::unique_ptr<Certificate>> make();
    const CertificateHash& hash() const { return hash_; }
    ssl_ctx_st* context() const { return context_.get(); }

private:
    Certificate() = default;
    CertificateHash hash_;
    std::unique_ptr<ssl_ctx_st, SslContextFree> context_;
};

}  // namespace confidente::media
