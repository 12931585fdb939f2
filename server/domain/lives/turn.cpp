#include "domain/lives/turn.hpp"

#include "platform/base/bytes.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::lives {

TurnCredential make_turn_credential(const Turn& turn, std::string_view user_id, UtcTime now) {
    const auto end = (now + kTurnCredentialLife).ms / 1000;
    const auto pseudonym = crypto::hmac_sha256(turn.secret, "turn user " + std::string{user_id});
    TurnCredential made;
    made.username = std::to_string(end) + ":" + to_hex(Bytes{pseudonym}.first(8));
    made.credential = to_base64(crypto::hmac_sha1(turn.secret, made.username));
    return made;
}

std::vector<std::string> turn_links(const Turn& turn, const TurnCredential& credential) {
    std::vector<std::string> links;
    for (const auto& url : turn.urls)
        links.push_back("<" + url + ">; rel=\"ice-server\"; username=\"" + credential.username + "\"; credential=\"" +
                        credential.credential + "\"; credential-type=\"password\"");
    return links;
}

}  // namespace confidente::lives
