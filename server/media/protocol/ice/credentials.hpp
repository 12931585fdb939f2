// ICE user fragment and password of one side of one session (RFC 8445 §5.3). Characters are those of base64url without
// `_` and `-`, which ice-char does not have.
#pragma once

#include <string>

#include "platform/base/random.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

struct IceCredentials {
    std::string ufrag;  ///< 4 to 256 characters
    std::string pwd;    ///< 22 to 256 characters
};

/// 16 and 32 characters: the fragment alone tells the session, so it is unguessable too.
IceCredentials make_ice_credentials(Random& random);

inline constexpr Duration kConsentStopsSending = 20s;  ///< below RFC 7675's 30 s: we only hear, we do not ask
inline constexpr Duration kConsentLost = 30s;          ///< RFC 7675 §5.1

}  // namespace confidente::media
