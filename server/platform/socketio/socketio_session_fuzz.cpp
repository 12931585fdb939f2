// One client's Socket.IO as a story of lines, each with its first character: `t` a text message, `b` a binary one, `+`
// seconds that pass. The tokens `user…` are good for 15 minutes, `brief…` for ten seconds, `crowd…` is one socket too
// many; `/open` and `/too` are namespaces for anybody.
//
// Whatever comes: what the host hears of was sent within a namespace that the client was let into, by somebody whose
// token holds; every frame that leaves can be read; strangers are let try so often and no more; after the end nothing
// comes out.
#include <boost/json.hpp>

#include "platform/socketio/connection.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::socketio;

namespace {

class Host final : public ConnectionHost {
public:
    const Config& config() const override { return config_; }
    const http::Authenticator& authenticator() const override { return authenticator_; }
    Now now() const override { return now_; }
    bool is_open_namespace(std::string_view nsp) const override { return nsp == "/open" || nsp == "/too"; }
    std::string make_id() const override { return "id" + std::to_string(++ids_); }
    Result<Admission> admit(const SharedPrincipal& principal, const Comeback& comeback) override {
        check(comeback.pid.size() <= kMaxNamespace);
        if (principal->user_id.starts_with("crowd"))
            return Error{.kind = ErrorKind::too_many, .code = "too_many_sockets", .detail = "No more."};
        Admission admission{.socket_id = make_id(), .pid = "p" + std::to_string(ids_)};
        if (comeback.offset) admission.missed.push_back({missed_, false});
        return admission;
    }
    void pass(Duration by) {
        now_.at = now_.at + by;
        now_.utc = now_.utc + by;
    }
    unsigned tries() const { return tries_; }

private:
    Result<http::Principal> verify(std::string_view token) {
        check(!token.empty() && token.size() <= kMaxToken);
        ++tries_;
        const bool brief = token.starts_with("brief");
        if (!brief && !token.starts_with("user") && !token.starts_with("crowd"))
            return Error{.kind = ErrorKind::unauthenticated, .code = "invalid_token", .detail = "No."};
        return http::Principal{std::string{token.substr(0, 8)}, "s", http::Role::client,
                               now_.utc + (brief ? 10s : 900s)};
    }

    Config config_;
    Now now_{Instant{}, UtcTime{1'800'000'000'000}};
    mutable unsigned ids_ = 0;
    unsigned tries_ = 0;
    std::shared_ptr<const std::string> missed_ = std::make_shared<const std::string>(R"(42["missed",{}])");
    http::Authenticator authenticator_ = [this](std::string_view token) { return verify(token); };
};

class Story {
public:
    void line(std::string_view text) {
        const char what = text.empty() ? ' ' : text.front();
        const auto rest = text.substr(std::min<std::size_t>(1, text.size()));
        const bool was_member = !connection_.socket_id("/").empty();
        ConnectionOutbox out;
        if (what == 't' || what == 'b') connection_.receive(rest, what == 'b', out);
        if (what == '+') {
            host_.pass(std::chrono::seconds{rest.empty() ? 1 : static_cast<unsigned char>(rest[0])});
            connection_.tick(out);
        }
        leave(out, was_member);
    }

    void finish() {
        // Strangers in no namespace, and everybody whose token ends, are shown the door in time.
        for (int i = 0; i < 4; ++i) {
            host_.pass(400s);
            ConnectionOutbox out;
            connection_.tick(out);
            leave(out, !connection_.socket_id("/").empty());
        }
        const bool lingers = !connection_.socket_id("/open").empty() || !connection_.socket_id("/too").empty();
        check(ended_ || lingers);
        if (ended_) check(connection_.deadline() == Instant::never());
    }

private:
    void leave(const ConnectionOutbox& out, bool was_member) {
        if (ended_) check(out.frames.empty() && !out.event && !out.ack && !out.joined && !out.close);
        if (out.close) ended_ = true;
        for (const auto& frame : out.frames) check_frame(*frame.data);
        if (out.event) check_event(*out.event, was_member);
        if (out.ack) {
            check_member(out.ack->nsp, was_member);
            check_attachments(*out.ack->arguments, out.ack->attachments);
        }
        if (out.joined) {
            check(connection_.socket_id(out.joined->nsp) == out.joined->socket_id && !out.joined->socket_id.empty());
            check((out.joined->nsp == "/") == (out.joined->auth == nullptr));
            if (out.joined->nsp == "/") tries_before_ = host_.tries();
        }
        // An accepted `auth:refresh` starts the count anew too; a story has not lines enough to make many of them.
        if (!connection_.principal()) check(host_.tries() - tries_before_ <= kMaxConnectAttempts);
    }

    void check_member(const std::string& nsp, bool was_member) {
        if (nsp == "/") check(was_member && connection_.principal() != nullptr);
        if (nsp == "/") check(host_.now().utc < connection_.principal()->expires_at);
        check(nsp == "/" || host_.is_open_namespace(nsp));
        check(!connection_.socket_id(nsp).empty());
    }

    void check_event(const IncomingEvent& event, bool was_member) {
        check_member(event.nsp, was_member);
        check(!event.name.empty() && event.name.size() <= kMaxEventName);
        check(event.arguments->is_array() && event.arguments->get_array().front().get_string() == event.name);
        check_attachments(*event.arguments, event.attachments);
        if (event.payload) check(event.payload->is_object());
    }

    /// In a packet without attachments, what looks like a placeholder is data like any other.
    static void check_attachments(const json::Value& arguments, const Attachments& attachments) {
        check(arguments.is_array() && attachments.size() <= kMaxAttachments);
        check(attachments.empty() || placeholders_fit(arguments, attachments.size()));
    }

    static void check_frame(std::string_view frame) {
        const auto engine = parse_engine(frame);
        check(engine && engine->type == EngineType::message);
        check(parse_packet(engine->data).has_value());
    }

    Host host_;
    Connection connection_{host_};
    unsigned tries_before_ = 0;
    bool ended_ = false;
};

constexpr int kMaxLines = 200;

}  // namespace

FUZZ(input) {
    Story story;
    auto rest = as_text(input);
    for (int i = 0; i < kMaxLines && !rest.empty(); ++i) {
        const auto end = rest.find('\n');
        story.line(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    story.finish();
}
