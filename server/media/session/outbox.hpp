// Where a Peer puts what must leave: memory taken once, in which datagrams are sealed one behind the other and from
// which they are sent in one go. Neighbours lie without a gap, so that several to one address are one piece of memory.
//
// Invariants: a datagram is at most kMaxDatagram bytes; nothing allocates after construction; datagrams leave in the
// order of their commits. When there is no room a datagram is dropped and counted; owners who fan out ask full() or
// room_for() first and flush.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "media/protocol/stun/address.hpp"
#include "platform/base/bytes.hpp"

namespace confidente::media {

inline constexpr std::size_t kMaxDatagram = 1536;  ///< an Ethernet frame's payload, sealed, with some room

struct OutgoingDatagram {
    SocketAddress to;
    std::uint16_t size = 0;
    std::uint32_t at = 0;  ///< where its bytes begin
};

class Outbox {
public:
    explicit Outbox(std::size_t slots = 256) : bytes_(slots * kMaxDatagram), heads_(slots) {}

    bool full() const { return count_ == heads_.size(); }
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    std::size_t slots() const { return heads_.size(); }
    bool room_for(std::size_t datagrams) const { return heads_.size() - count_ >= datagrams; }
    /// Room for the next datagram; empty when full.
    MutableBytes room() {
        if (full()) return {};
        return {bytes_.data() + end_, kMaxDatagram};
    }
    /// The first `size` bytes of room() leave for `to`.
    void commit(std::size_t size, const SocketAddress& to) {
        if (full() || size > kMaxDatagram) {
            ++dropped_;
            return;
        }
        heads_[count_++] = {to, static_cast<std::uint16_t>(size), static_cast<std::uint32_t>(end_)};
        end_ += size;
    }
    /// Copies a datagram in.
    void send(Bytes datagram, const SocketAddress& to);

    const OutgoingDatagram& head(std::size_t at) const { return heads_[at]; }
    Bytes datagram(std::size_t at) const { return {bytes_.data() + heads_[at].at, heads_[at].size}; }
    MutableBytes datagram(std::size_t at) { return {bytes_.data() + heads_[at].at, heads_[at].size}; }
    std::size_t bytes() const { return end_; }  ///< of all datagrams
    void clear() { count_ = end_ = 0; }
    std::uint64_t dropped() const { return dropped_; }

private:
    Buffer bytes_;
    std::vector<OutgoingDatagram> heads_;
    std::size_t count_ = 0, end_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace confidente::media
