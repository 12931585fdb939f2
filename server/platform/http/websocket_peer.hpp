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
    static constexpr std::size_t kMaxUnsent = 64U << 10U;  ///< bytes in the kernel beyond what is on its way
    WebSocketPeer(std::shared_ptr<Transport> transport, Sessions& sessions, std::size_t max_message);

    /// Answers 101 and begins to read; `received` came behind the request.
    void start(std::shared_ptr<WebSocketHandler> handler, std::string accept, const Headers& headers,
               std::string received);
    /// The upgrade was refused: sends and closes do nothing from now on.
    void forget();

    void send(std::vector<WebSocketMessage> messages) override;
    void send_framed(std::span<const SharedBytes> pieces) override;
    std::size_t queued_bytes() const override { return queued_bytes_.load(std::memory_order_relaxed); }
    std::uint64_t written_bytes() const override { return written_bytes_.load(std::memory_order_relaxed); }
    void close(std::uint16_t code, std::string_view reason) override;
    Executor& executor() override { return transport_->executor(); }
    void drain() override;
    void abort() override { end(); }

private:
    struct Outgoing {
        std::string head;  ///< of the frame; empty when `data` brings its own
        SharedBytes data;
        std::size_t written = 0;  ///< bytes of `data` that have left
        /// The longest header counts too, so that empty messages cannot fill the queue for nothing.
        std::size_t cost() const { return data->size() - written + 10; }
    };
    bool write_at_once(std::span<const SharedBytes>& pieces, std::size_t& written);
    void queue(Opcode opcode, SharedBytes data) { queue({frame_header(opcode, data->size()), std::move(data)}); }
    void queue(Outgoing frame);
    void flush();
    void written(bool ok);
    void read();
    void received(bool ok, std::string_view bytes);
    void process();
    void finish();
    void linger();
    void send_close(std::uint16_t code, std::string_view reason);
    void end();

    std::shared_ptr<Transport> transport_;
    Sessions& sessions_;
    FrameReader reader_;
    std::shared_ptr<WebSocketHandler> handler_;

    /// Guards the next six, and write_now() against close(): messages come from any thread.
    std::mutex mutex_;
    std::vector<Outgoing> queue_;
    bool flush_posted_ = false, writing_ = false;
    bool open_ = false;     ///< between the handshake and the close frame
    bool closing_ = false;  ///< the close frame is queued: nothing follows it
    std::vector<Outgoing> in_flight_;
    std::atomic<std::size_t> queued_bytes_{0};
    std::atomic<std::uint64_t> written_bytes_{0};

    // Of the connection's own thread:
    std::string handshake_;
    bool started_ = false, close_sent_ = false, close_received_ = false;
    bool pong_queued_ = false;
    bool refused_ = false, lingering_ = false;
    std::size_t lingered_ = 0;
    std::atomic<bool> ended_{false};
};

}  // namespace confidente::http
