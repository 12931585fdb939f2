// A viewer of the load: one real DTLS-SRTP peer with a socket of its own. It counts every packet by its header, opens
// one in kOpenEvery to read the time in it, and answers as a browser does: consent, receiver reports, transport-wide
// feedback where it was negotiated.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "media/protocol/rtcp/transport_feedback.hpp"
#include "signalling.hpp"

namespace bench {

inline constexpr std::uint64_t kOpenEvery = 16;

/// How long something took, of many: in steps of 10 µs up to 2 s.
class Histogram {
public:
    void add(std::int64_t ns);
    void add(const Histogram& other);
    double ms_at(double share) const;  ///< 0.5, 0.99, 1
    std::uint64_t count() const { return count_; }

private:
    static constexpr std::size_t kSteps = 200'000;
    std::array<std::uint32_t, kSteps> steps_ = {};
    std::uint64_t count_ = 0;
};

/// What all viewers saw. Reset when the measured time begins.
struct Seen {
    std::uint64_t packets = 0, bytes = 0, lost = 0, opened = 0, unopened = 0;
    Histogram latency;
};

class Viewer {
public:
    Viewer(int socket, Joined joined, Identity identity);
    ~Viewer();
    Viewer(Viewer&&) = delete;
    Viewer& operator=(Viewer&&) = delete;

    int handle() const { return socket_; }
    /// `arrived` is the kernel's time stamp, of wall_ns(); 0 = there is none.
    void receive(confidente::MutableBytes datagram, std::int64_t arrived, confidente::Instant now, Seen& seen);
    void tick(confidente::Instant now);
    confidente::Instant deadline() const;
    void close(confidente::Instant now);

    bool connected() const { return peer_.state() == confidente::media::PeerState::connected; }
    bool failed() const { return peer_.state() == confidente::media::PeerState::closed; }
    /// From the offer to the first packet of media.
    std::optional<confidente::Duration> first_packet() const { return first_packet_; }
    std::optional<confidente::Instant> connected_at() const { return connected_at_; }

private:
    struct Track {
        confidente::media::Ssrc ssrc;
        bool started = false;
        std::int64_t highest = 0, first = 0, packets = 0;
        std::int64_t lost_told = 0, reported_highest = 0, reported_packets = 0;
        confidente::media::SeqNoUnroller unroller;
    };
    Track* track_of(confidente::media::Ssrc ssrc, std::uint8_t payload_type);
    void take_rtp(confidente::MutableBytes datagram, std::int64_t arrived, confidente::Instant now, Seen& seen);
    void send_report(confidente::Instant now);
    void send_feedback();
    void flush();

    int socket_;
    std::string password_;
    confidente::media::Peer peer_;
    confidente::media::SocketAddress remote_;
    std::array<Track, 2> tracks_;
    std::array<std::uint8_t, 2> payload_types_ = {0xFF, 0xFF};
    std::uint8_t transport_id_ = 0;
    confidente::media::Ssrc ssrc_, heard_;
    std::unique_ptr<confidente::media::TransportArrivals> arrivals_;
    std::uint64_t received_ = 0;
    confidente::Instant asked_, next_report_ = confidente::Instant::never(), next_feedback_ = next_report_;
    std::optional<confidente::Duration> first_packet_;
    std::optional<confidente::Instant> connected_at_;
};

}  // namespace bench
