// DTLS 1.2 (RFC 6347) for DTLS-SRTP (RFC 5764), sans-IO: OpenSSL between two memory BIOs of ours, one datagram each.
//
// Time: the retransmission timer is ours, driven by tick(now); OpenSSL's own would read the machine's clock. It sends
// the last flight's datagrams again as they were (what arrived is dropped there as a replay, what was lost is taken).
// Because a flight that arrived whole looks like replays only, a finished server answers any further handshake
// datagram with its last flight.
//
// Errors: there are none to handle; a handshake that cannot succeed ends in DtlsState::failed.
// Invariants: keys() exists only after the peer's certificate had the expected fingerprint and proved its key; nothing
// is sent before start() or the first datagram.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "media/protocol/dtls/certificate.hpp"
#include "media/protocol/srtp/profile.hpp"
#include "platform/base/bytes.hpp"
#include "platform/base/time.hpp"

struct ssl_st;

namespace confidente::media {

inline constexpr std::size_t kDtlsMtu = 1200;  ///< UDP payload; leaves room for IPv6 and tunnels
inline constexpr std::size_t kMaxFlightDatagrams = 32;
inline constexpr Duration kDtlsFirstTimeout = 250ms;  ///< below RFC 6347's 1 s: ICE has just shown the path to be short
inline constexpr Duration kDtlsLastTimeout = 2s;

enum class DtlsRole : std::uint8_t { client, server };
enum class DtlsState : std::uint8_t { idle, handshaking, connected, failed, closed };

struct DtlsKeys {
    SrtpMasterKey ours;    ///< seals what we send
    SrtpMasterKey theirs;  ///< opens what they send
};

/// Datagrams to send, in order.
using DtlsOutput = std::vector<Buffer>;

class Dtls {
public:
    /// `certificate` outlives it; `expected` is the fingerprint of the peer's SDP.
    Dtls(const Certificate& certificate, DtlsRole role, const CertificateHash& expected);
    ~Dtls();
    Dtls(const Dtls&) = delete;
    Dtls& operator=(const Dtls&) = delete;

    /// A client sends its first flight; a server only waits.
    void start(Instant now, DtlsOutput& out);
    void receive(Bytes datagram, Instant now, DtlsOutput& out);
    void tick(Instant now, DtlsOutput& out);
    Instant deadline() const { return deadline_; }
    DtlsState state() const { return state_; }
    /// When connected.
    const std::optional<DtlsKeys>& keys() const { return keys_; }
    /// Sends close_notify, if there is a connection to close.
    void close(DtlsOutput& out);

    struct Wire;  // what the BIO reads and writes; public for the BIO's callbacks alone

private:
    struct SslFree {
        void operator()(ssl_st* ssl) const;
    };
    void step();
    void finish();
    void collect(Instant now, DtlsOutput& out);
    void repeat_flight(DtlsOutput& out) const;

    DtlsRole role_;
    DtlsState state_ = DtlsState::idle;
    CertificateHash expected_;
    std::unique_ptr<Wire> wire_;
    std::unique_ptr<ssl_st, SslFree> ssl_;
    std::optional<DtlsKeys> keys_;
    std::vector<Buffer> flight_;
    Duration timeout_ = kDtlsFirstTimeout;
    Instant deadline_ = Instant::never();
    Instant repeated_{INT64_MIN / 2};
};

}  // namespace confidente::media
