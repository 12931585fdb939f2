// SRTP and SRTCP (RFC 3711, RFC 7714) of one direction each, in place. Roll-over counters, replay window of 128, tags
// always checked and in constant time, short packets refused before any arithmetic. No MKI, no unencrypted SRTCP.
//
// Invariants: nothing changes in an opener before a packet's tag was right; a sealer never uses an index twice with
// different bytes: sealing an (SSRC, sequence number) again is refused. Lost packets are sent again by RTX (RFC 4588),
// which has numbers of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "media/protocol/srtp/cipher.hpp"
#include "media/protocol/srtp/profile.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

/// SSRCs of one direction: a publisher has some 8; more is an attack or a bug.
inline constexpr std::size_t kMaxSrtpStreams = 64;

enum class SrtpVerdict : std::uint8_t {
    ok,
    malformed,         ///< too short, or a header that runs past the end
    unauthenticated,   ///< the tag is wrong
    replayed,          ///< seen before, or older than the window
    too_many_streams,  ///< kMaxSrtpStreams reached
    exhausted,         ///< the key has no index left (2^48 RTP, 2^31 RTCP packets)
    no_room,           ///< sealing: the buffer cannot hold the tag
};

struct SrtpResult {
    SrtpVerdict verdict = SrtpVerdict::malformed;
    std::size_t size = 0;  ///< of the packet now, when ok
};

/// Which of the last 128 indices were seen. `index` may use 48 bits.
class ReplayWindow {
public:
    static constexpr std::uint64_t kSize = 128;
    /// True when the index is new and not too old.
    bool fresh(std::uint64_t index) const;
    void accept(std::uint64_t index);
    std::uint64_t highest() const { return highest_; }
    bool started() const { return started_; }

private:
    std::uint64_t highest_ = 0;
    std::uint64_t seen_[2] = {0, 0};  ///< bit n of the pair: highest_ - n
    bool started_ = false;
};

/// The 48-bit index of a sequence number, guessed from the highest so far (RFC 3711 §3.3.1, appendix A).
std::uint64_t guess_index(const ReplayWindow& window, std::uint16_t seq);

struct SrtpStream {
    std::uint32_t ssrc = 0;
    ReplayWindow window;
};

/// The streams of one direction; a few, so a row is faster than a map.
class SrtpStreams {
public:
    SrtpStreams() { streams_.reserve(8); }
    SrtpStream* find(std::uint32_t ssrc);
    /// Nothing when full.
    SrtpStream* add(std::uint32_t ssrc);
    bool full() const { return streams_.size() >= kMaxSrtpStreams; }
    void prefetch() const {
        __builtin_prefetch(streams_.data());
        __builtin_prefetch(reinterpret_cast<const char*>(streams_.data()) + 64);
    }

private:
    std::vector<SrtpStream> streams_;
    std::size_t last_ = 0;
};

class SrtpSealer {
public:
    explicit SrtpSealer(const SrtpMasterKey& master);
    /// From session keys: for the vectors of RFC 7714, which begin there.
    SrtpSealer(const SrtpSessionKey& rtp, const SrtpSessionKey& rtcp);

    /// Seals the first `size` bytes of `buffer`, which needs kMaxSrtpOverhead bytes of room behind them.
    SrtpResult seal_rtp(MutableBytes buffer, std::size_t size);
    SrtpResult seal_rtcp(MutableBytes buffer, std::size_t size);
    /// Asks the processor to fetch what seal_rtp() will read.
    void prefetch() const {
        streams_.prefetch();
        rtp_.prefetch();
    }

private:
    SrtpCipher rtp_;
    SrtpCipher rtcp_;
    SrtpStreams streams_;
    std::uint32_t rtcp_index_ = 0;
};

class SrtpOpener {
public:
    explicit SrtpOpener(const SrtpMasterKey& master);
    SrtpOpener(const SrtpSessionKey& rtp, const SrtpSessionKey& rtcp);

    SrtpResult open_rtp(MutableBytes packet);
    SrtpResult open_rtcp(MutableBytes packet);

private:
    SrtpCipher rtp_;
    SrtpCipher rtcp_;
    SrtpStreams streams_;
    SrtpStreams rtcp_streams_;
};

}  // namespace confidente::media
