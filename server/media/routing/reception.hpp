// What one SSRC's sequence numbers tell: which packets are new, late, repeated or missing; their dense numbers; what
// to ask for again; the receiver report (RFC 3550 appendix A). Pure.
//
// Invariants: a number is called fresh or late once; dense numbers grow by one for consecutive packets that count, so
// that padding dropped in order leaves no hole. Padding that arrives late has its hole already and fills it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "media/protocol/rtcp/rtcp.hpp"
#include "media/protocol/rtp/numbers.hpp"
#include "platform/base/time.hpp"

namespace confidente::media {

inline constexpr std::size_t kReceptionWindow = 2048;  ///< packets; older ones count as repeated
inline constexpr int kMaxJump = 3000;            ///< RFC 3550 appendix A.1, MAX_DROPOUT; beyond it the source is new
inline constexpr std::size_t kMaxMissing = 256;  ///< asked for at the same time; more is a case for a keyframe
inline constexpr int kMaxNackTries = 10;
inline constexpr Duration kMaxLossAge = 1500ms;  ///< viewers' jitter buffers have given up by then
/// Neighbours swapped on the way are no loss. Where packets overtake each other by more, three quarters of the gaps
/// that close by themselves are waited for, up to the longest.
inline constexpr Duration kNackDelay = 8ms, kMaxNackDelay = 60ms, kNackDelayStep = 500us;
/// Between two requests for a packet: a round trip and a quarter, growing by a quarter of it with each; so much before
/// the first repetition has told the round trip.
inline constexpr Duration kNackInterval = 80ms;
inline constexpr Duration kMinNackInterval = 20ms, kMaxNackInterval = 500ms;
inline constexpr int kMaxUnclearRoundTrips =
    4;  ///< repetitions asked for more than once in a row, then one is believed

enum class Content : std::uint8_t { media, padding };
enum class Arrival : std::uint8_t { fresh, late, repeated, dropped_padding, suspicious };

class Reception {
public:
    struct Verdict {
        Arrival arrival = Arrival::repeated;
        std::int64_t index = 0;   ///< of fresh and late packets
        bool began_anew = false;  ///< this packet is the first of new numbers; dense ones begin anew too
    };
    /// After a jump the first packet is `suspicious`: only a second one in its sequence is believed.
    Verdict receive(SeqNo sequence, Content content, Instant now);
    /// The same for a packet that came by RTX: it can only fill a hole.
    Verdict receive_repair(SeqNo original, Instant now);
    /// Whether this number was asked for and is still missing.
    bool asked_for(SeqNo original) const;
    /// Makes room for a packet of ours before the newest, which was fresh: returns the number that was the newest's;
    /// the newest has the one behind it now.
    std::int64_t insert_before_newest();
    /// A decoder can start at the newest packet: what was lost before it is no reason for a keyframe.
    void note_keyframe();
    /// Another SSRC took over; dense numbers begin anew.
    void restart();

    /// Numbers to ask for now; how many were written.
    std::size_t take_losses(Instant now, std::span<SeqNo> out);
    Instant next_loss() const;
    /// For a sender that repeats nothing.
    void forget_losses() { missing_count_ = 0; }
    /// True once after packets were given up: only a keyframe helps.
    bool take_hopeless();
    /// To the sender and back, as its repetitions tell; smoothed.
    std::optional<Duration> round_trip() const { return round_trip_; }
    /// How long a gap is left alone.
    Duration nack_delay() const { return nack_delay_; }

    /// For the jitter: call for each fresh media packet.
    void note_time(RtpTimestamp timestamp, std::uint32_t clock_rate, Instant now);
    /// Jitter, loss and highest number since the last call (RFC 3550 appendix A.3); the SR fields stay empty.
    ReportBlock report(Ssrc ssrc);

private:
    enum class State : std::uint8_t { empty, missing, received, dropped };
    struct Slot {
        std::int64_t sequence = -1;
        std::int64_t dropped_before = 0;
        State state = State::empty;
    };
    struct Missing {
        std::int64_t sequence = 0;
        Instant ask_at;
        Instant lost_at, first_asked;
        int tries = 0;
    };
    Slot& slot(std::int64_t sequence) { return slots_[static_cast<std::size_t>(sequence) % kReceptionWindow]; }
    void open_holes(std::int64_t from, std::int64_t to, Instant now);
    enum class Way : std::uint8_t { plain, repair };
    void close_hole(std::int64_t sequence, Way way, Instant now);
    void note_gap(Duration lateness);
    void note_round_trip(const Missing& repaired, Instant now);
    Duration wait_after(int tries) const;
    Verdict advance(std::int64_t sequence, Content content);
    Verdict fill(std::int64_t sequence, Way way, Instant now);

    SeqNoUnroller unroller_;
    std::array<Slot, kReceptionWindow> slots_ = {};
    std::int64_t dropped_ = 0;
    std::optional<SeqNo> suspect_;  ///< what would prove that the numbers began anew
    std::array<Missing, kMaxMissing> missing_ = {};
    std::size_t missing_count_ = 0;
    bool hopeless_ = false;
    std::int64_t keyframe_ = -1;  ///< the newest packet when a decoder could last start
    std::optional<Duration> round_trip_;
    int unclear_round_trips_ = 0;
    Duration shortest_unclear_{0};
    bool repairs_seen_ = false;  ///< by RTX; what comes late without was overtaken
    Duration nack_delay_ = kNackDelay;

    std::int64_t base_ = 0;  ///< first number, for the expected count
    std::uint64_t received_ = 0, expected_before_ = 0, received_before_ = 0;
    std::optional<std::int64_t> transit_;
    std::int64_t jitter_sixteenths_ = 0;
};

}  // namespace confidente::media
