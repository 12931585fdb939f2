// Janus's VideoRoom by its REST API (Debian's `janus`): a room per stream; Janus offers, the viewer answers.
#include <boost/json.hpp>
#include <ctime>
#include <map>
#include <mutex>

#include "media/protocol/sdp/negotiate.hpp"
#include "signalling.hpp"

namespace bench {

using namespace confidente;
using namespace confidente::media;
namespace bjson = boost::json;

namespace {

constexpr int kFirstRoom = 7000;
constexpr int kEventsToWaitFor = 200;  // those of other handles come in between

/// Which feed is a room's publisher; written before anybody watches.
struct Feeds {
    std::mutex mutex;  ///< guards feeds
    std::map<int, std::int64_t> feeds;
};
Feeds& all_feeds() {
    static Feeds feeds;
    return feeds;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

class Janus final : public Signalling {
public:
    Janus(const SignallingConfig& config, Identity identity)
        : url_(*Url::parse(config.janus_url)), http_(url_.host, url_.port), identity_(identity) {}

    Result<Joined> publish(int stream, const SocketAddress& local) override {
        TRY(const auto handle, attach());
        const auto room = kFirstRoom + stream;
        TRY(const auto created, message(handle, {{"request", "create"},
                                                 {"room", room},
                                                 {"publishers", 3},
                                                 {"bitrate", 0},
                                                 {"videocodec", "h264"},
                                                 {"audiocodec", "opus"},
                                                 {"h264_profile", "42e01f"},
                                                 {"fir_freq", 0}}));
        (void)created;
        const auto asked = identity_.clock.now();
        const auto offer = make_client_publish_offer(identity_.certificate, local, identity_.random);
        // Given the choice it would take the client's part of DTLS, which is ours.
        const auto sdp = replaced(offer.sdp, "a=setup:actpass", "a=setup:active");
        TRY(const auto event, request(handle, {{"request", "joinandconfigure"}, {"ptype", "publisher"}, {"room", room}},
                                      {{"type", "offer"}, {"sdp", sdp}}));
        const auto& data = event.at("plugindata").at("data").as_object();
        if (!data.contains("id")) return refused(event);
        {
            const std::lock_guard lock(all_feeds().mutex);
            all_feeds().feeds[stream] = data.at("id").to_number<std::int64_t>();
        }
        TRY(auto read, read_client_answer(std::string{event.at("jsep").at("sdp").as_string()}));
        auto peer = client_peer(offer, read);
        return Joined{std::move(peer), std::move(read.negotiated.media), offer.published, asked};
    }

    Result<Joined> watch(int stream, const SocketAddress& local) override {
        std::int64_t feed = 0;
        {
            const std::lock_guard lock(all_feeds().mutex);
            feed = all_feeds().feeds[stream];
        }
        const auto asked = identity_.clock.now();
        TRY(const auto handle, attach());
        TRY(const auto event, request(handle,
                                      {{"request", "join"},
                                       {"ptype", "subscriber"},
                                       {"room", kFirstRoom + stream},
                                       {"streams", bjson::array{{{"feed", feed}}}}},
                                      {}));
        TRY(const auto offer, SessionDescription::parse(std::string{event.at("jsep").at("sdp").as_string()}));
        // Our server's answer to a publisher is what a viewer would say, but for the roles.
        auto ours = make_ice_credentials(identity_.random);
        LocalTransport transport{.ufrag = ours.ufrag,
                                 .password = ours.pwd,
                                 .fingerprint = {"sha-256", to_string(identity_.certificate.hash())},
                                 .candidates = {{local.ip_text(), local.port}},
                                 .session_id = identity_.random.u64() >> 1};
        TRY(auto answer, make_publish_answer(offer, transport));
        const auto sdp = replaced(replaced(answer.sdp, "a=ice-lite\r\n", ""), "a=setup:passive", "a=setup:active");
        TRY(const auto started, request(handle, {{"request", "start"}}, {{"type", "answer"}, {"sdp", sdp}}));
        (void)started;
        const auto hash = parse_certificate_hash(answer.remote.fingerprint.hex);
        if (!hash) return Error{ErrorKind::unavailable, "refused", "no fingerprint"};
        for (const auto& candidate : answer.remote.candidates)
            if (const auto remote = SocketAddress::parse(candidate.ip, candidate.port);
                remote && remote->family == AddressFamily::v4 &&
                (candidate.protocol == "udp" || candidate.protocol == "UDP"))
                return Joined{{.role = PeerRole::client,
                               .ours = std::move(ours),
                               .theirs = {answer.remote.ufrag, answer.remote.password},
                               .their_certificate = *hash,
                               .remote = *remote},
                              std::move(answer.media),
                              {},
                              asked};
        return Error{ErrorKind::unavailable, "refused", "no candidate"};
    }

private:
    static Error refused(const bjson::object& said) {
        return Error{ErrorKind::unavailable, "refused", "janus: " + bjson::serialize(said)};
    }
    Result<bjson::object> post(const std::string& path, bjson::object body) {
        body["transaction"] = std::to_string(++transaction_);
        const auto answer = http_.ask("POST", path, "Content-Type: application/json\r\n", bjson::serialize(body));
        boost::system::error_code error;
        auto value = bjson::parse(answer.body, error);
        if (error || !value.is_object()) return Error{ErrorKind::unavailable, "refused", "janus: " + answer.body};
        if (value.as_object()["janus"] == "error") return refused(value.as_object());
        return std::move(value.as_object());
    }
    std::string path(std::int64_t handle) const {
        return url_.path + "/" + std::to_string(session_) + (handle ? "/" + std::to_string(handle) : std::string{});
    }
    Result<std::int64_t> attach() {
        if (session_ == 0) {
            auto created = post(url_.path, {{"janus", "create"}});
            // It may only just have been started.
            for (int tries = 0; !created && tries < 100; ++tries) {
                const timespec moment{0, 100'000'000};
                nanosleep(&moment, nullptr);
                created = post(url_.path, {{"janus", "create"}});
            }
            if (!created) return created.error();
            session_ = created->at("data").at("id").to_number<std::int64_t>();
        }
        TRY(const auto attached, post(path(0), {{"janus", "attach"}, {"plugin", "janus.plugin.videoroom"}}));
        return attached.at("data").at("id").to_number<std::int64_t>();
    }
    Result<bjson::object> message(std::int64_t handle, bjson::object body) {
        return post(path(handle), {{"janus", "message"}, {"body", std::move(body)}});
    }
    /// Sends a message and awaits its event.
    Result<bjson::object> request(std::int64_t handle, bjson::object body, bjson::object jsep) {
        bjson::object whole{{"janus", "message"}, {"body", std::move(body)}};
        if (!jsep.empty()) whole["jsep"] = std::move(jsep);
        TRY(const auto taken, post(path(handle), std::move(whole)));
        (void)taken;
        const auto mine = std::to_string(transaction_);
        for (int i = 0; i < kEventsToWaitFor; ++i) {
            const auto answer = http_.ask("GET", path(0) + "?maxev=1", "", "");
            boost::system::error_code error;
            auto value = bjson::parse(answer.body, error);
            if (error || !value.is_object()) return Error{ErrorKind::unavailable, "refused", "janus: " + answer.body};
            auto& event = value.as_object();
            const auto* whose = event.if_contains("transaction");
            if (!whose || !whose->is_string() || std::string_view{whose->as_string()} != mine) continue;
            const auto* data = value.as_object().if_contains("plugindata");
            if (!data || data->at("data").as_object().contains("error")) return refused(event);
            return std::move(event);
        }
        return Error{ErrorKind::unavailable, "refused", "janus: no event came"};
    }

    Url url_;
    HttpClient http_;
    Identity identity_;
    std::int64_t session_ = 0;
    std::uint64_t transaction_ = 0;
};

}  // namespace

std::unique_ptr<Signalling> make_janus_signalling(const SignallingConfig& config, Identity identity) {
    return std::make_unique<Janus>(config, identity);
}

}  // namespace bench
