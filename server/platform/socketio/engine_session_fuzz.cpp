// An Engine.IO session as a story of lines, each with its first character: `p` the body of a POST, `f` a text frame of
// the session's websocket, `b` a binary one, `g` a poll, `o` a second websocket that wants to take over, `u` its text
// frames, `s` what the server sends, `+` time that passes, `c` a close, `x` a broken transport. The first line says
// on which transport it begins.
//
// Whatever comes, messages come out only of what went in, at most one poll waits, what the server sends leaves once and
// in order, and after the end nothing comes out but the last polls' answers.
#include <algorithm>
#include <optional>

#include "platform/socketio/engine.hpp"
#include "platform/socketio/packet.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::socketio;

namespace {

class Story {
public:
    explicit Story(TransportKind transport) : engine_(config(), "a-session-of-20-bytes", transport) {
        EngineOutbox out;
        engine_.open(now_, out);
        leave(out);
    }

    void line(std::string_view text) {
        const char what = text.empty() ? ' ' : text.front();
        const auto rest = text.substr(std::min<std::size_t>(1, text.size()));
        EngineOutbox out;
        in_ = rest.size();
        step(what, rest, out);
        leave(out);
        check(engine_.closed() == ended_);
    }

    void finish() {
        // Nobody answers pings any more: the end comes, and a moment later nothing is kept.
        for (int i = 0; i < 4; ++i) {
            now_ = now_ + 60s;
            EngineOutbox out;
            engine_.tick(now_, out);
            leave(out);
        }
        check(engine_.closed() && ended_ && engine_.finished());
        if (was_websocket_) check(left_ == sent_ || slow_);
    }

private:
    static const EngineConfig& config() {
        static const EngineConfig made{.max_payload = 2048, .max_queued_bytes = 1024};
        return made;
    }

    void step(char what, std::string_view rest, EngineOutbox& out) {
        switch (what) {
            case 'p': {
                const bool was_over = engine_.closed() || engine_.transport() != TransportKind::polling;
                const bool taken = engine_.post(rest, now_, out);
                check(!(was_over && taken));
                return;
            }
            case 'f':
            case 'b':
                if (engine_.transport() == TransportKind::websocket) engine_.frame(rest, what == 'b', now_, out);
                return;
            case 'g':
                return poll(out);
            case 'o':
                if (engine_.begin_probe(now_)) probing_ = true;
                return;
            case 'u':
                if (probing_) engine_.probe_frame(rest, false, now_, out);
                return;
            case 's':
                return send(rest, out);
            case '+':
                now_ =
                    now_ + Duration{std::int64_t{rest.empty() ? 1 : static_cast<unsigned char>(rest[0])} * 100'000'000};
                return engine_.tick(now_, out);
            case 'c':
                return engine_.close({1000, "the server closed"}, out);
            case 'x':
                return engine_.broken("hung up", out);
            default:
                return;
        }
    }

    void poll(EngineOutbox& out) {
        const bool waited = waits_;
        const auto verdict = engine_.poll(out);
        check((verdict == Engine::Poll::answered) == (out.poll.has_value() && !waited));
        check(!(waited && verdict == Engine::Poll::waits));
        if (verdict == Engine::Poll::waits) waits_ = true;
    }

    void send(std::string_view text, EngineOutbox& out) {
        if (engine_.closed()) return;
        // What the server says is JSON: no control characters, which keep the packets of a payload apart.
        std::string said = '4' + std::string{text};
        std::ranges::replace_if(
            said, [](char c) { return c < ' ' || c > '~'; }, '?');
        const Frame frame{std::make_shared<const std::string>(std::move(said)), false};
        ++sent_;
        engine_.send({&frame, 1}, out);
    }

    void leave(const EngineOutbox& out) {
        const bool over = ended_;
        std::size_t size = 0;
        for (const auto& message : out.messages) size += message.data.size();
        check(size <= in_);
        if (over) check(out.messages.empty() && out.frames.empty() && !out.close && !out.upgraded);
        if (out.upgraded) {
            check(probing_ && engine_.transport() == TransportKind::websocket);
            probing_ = false;
            waits_ = false;
            was_websocket_ = true;
        }
        if (out.drop_probe) probing_ = false;
        if (engine_.transport() == TransportKind::websocket) was_websocket_ = true;
        for (const auto& frame : out.frames) count(*frame.data);
        if (out.poll) {
            waits_ = false;
            const auto payload = parse_payload(*out.poll);
            check(payload.has_value());
            for (const auto& packet : payload->packets) count(packet.data);
        }
        if (out.close) {
            ended_ = true;
            slow_ = out.close->code == 1013 || engine_.transport() == TransportKind::polling;
            check(!probing_);
            waits_ = false;
        }
        in_ = 0;
    }

    void count(std::string_view frame) {
        const auto packet = parse_engine(frame);
        check(packet.has_value());
        if (packet->type == EngineType::message) ++left_;
        check(left_ <= sent_);
    }

    Instant now_{};
    Engine engine_;
    std::size_t in_ = 0, sent_ = 0, left_ = 0;
    bool waits_ = false, probing_ = false, ended_ = false, slow_ = false, was_websocket_ = false;
};

constexpr int kMaxLines = 200;

}  // namespace

FUZZ(input) {
    auto rest = as_text(input);
    const auto next = [&rest] {
        const auto end = rest.find('\n');
        const auto line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        return line;
    };
    Story story{next() == "websocket" ? TransportKind::websocket : TransportKind::polling};
    for (int i = 0; i < kMaxLines && !rest.empty(); ++i) story.line(next());
    story.finish();
}
