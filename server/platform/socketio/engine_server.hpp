// Engine.IO v4 on HTTP: handshakes, sessions by id, polls that wait without a thread, websockets, upgrades. What the
// messages mean is the business of the EngineHandler that stands upon each session.
//
// Invariants: a session is found by its random id alone and only in a hash map; every poll is answered exactly once,
// at the latest when its client hangs up or the server stops; `closed` is called exactly once, after the last
// `message`; the number of sessions, of half-open ones per address, and what each may queue are bounded.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/base/random.hpp"
#include "platform/base/task.hpp"
#include "platform/http/http.hpp"
#include "platform/socketio/burst.hpp"
#include "platform/socketio/engine.hpp"

namespace confidente::socketio {

inline constexpr std::size_t kMaxSessions = 50'000;
inline constexpr std::size_t kMaxHalfOpenPerAddress = 1'000;  ///< handshaken, not yet established

/// What a handler wants done after one step.
struct Reaction {
    std::vector<Frame> frames;
    std::optional<CloseReason> close;
    std::vector<std::function<void()>> later;  ///< run in order when the session's lock is released
};

/// What stands upon one session. `closed` apart, it is called with the session's lock held: it steps, says what it
/// wants, and never calls the socket.
class EngineHandler {
public:
    virtual ~EngineHandler() = default;
    virtual void message(std::string_view data, bool binary, Reaction& out) = 0;
    virtual void tick(Reaction& out) = 0;
    virtual Instant deadline() const = 0;
    virtual void closed(const CloseReason& reason) = 0;
};

class EngineServer;

/// One session. Thread-safe.
class EngineSocket final : public std::enable_shared_from_this<EngineSocket> {
public:
    EngineSocket(EngineServer& server, std::string sid, TransportKind transport, Executor* executor,
                 std::shared_ptr<void> half_open);

    /// Frames leave in order, together, unless the peer is too slow or going.
    void send(std::vector<Frame> frames);
    /// What rooms said. Whole bursts leave as they are, framed once for everybody. A client that does not read as fast
    /// as it is told loses the events of the moment first, then its connection (`slow consumer`).
    void hear(std::span<const Heard> heard, std::string_view socket_id);
    /// What was sent before leaves first.
    void close(CloseReason reason, std::vector<Frame> last = {});
    /// The client has shown who it is: it counts no more as half-open.
    void established();
    const std::string& sid() const { return engine_.sid(); }
    Executor* home() const { return executor_; }

private:
    friend class EngineServer;
    friend class EngineLine;
    enum class Finish : bool { here, posted };
    using Answer = std::function<void(Result<http::Response>)>;
    using Later = std::vector<std::function<void()>>;
    /// What the kernel had not taken when it was last looked at.
    struct Backlog {
        Instant since = Instant::never();  ///< never: nothing
        std::uint64_t end = 0;             ///< when so many bytes are written, it is gone
    };

    void open(std::shared_ptr<EngineHandler> handler, std::shared_ptr<http::WebSocket> websocket);
    Task<Result<http::Response>> poll(std::shared_ptr<http::Caller> caller);
    void begin_poll(std::shared_ptr<http::Caller> caller, Answer answer);
    http::Response post(const http::Request& request);
    std::shared_ptr<void> begin_post();
    bool begin_probe(std::shared_ptr<http::WebSocket> websocket);
    void websocket_message(const http::WebSocket* websocket, std::string_view data, bool binary);
    void websocket_closed(const http::WebSocket* websocket);
    void tick();
    Instant deadline() const { return Instant{deadline_ns_.load(std::memory_order_relaxed)}; }
    bool finished();

    template <class Work>
    void step(Finish finish, Work work);
    void react(EngineOutbox& out, Later& later);
    void apply(Reaction& reaction, EngineOutbox& out, Later& later);
    void transmit(EngineOutbox& out);
    void write(std::span<const Heard> heard, std::string_view socket_id, bool drop_passing);
    void refresh_deadline();
    void watch_backlog();
    bool is_stuck();
    void end(const CloseReason& reason);
    void abandon();

    EngineServer& server_;
    Executor* executor_;  ///< of the connection that opened the session; null in tests
    std::atomic<std::int64_t> deadline_ns_{INT64_MAX};
    std::mutex mutex_;  ///< guards what follows: the requests of one session come on several threads
    Engine engine_;
    std::shared_ptr<EngineHandler> handler_;  ///< null before it was opened and after it was closed
    std::shared_ptr<http::WebSocket> websocket_, probe_;
    Backlog backlog_;
    Answer poll_answer_;
    std::uint64_t polls_ = 0;      ///< names the poll that waits
    std::uint64_t posts_ = 0;      ///< names the POST under way
    bool post_under_way_ = false;  ///< its headers came, its body not yet
    std::shared_ptr<void> half_open_;
};

class EngineServer {
public:
    /// Called once per handshake, without a lock.
    using MakeHandler =
        std::function<std::shared_ptr<EngineHandler>(std::shared_ptr<EngineSocket>, const http::Request&)>;

    EngineServer(EngineConfig config, std::string path, MakeHandler make, const Clock& clock, Random& random);
    /// After the http server has stopped: nobody is told any more.
    ~EngineServer();
    EngineServer(const EngineServer&) = delete;
    EngineServer& operator=(const EngineServer&) = delete;

    http::WebSocketEndpoint endpoint();
    void tick();
    /// Ends every session with 1001 and refuses new ones.
    void close_all();
    std::size_t sessions() const;

    const EngineConfig& config() const { return config_; }
    Instant now() const { return clock_.now(); }

private:
    friend class EngineSocket;
    struct HalfOpen;
    http::Acceptance accept(const http::Request& request, std::shared_ptr<http::WebSocket> websocket);
    http::Acceptance upgrade(const http::Request& request, std::shared_ptr<http::WebSocket> websocket);
    Task<Result<http::Response>> answer(http::Request request);
    http::Response handshake(const http::Request& request);
    std::shared_ptr<void> begin(const http::Request& request);
    /// Null when there are too many.
    std::shared_ptr<EngineSocket> make_socket(const http::Request& request, TransportKind transport,
                                              Executor* executor);
    std::shared_ptr<EngineSocket> find(std::string_view sid) const;
    std::vector<std::shared_ptr<EngineSocket>> everyone() const;
    void forget(const EngineSocket& socket);

    const EngineConfig config_;
    const std::string path_;
    const MakeHandler make_;
    const Clock& clock_;
    Random& random_;
    std::shared_ptr<HalfOpen> half_open_;
    mutable std::mutex mutex_;  ///< guards the two below; never held while calling a session
    std::unordered_map<std::string, std::shared_ptr<EngineSocket>> sockets_;
    bool closing_ = false;
};

/// The errors that Engine.IO names with a number.
enum class EngineError : std::uint8_t {
    transport_unknown,
    session_unknown,
    bad_handshake_method,
    bad_request,
    forbidden,
    unsupported_version,
};
http::Response refuse(EngineError error);

}  // namespace confidente::socketio
