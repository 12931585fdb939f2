// How a peer of the load gets its connection: by WHIP and WHEP (RFC 9725), or by the API of a server that has none.
// Blocking; each thread has its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http_client.hpp"
#include "media/client/publishing_client.hpp"

namespace bench {

/// What a peer needs to begin.
struct Joined {
    confidente::media::PeerConfig peer;
    std::vector<confidente::media::NegotiatedMedia> media;
    confidente::media::PublishOffer published;  ///< a publisher's SSRCs
    confidente::Instant asked;                  ///< when the offer, or the wish for one, left
};

struct SignallingConfig {
    std::string publish_url, play_url;  ///< WHIP's and WHEP's; `{n}` is the stream's number
    std::string bearer;
    std::string janus_url;               ///< instead of the two: http://HOST:PORT/janus
    std::string local_ip = "127.0.0.1";  ///< IPv4, where the peers' sockets are
};

class Signalling {
public:
    virtual ~Signalling() = default;
    virtual confidente::Result<Joined> publish(int stream, const confidente::media::SocketAddress& local) = 0;
    virtual confidente::Result<Joined> watch(int stream, const confidente::media::SocketAddress& local) = 0;
};

struct Identity {
    const confidente::media::Certificate& certificate;
    confidente::Random& random;
    const confidente::Clock& clock;
};

/// The answer to a server's own connectivity check, which our controlling agent, made for lite servers, never gets.
/// Nothing when the datagram is something else.
std::optional<confidente::Buffer> answer_check(confidente::Bytes datagram, const confidente::media::SocketAddress& from,
                                               const std::string& password);

std::unique_ptr<Signalling> make_signalling(const SignallingConfig& config, Identity identity);
std::unique_ptr<Signalling> make_janus_signalling(const SignallingConfig& config, Identity identity);

}  // namespace bench
