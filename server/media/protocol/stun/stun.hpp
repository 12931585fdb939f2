// STUN as ICE uses it (RFC 8489, RFC 8445 section 7): Binding requests and responses, short-term credentials.
// Sans-IO. Units: bytes. Nothing here returns an Error: a datagram that is not right is no message.
//
// Invariants: a StunMessage points into the datagram it was parsed from. Attributes other than USERNAME cannot be read
// before the message authenticated itself; USERNAME alone is open, because it says whose key to check with.
// FINGERPRINT, when present, must be last and right, or there is no message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "media/protocol/stun/address.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxStunBytes = 1280;     ///< RFC 8489 section 6.1: the IPv6 minimum MTU
inline constexpr std::size_t kMaxStunAttributes = 24;  ///< ICE needs eight
inline constexpr std::uint32_t kStunCookie = 0x2112A442;

using StunTransaction = std::array<std::uint8_t, 12>;

enum class StunClass : std::uint8_t { request, indication, success, error };

/// What an authenticated message says.
struct StunAttributes {
    std::optional<std::uint32_t> priority;
    bool use_candidate = false;
    std::optional<std::uint64_t> ice_controlled, ice_controlling;  ///< tie breakers
    std::optional<SocketAddress> mapped;                           ///< XOR-MAPPED-ADDRESS
    std::optional<std::uint16_t> error_code;
    bool unknown_required = false;  ///< a comprehension-required attribute that we do not know: answer 420
};

/// RFC 7983: the first byte 0..3, and the magic cookie in its place.
bool looks_like_stun(Bytes datagram);

class StunMessage {
public:
    /// Nothing unless this is a whole STUN message of method Binding, well formed to the last attribute.
    static std::optional<StunMessage> parse(Bytes datagram);

    StunClass message_class() const { return class_; }
    const StunTransaction& transaction() const { return transaction_; }
    std::string_view username() const { return username_; }  ///< unauthenticated; `server:client` in a request to us
    bool has_integrity() const { return integrity_at_ != 0; }
    bool has_fingerprint() const { return has_fingerprint_; }

    /// The attributes, if MESSAGE-INTEGRITY is there and made with `password` (constant-time compare).
    std::optional<StunAttributes> authenticate(std::string_view password) const;

private:
    friend struct StunParser;
    StunMessage() = default;
    Bytes datagram_;
    StunClass class_ = StunClass::request;
    StunTransaction transaction_ = {};
    std::string_view username_;
    StunAttributes attributes_;
    std::size_t integrity_at_ = 0;  ///< offset of the attribute's header; 0 = absent
    bool has_fingerprint_ = false;
};

/// A connectivity check of the controlling side (our own demo publisher and load generator).
struct StunBindingRequest {
    StunTransaction transaction = {};
    std::string_view username;  ///< `remote ufrag:local ufrag`
    std::string_view password;  ///< the remote's
    std::uint32_t priority = 0;
    std::uint64_t tie_breaker = 0;  ///< sent as ICE-CONTROLLING
    bool use_candidate = false;
};

// The writers end every message with MESSAGE-INTEGRITY (when a password is given) and FINGERPRINT.
Buffer write_binding_request(const StunBindingRequest& request);
/// An IPv4 address that came over an IPv6 socket (::ffff:192.0.2.1) is told as the IPv4 address that it is.
Buffer write_binding_success(const StunTransaction& transaction, const SocketAddress& mapped,
                             std::string_view password);
/// `code` 400, 401, 420 or 487. Without a password there is no MESSAGE-INTEGRITY; such an answer is never longer than
/// a request with credentials, and the server sends none to strangers anyway.
Buffer write_binding_error(const StunTransaction& transaction, std::uint16_t code, std::string_view password);

}  // namespace confidente::media
