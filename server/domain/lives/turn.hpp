// What a client needs to reach the media engine through a TURN server (RFC 8656): its addresses, and credentials that
// end by themselves, made with a secret that only we and the TURN server know (draft-uberti-behave-turn-rest-00;
// coturn's `use-auth-secret`). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/time.hpp"

namespace confidente::lives {

inline constexpr Duration kTurnCredentialLife = 1h;  ///< new allocations; one that stands may be refreshed longer

struct Turn {
    std::vector<std::string> urls;  ///< `turn:turn.example.org:3478?transport=udp`, `turns:…`; empty: there is none
    std::string secret;
};

struct TurnCredential {
    std::string username;    ///< `<unix time of its end>:<pseudonym>`
    std::string credential;  ///< base64 of HMAC-SHA-1 over the user name
};

/// The TURN server's log and quota get to know a user by a pseudonym, never by the id.
TurnCredential make_turn_credential(const Turn& turn, std::string_view user_id, UtcTime now);

/// `<turn:…>; rel="ice-server"; …`, as WHIP's Link header says it (RFC 9725 section 4.6); one for each address.
std::vector<std::string> turn_links(const Turn& turn, const TurnCredential& credential);

}  // namespace confidente::lives
