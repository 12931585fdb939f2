// RTP beside a second reader, written as plainly as RFC 3550 and RFC 8285 say it, and headers written and read back.
#include <array>
#include <utility>
#include <vector>

#include "media/protocol/rtp/packet.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

/// Nothing copied from the parser: offsets, one after the other.
struct PlainPacket {
    bool whole = false;
    std::size_t payload_at = 0, payload_size = 0;
    std::array<int, 256> extension_at{};  ///< of the first element with this id; 0 = none
    std::array<int, 256> extension_size{};

    explicit PlainPacket(Bytes in) {
        if (in.size() < 12 || (in[0] & 0xC0) != 0x80) return;
        std::size_t at = 12 + static_cast<std::size_t>(in[0] % 16) * 4;
        if (in[0] & 0x10) {
            if (in.size() < at + 4) return;
            const int profile = in[at] * 256 + in[at + 1];
            const std::size_t end = at + 4 + static_cast<std::size_t>(in[at + 2] * 256 + in[at + 3]) * 4;
            if (in.size() < end) return;
            if (profile == 0xBEDE) one_byte(in, at + 4, end);
            if (profile / 16 == 0x100) two_byte(in, at + 4, end);
            at = end;
        }
        if (in.size() < at) return;
        payload_at = at;
        payload_size = in.size() - at;
        if (in[0] & 0x20) {
            if (payload_size == 0 || in[in.size() - 1] == 0 || in[in.size() - 1] > payload_size) return;
            payload_size -= in[in.size() - 1];
        }
        whole = true;
    }

private:
    void note(int id, std::size_t at, std::size_t size) {
        if (extension_at[static_cast<std::size_t>(id)] != 0) return;
        extension_at[static_cast<std::size_t>(id)] = static_cast<int>(at);
        extension_size[static_cast<std::size_t>(id)] = static_cast<int>(size);
    }
    void one_byte(Bytes in, std::size_t at, std::size_t end) {
        while (at < end) {
            if (in[at] == 0) {
                ++at;
                continue;
            }
            const std::size_t size = in[at] % 16U + 1U;
            if (in[at] / 16 == 15 || at + 1 + size > end) return;
            note(in[at] / 16, at + 1, size);
            at += 1 + size;
        }
    }
    void two_byte(Bytes in, std::size_t at, std::size_t end) {
        while (at < end) {
            if (in[at] == 0) {
                ++at;
                continue;
            }
            if (at + 2 > end || at + 2 + in[at + 1] > end) return;
            note(in[at], at + 2, in[at + 1]);
            at += std::size_t{2} + in[at + 1];
        }
    }
};

void check_view(Bytes input) {
    const auto view = RtpPacketView::parse(input);
    const PlainPacket plain{input};
    check(view.has_value() == plain.whole);
    if (!view) return;
    check(view->payload().data() == input.data() + plain.payload_at && view->payload().size() == plain.payload_size);
    check(view->header_size() + view->payload().size() + view->padding_size() == input.size());
    check(view->marker() == (input[1] >= 128) && view->payload_type().value == input[1] % 128);
    for (int id = 1; id < 256; ++id) {
        const auto element = view->extension(static_cast<std::uint8_t>(id));
        const auto place = static_cast<std::size_t>(id);
        check(element.has_value() == (plain.extension_at[place] != 0));
        if (!element) continue;
        check(element->data() == input.data() + plain.extension_at[place]);
        check(element->size() == static_cast<std::size_t>(plain.extension_size[place]));
    }
}

void check_written(FuzzInput input) {
    RtpHeader header;
    header.payload_type = {static_cast<std::uint8_t>(input.u8() & 0x7F)};
    header.marker = input.u8() & 1;
    header.sequence = {input.u16()};
    header.timestamp = {input.u32()};
    header.ssrc = {input.u32()};
    std::vector<RtpExtension> extensions;
    std::array<bool, 256> taken{};
    for (auto count = input.u8() % 5; count > 0; --count) {
        const std::uint8_t id = input.u8();
        const Bytes value = input.take(input.u8());
        if (std::exchange(taken[id], true)) continue;
        extensions.push_back({id, value});
    }
    std::array<std::uint8_t, kMaxRtpBytes> out{};
    const std::size_t room = input.u8() & 1 ? out.size() : input.u8();
    const std::size_t size = write_rtp_header(header, extensions, MutableBytes{out}.first(room));
    check(size <= room);
    if (size == 0) return;
    const auto view = RtpPacketView::parse(Bytes{out}.first(size));
    check(view && view->header_size() == size && view->sequence() == header.sequence);
    check(view->marker() == header.marker && view->payload_type() == header.payload_type);
    check(view->timestamp() == header.timestamp && view->ssrc() == header.ssrc);
    for (const RtpExtension& extension : extensions) {
        const auto read = view->extension(extension.id);
        if (extension.id != 0) check(read && as_text(*read) == as_text(extension.value));
    }
}

}  // namespace

FUZZ(input) {
    if (looks_like_rtp(input)) check(!looks_like_rtcp(input));
    check_view(input);
    check_written(FuzzInput{input});
    // 24 bits that come round every 64 seconds.
    const auto at = std::int64_t{FuzzInput{input}.u32()} * 1000;
    check(abs_send_time(at) < 1U << 24 && abs_send_time(at) == abs_send_time(at + 64'000'000'000));
}
