#include <algorithm>
#include <bit>

#include "media/protocol/rtcp/rtcp.hpp"

namespace confidente::media {
namespace {

constexpr std::size_t kMaxBlocks = 31;  // five bits of count

void store_block(std::uint8_t* at, const ReportBlock& block) {
    store_be32(at, block.ssrc.value);
    at[4] = block.fraction_lost;
    store_be24(at + 5, static_cast<std::uint32_t>(block.cumulative_lost) & 0xFFFFFF);
    store_be32(at + 8, block.extended_highest);
    store_be32(at + 12, block.jitter);
    store_be32(at + 16, block.last_sr);
    store_be32(at + 20, block.delay_since_sr);
}

}  // namespace

/// Room for a packet of `bytes` (a multiple of four) with its header written; null when there is none.
std::uint8_t* RtcpWriter::begin(std::size_t bytes, std::uint8_t count, std::uint8_t type) {
    if (bytes > out_.size() - size_) return nullptr;
    std::uint8_t* at = out_.data() + size_;
    std::fill_n(at, bytes, std::uint8_t{0});
    at[0] = static_cast<std::uint8_t>(0x80 | count);
    at[1] = type;
    store_be16(at + 2, static_cast<std::uint16_t>(bytes / 4 - 1));
    size_ += bytes;
    return at;
}

bool RtcpWriter::sender_report(Ssrc sender, NtpTime ntp, RtpTimestamp rtp, std::uint32_t packets, std::uint32_t octets,
                               std::span<const ReportBlock> blocks) {
    blocks = blocks.first(std::min(blocks.size(), kMaxBlocks));
    std::uint8_t* at = begin(28 + 24 * blocks.size(), static_cast<std::uint8_t>(blocks.size()), 200);
    if (!at) return false;
    store_be32(at + 4, sender.value);
    store_be64(at + 8, ntp.value);
    store_be32(at + 16, rtp.value);
    store_be32(at + 20, packets);
    store_be32(at + 24, octets);
    for (std::size_t i = 0; i < blocks.size(); ++i) store_block(at + 28 + 24 * i, blocks[i]);
    return true;
}

bool RtcpWriter::receiver_report(Ssrc sender, std::span<const ReportBlock> blocks) {
    blocks = blocks.first(std::min(blocks.size(), kMaxBlocks));
    std::uint8_t* at = begin(8 + 24 * blocks.size(), static_cast<std::uint8_t>(blocks.size()), 201);
    if (!at) return false;
    store_be32(at + 4, sender.value);
    for (std::size_t i = 0; i < blocks.size(); ++i) store_block(at + 8 + 24 * i, blocks[i]);
    return true;
}

bool RtcpWriter::cname(Ssrc ssrc, std::string_view cname) {
    cname = cname.substr(0, 255);
    // SSRC, one item, and at least one zero byte to end the chunk.
    std::uint8_t* at = begin(4 + (4 + 2 + cname.size() + 1 + 3) / 4 * 4, 1, 202);
    if (!at) return false;
    store_be32(at + 4, ssrc.value);
    at[8] = 1;
    at[9] = static_cast<std::uint8_t>(cname.size());
    std::copy(cname.begin(), cname.end(), at + 10);
    return true;
}

bool RtcpWriter::goodbye(std::span<const Ssrc> sources) {
    sources = sources.first(std::min(sources.size(), kMaxBlocks));
    std::uint8_t* at = begin(4 + 4 * sources.size(), static_cast<std::uint8_t>(sources.size()), 203);
    if (!at) return false;
    for (std::size_t i = 0; i < sources.size(); ++i) store_be32(at + 4 + 4 * i, sources[i].value);
    return true;
}

bool RtcpWriter::nack(Ssrc sender, Ssrc media, std::span<const SeqNo> lost) {
    std::size_t items = 0;
    SeqNo first;
    for (std::size_t i = 0; i < lost.size(); ++i)
        if (i == 0 || lost[i].since(first) > 16 || lost[i].since(first) <= 0) first = lost[i], ++items;
    std::uint8_t* at = items == 0 ? nullptr : begin(12 + 4 * items, 1, 205);
    if (!at) return items == 0;
    store_be32(at + 4, sender.value);
    store_be32(at + 8, media.value);
    std::uint8_t* item = at + 8;
    for (std::size_t i = 0; i < lost.size(); ++i) {
        const int step = i == 0 ? 0 : lost[i].since(first);
        if (i == 0 || step > 16 || step <= 0) {
            first = lost[i];
            item += 4;
            store_be16(item, first.value);
        } else {
            store_be16(item + 2, static_cast<std::uint16_t>(load_be16(item + 2) | 1 << (step - 1)));
        }
    }
    return true;
}

bool RtcpWriter::picture_loss(Ssrc sender, Ssrc media) {
    std::uint8_t* at = begin(12, 1, 206);
    if (!at) return false;
    store_be32(at + 4, sender.value);
    store_be32(at + 8, media.value);
    return true;
}

bool RtcpWriter::full_intra_request(Ssrc sender, Ssrc media, std::uint8_t sequence) {
    std::uint8_t* at = begin(20, 4, 206);
    if (!at) return false;
    store_be32(at + 4, sender.value);
    store_be32(at + 12, media.value);
    at[16] = sequence;
    return true;
}

bool RtcpWriter::receiver_estimate(Ssrc sender, std::uint64_t bitrate_bps, std::span<const Ssrc> sources) {
    sources = sources.first(std::min<std::size_t>(sources.size(), 255));
    std::uint8_t* at = begin(20 + 4 * sources.size(), 15, 206);
    if (!at) return false;
    store_be32(at + 4, sender.value);
    std::copy_n("REMB", 4, at + 12);
    const int exponent = std::max(0, 64 - std::countl_zero(bitrate_bps) - 18);
    at[16] = static_cast<std::uint8_t>(sources.size());
    store_be24(at + 17,
               static_cast<std::uint32_t>(exponent) << 18 | static_cast<std::uint32_t>(bitrate_bps >> exponent));
    for (std::size_t i = 0; i < sources.size(); ++i) store_be32(at + 20 + 4 * i, sources[i].value);
    return true;
}

bool RtcpWriter::raw(Bytes packet) {
    if (packet.size() % 4 != 0 || packet.size() > out_.size() - size_) return false;
    std::copy(packet.begin(), packet.end(), out_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += packet.size();
    return true;
}

}  // namespace confidente::media
