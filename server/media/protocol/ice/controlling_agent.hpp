// A minimal controlling ICE agent for our own client: one local socket, one remote candidate of an ICE-lite server.
// It nominates with its first check and then keeps consent (RFC 7675 §5.1).
//
// Invariants: an answer counts only when it has the transaction of one of the last checks, comes from the remote
// candidate and carries the remote password's MESSAGE-INTEGRITY.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "media/protocol/ice/credentials.hpp"
#include "media/protocol/stun/address.hpp"
#include "media/protocol/stun/stun.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxOpenChecks = 8;
inline constexpr Duration kCheckInterval = 100ms;     ///< until the first answer
inline constexpr Duration kConsentInterval = 2500ms;  ///< below RFC 7675's 5 s ± 20 %: a server may be stricter

class ControllingAgent {
public:
    ControllingAgent(IceCredentials ours, IceCredentials theirs, SocketAddress remote, Random& random, Instant now);

    /// New credentials of both sides, over the same path; checks begin at once.
    void restart(const IceCredentials& ours, IceCredentials theirs, Instant now);

    /// The next check, if one is due.
    std::optional<Buffer> tick(Instant now);
    /// True when this answer proves the path.
    bool receive(const StunMessage& message, const SocketAddress& from, Instant now);

    Instant deadline() const { return next_check_; }
    bool connected() const { return connected_; }
    bool may_send(Instant now) const { return connected_ && now < heard_ + kConsentLost; }
    Instant lost_at() const { return heard_ + kConsentLost; }
    const SocketAddress& remote() const { return remote_; }

private:
    std::string username_;
    std::string password_;
    SocketAddress remote_;
    Random& random_;
    std::uint64_t tie_breaker_;
    std::array<StunTransaction, kMaxOpenChecks> open_{};
    std::size_t sent_ = 0;
    Instant next_check_;
    Instant heard_;
    bool connected_ = false;
};

}  // namespace confidente::media
