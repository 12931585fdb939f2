// A websocket over a transport. Invariants: what was queued before close() leaves before the close frame; `closed` is
// called exactly once, after the last `message`; the queue never passes kMaxQueued bytes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/http/transport.hpp"
#include "platform/http/websocket.hpp"
#include "platform/http/websocket_frames.hpp"

namespace confidente::http {

class WebSocketPeer final : public WebSocket, public Session, public std::enable_shared_from_this<WebSocketPeer> {
public:
    static constexpr std::size_t kMaxQueued = 16U << 20U;  ///< bytes; a slower reader is dropped
    WebSocketPeer(std::shared_ptr<Transport> transport, Sessions& sessions, std::size_t max_message);

    /// Answers 101 and begins to read; `received` came behind the request.
    void start(std::shared_ptr<WebSocketHandler> handler, std::string accept, const Headers& headers,
               std::string received);
    /// The upgrade was refused: sends and closes do nothing from now on.
    void forget();

    void send(std::vector<WebSocketMessage> messages) override;
    std::size_t queued_bytes() const override { return queued_bytes_.load(std::memory_order_relaxed); }
    void close(std::uint16_t code, std::string_view reason) override;
    Executor& executor() override { return transport_->executor(); }
    void drain() override;
    void abort() override { end(); }

private:
    struct Outgoing {
        Opcode opcode;
        std::shared_ptr<const std::string> data;
        /// The longest header counts too, so that empty messages cannot fill the queue for nothing.
        std::size_t cost() const { return data->size() + 10; }
    };
    void enqueue(std::vector<Outgoing> frames);
    void flush();
    void written(bool ok);
    void read();
    void received(bool ok, std::string_view bytes);
    void process();
    void send_close(std::uint16_t code, std::string_view reason);
    void end();

    std::shared_ptr<Transport> transport_;
    Sessions& sessions_;
    FrameReader reader_;
    std::shared_ptr<WebSocketHandler> handler_;

    std::mutex mutex_;  ///< guards queue_ and flush_posted_: send() comes from any thread
    std::vector<Outgoing> queue_;
    bool flush_posted_ = false;
    std::atomic<std::size_t> queued_bytes_{0};

    std::vector<Outgoing> in_flight_;
    std::vector<std::string> in_flight_heads_;
    std::string handshake_;
    bool started_ = false, writing_ = false, close_sent_ = false, close_received_ = false;
    bool pong_queued_ = false;
    std::atomic<bool> ended_{false};
};

}  // namespace confidente::http
