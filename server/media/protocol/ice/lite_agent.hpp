// The ICE-lite side of a session (RFC 8445 §2.5): it answers authenticated Binding requests, learns from them which
// remote addresses are real, follows the controlling side's nomination, and keeps consent (RFC 7675) by hearing them.
//
// A restart (RFC 8445 section 9) gives both sides new credentials. Those before it are good until the first check with
// the new ones, so that consent has no gap; media stays where it goes until the new checks nominate.
//
// Errors: none. A message with another user fragment or a wrong MESSAGE-INTEGRITY is dropped in silence.
// Invariants: an address is known only after a request from it was authenticated; nothing is ever sent elsewhere; an
// answer is no longer than some 110 bytes, for a request of the same size.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "media/protocol/ice/credentials.hpp"
#include "media/protocol/stun/address.hpp"
#include "media/protocol/stun/stun.hpp"

namespace confidente::media {

/// Remote addresses kept at a time; a browser has some four interfaces. The one longest silent makes room.
inline constexpr std::size_t kMaxIcePairs = 8;

enum class IceVerdict : std::uint8_t { ignored, unauthenticated, answered };

class LiteAgent {
public:
    LiteAgent(IceCredentials ours, std::string their_ufrag, Instant now);

    /// New credentials of both sides. A second restart before the first was taken up replaces it.
    void restart(IceCredentials ours, std::string their_ufrag);
    /// Restarted, and not yet asked with the new credentials: those before are good too.
    bool restarting() const { return before_.has_value(); }

    /// `answer` gets what goes back to `from`, when the verdict is `answered`.
    IceVerdict receive(const StunMessage& message, const SocketAddress& from, Instant now, Buffer& answer);

    /// The other side uses this validated address for more than checks. Until it nominates one, that is where to send:
    /// Chromium finishes DTLS, and waits for media, before its first check with USE-CANDIDATE.
    void prefer(const SocketAddress& address, Instant now);

    /// Where to send: the address nominated last; before that the one preferred, else the first validated.
    const std::optional<SocketAddress>& selected() const { return selected_; }
    bool nominated() const { return nominated_; }
    /// A request from there was authenticated in the last 30 s.
    bool validated(const SocketAddress& address, Instant now) const;
    /// False 20 s after the last authenticated request from the selected address.
    bool may_send(Instant now) const;
    /// The instant at which the session is dead unless another request comes.
    Instant lost_at() const { return heard_ + kConsentLost; }
    Instant last_heard() const { return heard_; }
    /// What may_send() and selected() read.
    void prefetch() const {
        __builtin_prefetch(&selected_);
        __builtin_prefetch(&selected_heard_);
    }

private:
    struct Pair {
        SocketAddress address;
        Instant heard{INT64_MIN / 2};
        bool used = false;
    };
    struct Generation {
        IceCredentials ours;
        std::string username;  ///< `ours:theirs`, as requests must say
        Generation(IceCredentials own, const std::string& their_ufrag)
            : ours(std::move(own)), username(ours.ufrag + ":" + their_ufrag) {}
    };
    Pair& pair_of(const SocketAddress& address);

    Generation current_;
    std::optional<Generation> before_;  ///< the last restart
    std::array<Pair, kMaxIcePairs> pairs_;
    std::optional<SocketAddress> selected_;
    bool nominated_ = false;
    Instant heard_;
    Instant selected_heard_;
};

}  // namespace confidente::media
