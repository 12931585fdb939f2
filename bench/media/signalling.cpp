#include "signalling.hpp"

namespace bench {

using namespace confidente;
using namespace confidente::media;

namespace {

std::string with_number(std::string text, int number) {
    if (const auto at = text.find("{n}"); at != std::string::npos) text.replace(at, 3, std::to_string(number));
    return text;
}

/// RFC 9725 §4.2: the offer in a POST, the answer in its 201.
class WhipAndWhep final : public Signalling {
public:
    WhipAndWhep(const SignallingConfig& config, Identity identity)
        : publish_(*Url::parse(config.publish_url)),
          play_(*Url::parse(config.play_url)),
          headers_("Content-Type: application/sdp\r\n"),
          publishing_(publish_.host, publish_.port),
          playing_(play_.host, play_.port),
          identity_(identity) {
        if (!config.bearer.empty()) headers_ += "Authorization: Bearer " + config.bearer + "\r\n";
    }

    Result<Joined> publish(int stream, const SocketAddress& local) override {
        const auto asked = identity_.clock.now();
        const auto offer = make_client_publish_offer(identity_.certificate, local, identity_.random);
        return post(publishing_, with_number(publish_.path, stream), offer, asked);
    }
    Result<Joined> watch(int stream, const SocketAddress& local) override {
        const auto asked = identity_.clock.now();
        const auto offer = make_client_play_offer(identity_.certificate, local, identity_.random);
        return post(playing_, with_number(play_.path, stream), offer, asked);
    }

private:
    Result<Joined> post(HttpClient& http, const std::string& path, const ClientOffer& offer, Instant asked) {
        const auto answer = http.ask("POST", path, headers_, offer.sdp);
        if (answer.status != 201)
            return Error{ErrorKind::unavailable, "refused",
                         "POST " + path + ": " + std::to_string(answer.status) + " " + answer.body};
        TRY(auto read, read_client_answer(answer.body));
        auto peer = client_peer(offer, read);
        return Joined{std::move(peer), std::move(read.negotiated.media), offer.published, asked};
    }
    Url publish_, play_;
    std::string headers_;
    HttpClient publishing_, playing_;
    Identity identity_;
};

}  // namespace

std::optional<Buffer> answer_check(Bytes datagram, const SocketAddress& from, const std::string& password) {
    if (datagram.empty() || datagram[0] > 3) return {};
    const auto message = StunMessage::parse(datagram);
    if (!message || message->message_class() != StunClass::request || !message->authenticate(password)) return {};
    return write_binding_success(message->transaction(), from, password);
}

std::unique_ptr<Signalling> make_signalling(const SignallingConfig& config, Identity identity) {
    if (!config.janus_url.empty()) return make_janus_signalling(config, identity);
    return std::make_unique<WhipAndWhep>(config, identity);
}

}  // namespace bench
