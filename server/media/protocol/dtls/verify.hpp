// The certificate check of DTLS-SRTP: no chain, no dates, only the fingerprint of the peer's SDP.
#pragma once

#include <openssl/x509.h>

namespace confidente::media {

/// OpenSSL's callback; the connection's app data is the expected CertificateHash. Returns 1 when the certificate has
/// it.
int verify_fingerprint(X509_STORE_CTX* store, void*);

}  // namespace confidente::media
