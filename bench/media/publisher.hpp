// A publisher of the load: one real DTLS-SRTP peer that sends a SyntheticStream and Opus-sized audio in real time.
// Video leaves in bursts, as a browser's pacer sends it. One thread drives all of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "media/engine/udp_socket.hpp"
#include "signalling.hpp"
#include "synthetic_stream.hpp"

namespace bench {

struct PublisherConfig {
    std::uint64_t bits_per_second = 2'500'000;
    int burst_packets = 4;
    confidente::Duration burst_spacing = confidente::Duration{3'000'000};
};

class Publisher {
public:
    Publisher(PublisherConfig config, confidente::media::UdpSocket socket, Joined joined, Identity identity);

    int handle() const { return socket_.handle(); }
    void work(confidente::Instant now, bool sending);
    confidente::Instant deadline() const;
    bool connected() const { return peer_.state() == confidente::media::PeerState::connected; }
    std::uint64_t packets() const { return packets_; }
    std::uint64_t keyframes_asked() const { return keyframes_asked_; }

private:
    struct Track {
        confidente::media::NegotiatedMedia media;
        confidente::media::Ssrc ssrc;
        std::uint16_t sequence = 100;
        std::uint32_t timestamp = 0;
        std::uint32_t packets = 0, octets = 0;
    };
    void hear(confidente::media::Datagram datagram, confidente::Instant now);
    void send_burst(confidente::Instant now);
    void send_audio(confidente::Instant now);
    void send(Track& track, bool marker, std::size_t payload, confidente::Instant now);
    void report(const Track& track, confidente::Instant now);
    confidente::MutableBytes payload_room();

    PublisherConfig config_;
    confidente::media::UdpSocket socket_;
    Identity identity_;
    std::string password_;
    confidente::media::Peer peer_;
    confidente::media::Outbox out_{64};
    std::optional<Track> video_, audio_;
    std::string cname_;
    SyntheticStream stream_;
    std::vector<PacketPlan> frame_;
    std::size_t sent_of_frame_ = 0;
    std::uint16_t transport_sequence_ = 0;
    bool playing_ = false, keyframe_asked_ = false;
    confidente::Instant next_frame_, next_burst_ = confidente::Instant::never(), next_audio_, next_report_;
    std::uint64_t packets_ = 0, keyframes_asked_ = 0;
};

/// The publishers' thread.
class Publishers {
public:
    Publishers(std::vector<std::unique_ptr<Publisher>> all, const confidente::Clock& clock);
    ~Publishers();
    std::size_t connected() const { return connected_; }
    std::uint64_t packets() const { return packets_; }
    std::uint64_t keyframes_asked() const { return keyframes_asked_; }
    void start_sending() { sending_ = true; }

private:
    void run();
    std::vector<std::unique_ptr<Publisher>> all_;
    const confidente::Clock& clock_;
    std::atomic<bool> stopping_{false}, sending_{false};
    std::atomic<std::size_t> connected_{0};
    std::atomic<std::uint64_t> packets_{0}, keyframes_asked_{0};
    std::thread thread_;
};

}  // namespace bench
